"""Merges the readings of a conversation's turns into one set of signals. Pure.

The last user turn says what is asked; earlier turns, and the session's memory, can only raise
caution: stakes, impact, strategic, multi-factor, terms, domain and the policy's own heads are the
highest that the conversation has seen. A bare follow-up takes its meaning from the last turn that
had one, but not its approved answer: that was given. It knows nothing about texts: `reading` has
read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from router.policy.head_conditions import highest
from router.triage.conversation.brief_matters import is_brief_where_grave
from router.triage.conversation.cautious import (
    Grave,
    grave_of,
    higher_domain,
    likelier,
    more_cautious,
    second,
)
from router.triage.conversation.counselled import counselled
from router.triage.conversation.fragments import has_no_matter_of_ours, of_a_condition
from router.triage.conversation.own_danger import is_senders
from router.triage.conversation.replies import rejects_answer
from router.triage.conversation.settled import as_they_count
from router.triage.conversation.terms_asked import terms_beside, terms_knowledge
from router.triage.conversation.turn_dangers import turn_dangers
from router.triage.facts.languages import UNKNOWN
from router.triage.facts.turn_facts import RuleFacts, names_of
from router.triage.framing.given.counsel import only_asks
from router.triage.reading import NOVEL, ModelRow, TurnReading
from router.triage.text.amount_lists import largest_amounts, no_material, own_impact, unquoted
from router.triage.text.turns import Turns
from router.triage.turn_heads import heads_of
from router.types import (
    DANGERS,
    READ_LANGUAGES,
    Domain,
    HeadReading,
    Match,
    Matter,
    SessionMemory,
    Signals,
)

ASKS_ITSELF_AT = 0.5  # a chance of a match above which a turn has a question of its own
TOGETHER_AT = 0.8
"""A chance of a match from which a turn is read together with the one that it leans on: of an offer
of several questions, the turn alone says more."""
SAID_AGAIN_AT = 0.9
"""A chance from which an answer that was given is given again to a question that points back."""
BY_EXCLUSION = 0.8
"""The highest chance of an answer that is found because the likelier ones were given already."""


def signals_of(
    turns: Turns,
    readings: Sequence[TurnReading],
    older: Sequence[RuleFacts],
    memory: SessionMemory | None,
    *,
    input_tokens: int,
    version: str,
    spoken: str = UNKNOWN,
) -> Signals:
    """Returns the signals of a request.

    `readings`: the last turn, then `turns.earlier`, then `turns.apart`, `turns.harm_only` and
    `turns.subject` and `turns.told` where there is one.
    `spoken`: the language of the conversation before the last turn.
    """
    told = readings[-1] if turns.told else None
    readings = readings[:-1] if turns.told else readings
    last, earlier = readings[0], readings[1 : 1 + len(turns.earlier)]
    if earlier and not turns.split:
        earlier = as_they_count(last, turns.last, earlier, turns.earlier)
        readings = [last, *earlier, *readings[1 + len(earlier) :]]
    apart = readings[1 + len(turns.earlier)] if turns.apart else None
    for_harm = readings[len(readings) - 1 - bool(turns.subject)] if turns.harm_only else None
    if for_harm is not None and is_senders(turns, for_harm):
        heard = signals_of(
            Turns(turns.harm_only),
            [for_harm],
            older,
            memory,
            input_tokens=input_tokens,
            version=version,
            spoken=spoken,
        )
        return replace(heard, text_despair=_despair_in(for_harm, turns))
    row, match, continued, renamed = _meant(turns, readings, earlier, memory)
    if turns.classed and for_harm is not None:
        row, match = row._replace(novelty=for_harm.row.novelty), for_harm.match
    domain = (row.domain, row.domain_p)
    risk: tuple[Domain | None, float] = (row.risk_domain, row.risk_p)
    stakes, strategic, multi_factor = row.stakes_high, row.strategic, row.multi_factor
    amounts, names = last.amounts, last.risk_terms
    grave: Grave = (row.grave, row.matter, row.read_as or last.language)
    if (asked := counselled(turns, last, earlier, told)) is not None:
        # "Should I sign?" sounds like law to the reader, also below a birthday card.
        grave = asked if only_asks(turns.last) else likelier(grave, asked)
    for turn in earlier:
        domain = higher_domain(domain, (turn.row.domain, turn.row.domain_p))
        risk = max(risk, (turn.row.risk_domain, turn.row.risk_p), key=second)
        stakes = max(stakes, turn.row.stakes_high)
        strategic = max(strategic, turn.row.strategic)
        multi_factor = max(multi_factor, turn.row.multi_factor)
        grave = likelier(grave, grave_of(turn))
    if apart is not None:
        grave = likelier(grave, grave_of(apart))
        strategic = max(strategic, apart.row.strategic)
    if earlier or older or apart is not None:
        of_users = [turn for turn in readings if turn is not for_harm]
        sources: list[TurnReading | RuleFacts] = [*of_users, *older]
        amounts = largest_amounts(facts.amounts for facts in sources if facts is not apart)
        names = names_of(facts.risk_terms for facts in sources)
    if last.acts or not last.material:
        amounts = (unquoted if last.acts else no_material)(amounts)
    impact = own_impact(amounts)
    if memory is not None and last.acts:
        impact = max(impact, memory.quoted_nano_usd)
    if memory is not None:
        domain = higher_domain(domain, (memory.domain, memory.domain_p))
        risk = max(risk, (memory.risk_domain, memory.risk_p), key=second)
        stakes = max(stakes, memory.stakes_high)
        impact = max(impact, memory.impact_nano_usd)
        strategic = max(strategic, memory.strategic)
        multi_factor = max(multi_factor, memory.multi_factor)
        names = names_of((names, memory.risk_terms))
        grave = likelier(grave, (memory.grave, memory.matter, memory.matter_language))
    ends = earlier[:1] if turns.split else ()
    if turns.given_text and for_harm is not None:
        # The policy's own heads were taught on such texts; on a line of instructions they guess.
        heads = _also_asked(for_harm.row, (), [last])
    else:
        heads = _also_asked(row, ends, [turn for turn in (apart, for_harm) if turn is not None])
    if heads and (earlier or memory is not None):
        # A follow-up asks for what was asked before, so nothing is of this turn alone.
        goes_on = last.follow_up or last.insists
        momentary = frozenset[str]() if goes_on else last.momentary
        heads = heads_of(heads, [turn.row.heads for turn in earlier], memory, momentary)
    unread = turns.beyond or any([facts.unread for facts in older])
    brief, letter = not older, not older
    if memory is not None:
        brief, letter = brief and memory.brief, letter and memory.letter
    own = [turn for turn in readings if turn is not apart and turn is not for_harm]
    raised = domain[0] is not row.domain or stakes > row.stakes_high
    return Signals(
        request_type=row.request_type,
        request_type_p=row.request_type_p,
        domain=domain[0],
        domain_p=domain[1],
        difficulty=row.difficulty,
        stakes_high=stakes,
        impact_nano_usd=impact,
        multi_factor=multi_factor,
        strategic=strategic,
        novelty=1.0 if unread else row.novelty,
        toxic=row.toxic,
        spam=row.spam,
        # What is asked of a whole page is not known, and no answer is about a text handed over.
        match=None if turns.split or (turns.given_text and not turns.classed) else match,
        risk_terms=names,
        amounts=amounts,
        inherited=raised or (continued and not renamed),
        degraded=last.degraded or any([turn.degraded for turn in earlier]),
        risk_domain=risk[0],
        risk_p=risk[1],
        input_tokens=input_tokens,
        triage_version=version,
        heads=heads,
        grave=grave[0],
        matter=grave[1],
        matter_language=grave[2],
        knowledge=0.0 if continued else row.knowledge,
        language=last.language or spoken,
        brief=brief and all([turn.brief for turn in own]),
        letter=letter and all([turn.letter for turn in own]),
        briefly=is_brief_where_grave(own, apart, older, memory),
        unread=unread or any([turn.unread for turn in readings]),
        domain_read=_is_read(domain, [row, *[turn.row for turn in earlier]], memory),
        request_type_read=not row.guessed,
        terms_knowledge=terms_knowledge(
            (last, *earlier), (turns.last, *turns.earlier), terms_beside(older, apart), memory
        ),
        dangers=UNSET
        if turns.split
        else turn_dangers((last, *earlier), (turns.last, *turns.earlier), memory),
        given_text=turns.given_text or UNSET,
        text_despair=_despair_in(for_harm, turns),
    )


def _despair_in(text: TurnReading | None, turns: Turns) -> float | UnsetType:
    """Returns the chance that a text handed over is a cry for help; UNSET for another matter.

    Programs hand over many reports of accidents and illness. Who writes the job oneself may be in
    any such danger.
    """
    if text is None or not turns.given_text:
        return UNSET
    if turns.voice is not None and turns.voice.speaks:
        return text.row.grave  # whatever the reader takes it for: somebody speaks of themselves
    cries = DANGERS if turns.voice is not None else (Matter.SELF_HARM,)
    return text.row.grave if text.row.matter in cries else UNSET


def _meant(
    turns: Turns,
    readings: Sequence[TurnReading],
    earlier: Sequence[TurnReading],
    memory: SessionMemory | None,
) -> tuple[ModelRow, Match | None, bool, bool]:
    """Returns what the last turn means, its match, whether it goes on with earlier turns, and
    whether it was read with names in place of its keys, which takes nothing from those."""
    last, about = readings[0], readings[-1] if turns.subject else None
    if earlier and rejects_answer(turns.last):
        row, _, continued = _continued(last, earlier, memory)
        return row, None, continued, False
    if about is not None and not turns.asked_back:
        about = _asked_last(about, last)
    if about is not None and turns.named and _is_distorted(last, about):
        about = None
    if about is not None and turns.leans:
        # "How do I return a jacket?" "And when do I get my money?": both together are mostly the
        # first, and where the last turn has an answer of its own, that one was asked for.
        again = last.answered and _retold(about.match, last, earlier, sure=False)
        if turns.points or not again:
            return *_together(last, about, earlier, memory, turns.points), False
        return *_continued(last, earlier, memory), False
    if about is not None and _replies(last, turns.plain):
        return _replied(last, about, turns.plain), about.match, True, turns.named
    row, match, continued = _continued(last, earlier, memory, still_open=turns.asked_back)
    if not turns.asked_back and has_no_matter_of_ours(turns, readings, memory):
        match = None
    if earlier and not turns.asked_back:
        match = of_a_condition(turns, match, earlier[0].match)
    return row, match, continued, False


def _is_read(
    domain: tuple[Domain, float], rows: Sequence[ModelRow], memory: SessionMemory | None
) -> bool:
    """Returns False where only turns in languages that the head cannot read have this domain."""
    said = [row.guessed for row in rows if (row.domain, row.domain_p) == domain]
    return not all(said) if said else memory is None or memory.domain_read


def _also_asked(
    row: ModelRow, ends: Sequence[TurnReading], beside: Sequence[TurnReading]
) -> tuple[HeadReading, ...]:
    """Returns the heads of the last turn with those of its other end, and with what `beside` asks
    for of harm: nobody may do so in an agent's elements, in a signature, or by a yes to the
    assistant's words."""
    if not row.heads or not (ends or beside):
        return row.heads
    harm = [tuple([one for one in turn.row.heads if one.name in turn.momentary]) for turn in beside]
    return highest((row.heads, *[turn.row.heads for turn in ends], *harm))


def _is_distorted(last: TurnReading, named: TurnReading) -> bool:
    """Returns True for a turn of another language that English names make English, or another's:
    "storniere A-10442" is read as "storniere my order" too."""
    spoken = "" if named.match is None else named.match.language
    return last.language not in READ_LANGUAGES and last.language != spoken


def _replies(last: TurnReading, plain: bool) -> bool:
    """Returns True for a turn that answers our question, False where it asks for something else.

    What says more than the value ("cancel A-10442") asks for something else where it is likelier
    than not to match an answer of its own.
    """
    return plain or last.match is None or last.match.confidence < ASKS_ITSELF_AT


def _replied(last: TurnReading, about: TurnReading, plain: bool) -> ModelRow:
    """Returns the reading of what a reply is about; a number alone says nothing to the model."""
    if plain:
        return about.row
    row = more_cautious(about.row, last.row)
    return row._replace(
        request_type=about.row.request_type, request_type_p=about.row.request_type_p
    )


def _asked_last(about: TurnReading, last: TurnReading) -> TurnReading:
    """Returns the reading of turns together, with what the last turn asks for by itself.

    An earlier turn's question has its answer already, so it makes no second ask.
    """
    if about.match is None or not about.match.asked:
        return about
    if last.match is None:
        return replace(about, match=replace(about.match, asked=(), asks_only=False))
    asked, alone = last.match.asked, last.match.asks_only
    return replace(about, match=replace(about.match, asked=asked, asks_only=alone))


def _together(
    last: TurnReading,
    about: TurnReading,
    earlier: Sequence[TurnReading],
    memory: SessionMemory | None,
    points: bool,
) -> tuple[ModelRow, Match | None, bool]:
    """Returns what a turn means together with the one that it leans on.

    "What does it cost?" after a question about transfers abroad asks for the cost of those, however
    well it matches another answer. Without a sure match of both together it stands for itself where
    nothing in it points back. Where something does ("who pays the postage for that?"), its own
    match is that of a sentence without its matter, and says nothing.
    """
    match = about.match
    if points:
        match = _untold(match, earlier)
        if match is None or match.confidence < TOGETHER_AT:
            row, _, _ = _continued(last, earlier, memory)
            least = NOVEL if match is None else 0.0
            return row._replace(novelty=max(row.novelty, least)), match, True
    elif match is None or match.confidence < TOGETHER_AT or _retold(match, last, earlier):
        return _continued(last, earlier, memory)
    row = more_cautious(about.row, last.row)._replace(
        request_type=about.row.request_type,
        request_type_p=about.row.request_type_p,
        novelty=about.row.novelty,
    )
    return row, match, True


def _retold(
    match: Match | None, last: TurnReading, earlier: Sequence[TurnReading], *, sure: bool = True
) -> bool:
    """Returns True for a match of an earlier turn that the last turn by itself does not have.

    What reads answers leaves out what stands beside a question that it knows, and two turns
    together hold the earlier question word for word. `sure`: it was an answer by level 1, too.
    """
    if match is None or match.intent_id not in _matched(earlier, sure=sure):
        return False
    return last.match is None or last.match.intent_id != match.intent_id


def _matched(earlier: Sequence[TurnReading], *, sure: bool = True) -> set[str]:
    turns = [turn for turn in earlier if turn.answered or not sure]
    return {turn.match.intent_id for turn in turns if turn.match}


def _untold(match: Match | None, earlier: Sequence[TurnReading]) -> Match | None:
    """Returns the match of two turns together without the answers that were given already.

    A second question asks for something else. What is left is found by exclusion, so that it is
    offered and not sure; an answer that both turns ask for as surely as one can is said again.
    """
    answered = _matched(earlier)
    if match is None or match.intent_id not in answered or match.confidence >= SAID_AGAIN_AT:
        return match
    chances = match.likeliest
    left = [(name, chance) for name, chance in chances if name not in answered]
    if not left:
        return None
    share = 1.0 / max(1e-9, 1.0 - sum(chance for name, chance in chances if name in answered))
    likely = [(name, min(BY_EXCLUSION, chance * share)) for name, chance in left]
    (name, best), *others = likely
    together = min(1.0, sum(chance for _, chance in likely))
    return replace(match, intent_id=name, confidence=best, others=tuple(others), together=together)


def _not_just_told(last: TurnReading, earlier: Sequence[TurnReading]) -> Match | None:
    """Returns the match of a turn; None for an unsure one that repeats the answer just given.

    "Found it, it was in the car!" after "I lost my card" asks for that answer least of all.
    """
    match, told = last.match, earlier[0].match if earlier else None
    if match is None or told is None or last.answered or not earlier[0].answered:
        return match
    return None if match.intent_id == told.intent_id else match


def _continued(
    last: TurnReading,
    earlier: Sequence[TurnReading],
    memory: SessionMemory | None,
    *,
    still_open: bool = False,
) -> tuple[ModelRow, Match | None, bool]:
    """Returns the last turn with what a follow-up takes over, and whether it took anything.

    A bare follow-up takes the novelty and the grave matter too, since its own words say nothing
    ("and in women?" looks like violence). It takes the match only where the question before is
    `still_open`: after an approved answer, "why?" and "no" ask for another one. What only the model
    calls a follow-up keeps its own match.
    """
    row, match = last.row, _not_just_told(last, earlier)
    if not last.follow_up:
        return row, match, False
    base = next((turn for turn in earlier if not turn.follow_up), None)
    if base is not None:
        was = base.row
        row = row._replace(
            request_type=was.request_type,
            request_type_p=was.request_type_p,
            domain=was.domain,
            domain_p=was.domain_p,
            difficulty=max(was.difficulty, row.difficulty),
            novelty=was.novelty if last.bare else max(was.novelty, row.novelty),
            toxic=max(was.toxic, row.toxic),
            spam=max(was.spam, row.spam),
            grave=was.grave if last.bare else row.grave,
            matter=was.matter if last.bare else row.matter,
            guessed=was.guessed,
        )
        return row, (base.match if still_open else None) if last.bare else match, True
    if memory is not None:
        row = row._replace(
            request_type=memory.request_type,
            domain=memory.domain,
            domain_p=memory.domain_p,
            difficulty=max(memory.difficulty, row.difficulty),
            novelty=_known(memory.match, row.novelty) if last.bare else row.novelty,
            guessed=not memory.domain_read,
        )
        return row, None if last.bare else match, True
    if last.bare:  # nothing to continue: what "yes, do it" would do is not known
        return row._replace(novelty=max(row.novelty, NOVEL)), None, False
    return row, match, False


def _known(match: Match | None, novelty: float) -> float:
    return novelty if match is None else min(novelty, 1.0 - match.confidence)
