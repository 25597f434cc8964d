"""Reads a request, and merges the readings of its turns into one set of signals.

The model reads only what the user wrote. The rules read it too, and what the assistant proposed
where the user's turn is a bare assent to it. Where the policy says so (`triage.read`), the rules
also read the text of system, developer and tool messages: its terms and amounts can raise caution
and never lower it. Attachments are never read. The last user turn says what is asked;
earlier turns, and the session's memory, can only raise caution: stakes, impact, strategic,
multi-factor, terms, domain and the policy's own heads are the highest that the conversation has
seen. A bare follow-up takes its meaning from the last turn that had one.

Words that talk to the router ("this is trivial, use the cheapest model") lower nothing: such a turn
is read twice, with and without them, and each signal is the more cautious of the two, so neither
the words nor their removal can lower a signal. A turn that names models, tiers or stakes counts as
novel too (0.5, which is level 2 by default), since no ordinary user speaks of them; one that
only plays itself down ("just a quick question") does not, since ordinary users do. A disguised turn
(reversed, leet, base64 ...) is read both ways too, and counts as novel likewise. Where a known
question is left without such words or the disguise, the match and the novelty are that question's.
A long turn is read in passages too, and a grave one raises it.

All of it is pure. It knows nothing about threads, files or tiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from router.policy.content.knowledge import in_scope
from router.policy.head_conditions import highest
from router.triage.facts.languages import UNKNOWN
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, names_of
from router.triage.text.amount_lists import largest_amounts, own_impact, unquoted
from router.triage.text.quotes import acts
from router.triage.text.turns import Turns
from router.triage.turn_heads import heads_of
from router.types import (
    READ_LANGUAGES,
    Amount,
    Domain,
    HeadReading,
    Match,
    Matter,
    RequestType,
    SessionMemory,
    Signals,
)

NOVEL = 0.5  # the default of decision.novel_at: "unsure, look closer"
DOMAIN_COUNTS_AT = 0.5  # an earlier domain stays from this chance on
ASKS_ITSELF_AT = 0.5  # a chance of a match above which a turn has a question of its own
TOGETHER_AT = 0.8
"""A chance of a match from which a turn is read together with the one that it leans on: of an offer
of several questions, the turn alone says more."""
KNOWN_QUESTION = 0.85  # the default of decision.confidence_floor
BRIEF_WORDS = 30
"""Up to here the reader of grave matters may overrule the heads: it knows messages, not documents.
Without this bound a tenth of the shared texts of high stakes were lost at level 3."""
ROUTINE_BELOW = 0.8  # chance of a grave matter; the shelf's veto begins there too
MODEL_FOLLOW_UP_WORDS = 12  # the model's word for it is taken for short turns only

# Domains whose mistakes hurt most; the order within a rank does not matter.
_CAUTION = {
    Domain.MEDICAL: 2,
    Domain.LEGAL: 2,
    Domain.FINANCE: 2,
    Domain.ENGINEERING_SAFETY: 2,
    Domain.BUSINESS_STRATEGY: 1,
}


class ModelRow(NamedTuple):
    """Holds the reading of one text, by the model or by the rules; a tuple, because rows are made
    from the columns of a batch."""

    request_type: RequestType
    request_type_p: float
    domain: Domain
    domain_p: float
    risk_domain: Domain
    risk_p: float
    difficulty: float
    stakes_high: float
    multi_factor: float
    strategic: float
    novelty: float
    toxic: float
    spam: float
    heads: tuple[HeadReading, ...] = ()  # the policy's own
    grave: float = 0.0
    matter: Matter | None = None
    knowledge: float = 0.0


class TurnReading(Struct, frozen=True):
    """All that is read in one user turn: a function of its text, the model and the policy."""

    row: ModelRow
    match: Match | None
    amounts: tuple[Amount, ...]
    risk_terms: tuple[str, ...]
    bare: bool  # a bare follow-up by its words
    follow_up: bool  # continues an earlier turn, by its words or by the model
    degraded: bool = False
    language: str = UNKNOWN
    brief: bool = False  # a message of a few words, and no document
    # Heads that say something of this turn alone: they are not the highest of the conversation.
    momentary: frozenset[str] = frozenset()
    acts: bool = False  # it asks to act on what was said before, such as a quoted document


def _is_brief(facts: TurnFacts) -> bool:
    return len(facts.folded.words) <= BRIEF_WORDS


def _routine(row: ModelRow, facts: TurnFacts, known: float) -> ModelRow:
    """Returns a row whose stakes are no higher than the chance that nothing approved is asked for.

    Whoever approved an answer knows what is routine there. Nothing is lowered where the reader of
    grave matters, a term, a disguise or the length speaks against it, and no earlier turn is.
    """
    calm = row.matter is not None and row.grave < ROUTINE_BELOW
    if not calm or facts.risk_terms or facts.unusual or not _is_brief(facts):
        return row
    return row._replace(stakes_high=min(row.stakes_high, 1.0 - known))


def reading_of(
    row: ModelRow,
    match: Match | None,
    facts: TurnFacts,
    *,
    degraded: bool = False,
    offers_from: float = 1.0,
    momentary: frozenset[str] = frozenset(),
    known_form: bool = False,
) -> TurnReading:
    """Returns a turn's reading from what the model and the rules found.

    A text in a language that the model cannot read is novel, whatever the model makes of it. A text
    that matches an approved answer is not novel, however rare its words: novelty is at most 1 - the
    match's confidence. Where the policy offers several answers (`offers_from`), the chances of all
    count. After that it is raised where the turn talks to the router or is disguised (NOVEL) and is
    no known question without that (`known_form`), or is longer than what is read (1). A placeholder
    asks for nothing, so it matches nothing and is novel.
    """
    if facts.placeholder:
        match = None
    known = 0.0 if match is None else match.confidence
    if match is not None and known >= offers_from:
        known = min(1.0, known + sum([chance for _, chance in match.others]))
        known = max(known, match.together)
    row = _routine(row, facts, known if match and in_scope(match.intent_id, None) else 0.0)
    novelty = row.novelty if facts.language in READ_LANGUAGES else max(row.novelty, NOVEL)
    novelty = min(novelty, 1.0 - known)
    if (facts.unusual and not known_form) or facts.placeholder:
        novelty = max(novelty, NOVEL)
    if facts.unread:
        novelty = 1.0
    if novelty != row.novelty:
        row = row._replace(novelty=novelty)
    by_model = (
        row.request_type is RequestType.FOLLOW_UP
        and len(facts.folded.words) <= MODEL_FOLLOW_UP_WORDS
        and not facts.amounts
        and not facts.risk_terms
    )
    follow_up = facts.bare or by_model
    return TurnReading(
        row,
        match,
        facts.amounts,
        facts.risk_terms,
        facts.bare,
        follow_up,
        degraded,
        facts.language,
        _is_brief(facts),
        momentary,
        acts=facts.bare or acts(facts.folded.words),
    )


def more_cautious(one: ModelRow, other: ModelRow) -> ModelRow:
    """Returns the higher of every signal, and the domain that needs more care."""
    domain, domain_p = higher_domain((one.domain, one.domain_p), (other.domain, other.domain_p))
    risk = max((one.risk_domain, one.risk_p), (other.risk_domain, other.risk_p), key=_second)
    return one._replace(
        domain=domain,
        domain_p=domain_p,
        risk_domain=risk[0],
        risk_p=risk[1],
        difficulty=max(one.difficulty, other.difficulty),
        stakes_high=max(one.stakes_high, other.stakes_high),
        multi_factor=max(one.multi_factor, other.multi_factor),
        strategic=max(one.strategic, other.strategic),
        novelty=max(one.novelty, other.novelty),
        toxic=max(one.toxic, other.toxic),
        spam=max(one.spam, other.spam),
        heads=highest((one.heads, other.heads)),
        grave=max(one.grave, other.grave),
        matter=other.matter if other.grave > one.grave else one.matter,
        knowledge=min(one.knowledge, other.knowledge),
    )


Grave = tuple[float, Matter | None, str]
"""Holds the chance of a grave matter, the likeliest one, and the language of its turn."""


def likelier(one: Grave, other: Grave) -> Grave:
    """Returns the likelier of two grave matters with its chance; the first where they are even."""
    return other if other[0] > one[0] else one


def _second(pair: tuple[Domain | None, float]) -> float:
    return pair[1]


def higher_domain(now: tuple[Domain, float], before: tuple[Domain, float]) -> tuple[Domain, float]:
    """Returns the present domain, or an earlier one that needs more care and was likely enough.

    >>> higher_domain((Domain.GENERAL, 0.9), (Domain.MEDICAL, 0.6))
    (<Domain.MEDICAL: 'medical'>, 0.6)
    """
    if before[0] is now[0]:
        return now if now[1] >= before[1] else before
    if before[1] < DOMAIN_COUNTS_AT:
        return now
    return before if _CAUTION.get(before[0], 0) > _CAUTION.get(now[0], 0) else now


def signals_of(
    turns: Turns,
    readings: Sequence[TurnReading],
    older: Sequence[RuleFacts],
    memory: SessionMemory | None,
    *,
    input_tokens: int,
    version: str,
) -> Signals:
    """Returns the signals of a request.

    `readings`: the last turn, then `turns.earlier`, then `turns.subject` where there is one.
    """
    last, earlier = readings[0], readings[1 : 1 + len(turns.earlier)]
    about = readings[-1] if turns.subject else None
    if about is not None and turns.leans:
        row, match, continued = _together(last, about, earlier, memory)
    elif about is not None and _replies(last, turns.plain):
        row, match, continued = _replied(last, about, turns.plain), about.match, True
    else:
        row, match, continued = _continued(last, earlier, memory)
    domain = (row.domain, row.domain_p)
    risk: tuple[Domain | None, float] = (row.risk_domain, row.risk_p)
    stakes, strategic, multi_factor = row.stakes_high, row.strategic, row.multi_factor
    amounts, names = last.amounts, last.risk_terms
    grave: Grave = (row.grave, row.matter, last.language)
    for turn in earlier:
        domain = higher_domain(domain, (turn.row.domain, turn.row.domain_p))
        risk = max(risk, (turn.row.risk_domain, turn.row.risk_p), key=_second)
        stakes = max(stakes, turn.row.stakes_high)
        strategic = max(strategic, turn.row.strategic)
        multi_factor = max(multi_factor, turn.row.multi_factor)
        grave = likelier(grave, (turn.row.grave, turn.row.matter, turn.language))
    if earlier or older:
        sources: list[TurnReading | RuleFacts] = [*readings, *older]
        amounts = largest_amounts(facts.amounts for facts in sources)
        names = names_of(facts.risk_terms for facts in sources)
    if last.acts:
        amounts = unquoted(amounts)
    impact = own_impact(amounts)
    if memory is not None and last.acts:
        impact = max(impact, memory.quoted_nano_usd)
    if memory is not None:
        domain = higher_domain(domain, (memory.domain, memory.domain_p))
        risk = max(risk, (memory.risk_domain, memory.risk_p), key=_second)
        stakes = max(stakes, memory.stakes_high)
        impact = max(impact, memory.impact_nano_usd)
        strategic = max(strategic, memory.strategic)
        multi_factor = max(multi_factor, memory.multi_factor)
        names = names_of((names, memory.risk_terms))
        grave = likelier(grave, (memory.grave, memory.matter, memory.matter_language))
    heads = row.heads
    if heads and (earlier or memory is not None):
        # A follow-up asks for what was asked before, so nothing is of this turn alone.
        momentary = frozenset[str]() if last.follow_up else last.momentary
        heads = heads_of(heads, [turn.row.heads for turn in earlier], memory, momentary)
    unread = turns.beyond or any(facts.unread for facts in older)
    raised = domain[0] is not last.row.domain or stakes > last.row.stakes_high
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
        match=match,
        risk_terms=names,
        amounts=amounts,
        inherited=continued or raised,
        degraded=last.degraded or any(turn.degraded for turn in earlier),
        risk_domain=risk[0],
        risk_p=risk[1],
        input_tokens=input_tokens,
        triage_version=version,
        heads=heads,
        grave=grave[0],
        matter=grave[1],
        matter_language=grave[2],
        knowledge=0.0 if continued else row.knowledge,
        language=last.language,
        brief=memory is None and not older and all([turn.brief for turn in readings]),
    )


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


def _together(
    last: TurnReading,
    about: TurnReading,
    earlier: Sequence[TurnReading],
    memory: SessionMemory | None,
) -> tuple[ModelRow, Match | None, bool]:
    """Returns what a turn means together with the one that it leans on.

    "What does it cost?" after a question about transfers abroad asks for the cost of those, however
    well it matches another answer. Without a sure match of both together it stands for itself.
    """
    match = about.match
    if match is None or match.confidence < TOGETHER_AT:
        return _continued(last, earlier, memory)
    row = more_cautious(about.row, last.row)._replace(
        request_type=about.row.request_type,
        request_type_p=about.row.request_type_p,
        novelty=about.row.novelty,
    )
    return row, match, True


def _continued(
    last: TurnReading, earlier: Sequence[TurnReading], memory: SessionMemory | None
) -> tuple[ModelRow, Match | None, bool]:
    """Returns the last turn with what a follow-up takes over, and whether it took anything.

    A bare follow-up takes the match and the novelty too, since its own words say nothing; one that
    only the model calls a follow-up keeps its own.
    """
    row, match = last.row, last.match
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
        )
        return row, base.match if last.bare else match, True
    if memory is not None:
        row = row._replace(
            request_type=memory.request_type,
            domain=memory.domain,
            domain_p=memory.domain_p,
            difficulty=max(memory.difficulty, row.difficulty),
            novelty=_known(memory.match, row.novelty) if last.bare else row.novelty,
        )
        return row, memory.match if last.bare else match, True
    if last.bare:  # nothing to continue: what "yes, do it" would do is not known
        return row._replace(novelty=max(row.novelty, NOVEL)), None, False
    return row, match, False


def _known(match: Match | None, novelty: float) -> float:
    return novelty if match is None else min(novelty, 1.0 - match.confidence)


def memory_after(signals: Signals, memory: SessionMemory | None, tier_number: int) -> SessionMemory:
    """Returns what a session remembers once a request with these signals was answered at a tier.

    Nothing that may only rise falls; request type, difficulty and match are those of this request.
    """
    domain = (signals.domain, signals.domain_p)
    risk = (signals.risk_domain, signals.risk_p)
    stakes, impact = signals.stakes_high, signals.impact_nano_usd
    strategic, multi_factor, names = signals.strategic, signals.multi_factor, signals.risk_terms
    heads = signals.heads
    quoted = max((amount.nano_usd for amount in signals.amounts if amount.quoted), default=0)
    grave: Grave = (signals.grave, signals.matter, signals.matter_language)
    if memory is not None:
        quoted = max(quoted, memory.quoted_nano_usd)
        grave = likelier(grave, (memory.grave, memory.matter, memory.matter_language))
        domain = higher_domain(domain, (memory.domain, memory.domain_p))
        risk = max(risk, (memory.risk_domain, memory.risk_p), key=_second)
        stakes = max(stakes, memory.stakes_high)
        impact = max(impact, memory.impact_nano_usd)
        strategic = max(strategic, memory.strategic)
        multi_factor = max(multi_factor, memory.multi_factor)
        names = names_of((memory.risk_terms, names))
        heads = highest((memory.heads, heads)) if memory.heads else heads
    return SessionMemory(
        domain=domain[0],
        domain_p=domain[1],
        risk_domain=risk[0],
        risk_p=risk[1],
        request_type=signals.request_type,
        stakes_high=stakes,
        impact_nano_usd=impact,
        strategic=strategic,
        multi_factor=multi_factor,
        risk_terms=names,
        difficulty=signals.difficulty,
        last_tier_number=tier_number,
        match=signals.match,
        heads=heads,
        quoted_nano_usd=quoted,
        grave=grave[0],
        matter=grave[1],
        matter_language=grave[2],
    )
