"""Puts the readings of a text's other forms and of its passages beside that of the text. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from router.stats.calibration import one_among
from router.triage.framing.everyday_trouble import only_trouble
from router.triage.reading import ModelRow
from router.types import (
    READ_LANGUAGES,
    Domain,
    HeadReading,
    Match,
    MatchBasis,
    Matter,
    RequestType,
)

KNOWN_QUESTION = 0.85
"""Chance of a match from which a text without its disguise or frame is a known question, and a
gloss calms the heads. It is no policy's floor: what heads then say wrongly was measured at it."""

CALM_IN_ROLE = 0.6
"""Chance of harm below which a question is harmless, whoever is to answer it. Of 50 ordinary
questions in roles 48 are below without the role; so is 1 of 15 requests for harm, of .45, which
the role makes no more harmful."""

GLOSSED_AT = 0.7
"""Chance of a gloss's match from which the gloss is read in place of the text: of 1,826 written
questions .93 are then matched rightly."""
GRAVE_PASSAGE = 0.43
"""Chance of a grave passage that raises a long text: so 2 % of long general prompts go to level 3,
where .7 % do by the whole text alone; from half of it on it would be 2.7 %."""
STRATEGIC_PASSAGE = 0.8
"""Chance of a strategic passage that makes a long text strategic: so 1 in 272 long general prompts
and 3 in 515 mails go to level 3 that did not; from .5 on it would be 2 and 7."""

GRAVE_SENTENCE = 0.7
"""Chance of a grave matter, of one among the sentences of a message, that raises the message. It is
the default of `decision.grave_at`: a lower one starts nothing, and would only take the calm from a
text that mentions trouble."""

GRAVE_STILL = 0.95
"""No known question lowers a chance of a grave matter from here on. The shelf's veto begins here,
too."""
LOWERED_FROM = 0.5
"""A lower chance of a grave matter is no guess of one."""
CALM_ALONE = 0.3
"""Chance of a grave matter below which a question is calm without the words around it: the same
from which no frame is left out. Nine everyday questions that were passed on have less than .1."""
BY_A_KNOWN_QUESTION = 8.15
"""Divides the odds of a grave matter, so that GRAVE_STILL becomes GRAVE_SENTENCE. It is careful: of
3,500 texts about health, law, money and harm none matched an answer of nine companies surely."""


def graver(whole: ModelRow, passage: ModelRow) -> ModelRow:
    """Returns the reading of a long text, raised to that of a passage which is surely grave, or
    strategic."""
    if passage.strategic >= STRATEGIC_PASSAGE:
        whole = whole._replace(strategic=max(whole.strategic, passage.strategic))
    risk = passage.risk_p * passage.stakes_high
    if risk < GRAVE_PASSAGE or risk <= whole.risk_p * whole.stakes_high:
        return whole
    return whole._replace(
        risk_domain=passage.risk_domain,
        risk_p=passage.risk_p,
        stakes_high=max(whole.stakes_high, passage.stakes_high),
    )


def more_harmful(
    whole: ModelRow,
    sentence: ModelRow,
    among: int,
    names: frozenset[str],
    *,
    own_matter: bool = True,
) -> ModelRow:
    """Returns the reading of a message, raised to what one of its sentences says by itself of grave
    matters, and of harm by the heads of these names.

    Thanks and garden chairs around it made a request for harm, or a farewell, look like small talk.
    The more sentences are read, the more likely one of them only sounds so: see `one_among`.
    `own_matter`: a grave matter of a sentence is believed to be the writer's. Of a text to be
    written or worded no sentence is anybody's own trouble by itself: with them 14 of 227 such texts
    more went to level 3, and 4 of 114 grave ones; without them 4 and 1 do.
    """
    grave = one_among(among, sentence.grave)
    if own_matter and grave >= GRAVE_SENTENCE and grave > whole.grave:
        whole = whole._replace(grave=grave, matter=sentence.matter)
    alone = {
        head.name: head if len(head.classes) > 1 else _one_among(among, head)
        for head in sentence.heads
        if head.name in names
    }
    raised = {
        head.name
        for head in whole.heads
        if len(head.classes) == 1
        and head.name in alone
        and _chance(alone[head.name]) > _chance(head)
    }
    if not raised:
        return whole
    # What kind of harm it is, the same sentence says. No chance is lowered.
    raised |= {name for name, head in alone.items() if len(head.classes) > 1}
    heads = [alone[head.name] if head.name in raised else head for head in whole.heads]
    return whole._replace(heads=tuple(heads))


def own_matter(whole: ModelRow, sentence: ModelRow, among: int) -> ModelRow:
    """Returns the reading of a long text, raised to what a sentence that may be its sender's own
    says by itself of a grave matter, or of a decision about a company.

    Its odds are divided by `among`. Neutral sentences around it made it look like a document. Of
    decisions in another language than English the head only guesses.
    """
    english = sentence.read_as in READ_LANGUAGES
    strategic = one_among(among, sentence.strategic) if english else 0.0
    if strategic >= STRATEGIC_PASSAGE and strategic > whole.strategic:
        whole = whole._replace(strategic=strategic)
    grave = one_among(among, sentence.grave)
    if grave < GRAVE_SENTENCE or grave <= whole.grave:
        return whole
    return whole._replace(grave=grave, matter=sentence.matter, read_as=sentence.read_as)


def undetailed(whole: ModelRow, rest: ModelRow, names: frozenset[str]) -> ModelRow:
    """Returns the reading of a message by what is left without its contact details.

    Beside an address a request for harm, a grave matter or a decision about a company looked like a
    delivery, and a delivery like business. What is dangerous counts in the whole message too, so
    that nothing can be hidden as a detail: grave matters, stakes, abuse, harm by the heads of these
    names. The policy's other heads, and that of spam, read the whole message, as they were taught.
    """
    graver = rest if rest.grave > whole.grave else whole
    heads = more_harmful(whole, rest, 1, names, own_matter=False).heads
    return rest._replace(
        stakes_high=max(whole.stakes_high, rest.stakes_high),
        toxic=max(whole.toxic, rest.toxic),
        spam=whole.spam,
        heads=heads,
        grave=graver.grave,
        matter=graver.matter,
        read_as=graver.read_as,
        knowledge=graver.knowledge,
    )


def _one_among(number: int, head: HeadReading) -> HeadReading:
    [(name, chance)] = head.classes
    return HeadReading(head.name, ((name, one_among(number, chance)),))


def surer(glossed: Match | None, match: Match | None) -> Match | None:
    """Returns a gloss's match, as sure as that of the text itself where both are one intent."""
    if glossed is None or match is None or match.intent_id != glossed.intent_id:
        return glossed
    if match.confidence <= glossed.confidence:
        return glossed
    return replace(glossed, confidence=match.confidence, together=match.together)


def calm_in_role(whole: ModelRow, rest: ModelRow) -> ModelRow:
    """Returns the reading of a text that plays an everyday role or passes a question on, with the
    chance of a grave matter of what it asks.

    The words around say nothing of one: nothing for it, and nothing against it either ("You are my
    assistant. I took forty tablets."). From CALM_ALONE on the larger chance counts.
    """
    if whole.grave >= LOWERED_FROM and rest.grave < CALM_ALONE:
        return whole._replace(grave=rest.grave, matter=rest.matter)
    if rest.grave >= GRAVE_SENTENCE and rest.grave > whole.grave:
        return whole._replace(grave=rest.grave, matter=rest.matter, read_as=rest.read_as)
    return whole


def of_a_role(whole: ModelRow, rest: ModelRow, names: frozenset[str]) -> ModelRow:
    """Returns the reading of a text that plays an everyday role or passes a question on, with the
    harm of what it asks, by the heads of these names.

    The words around say nothing of harm. From CALM_IN_ROLE on the larger chance counts. What kind
    of harm it is, the same reading says.
    """
    alone = {head.name: _chance(head) for head in rest.heads if len(head.classes) == 1}
    chances = [chance for name, chance in alone.items() if name in names]
    if chances and max(chances) < CALM_IN_ROLE:
        return with_heads(whole, rest, names)
    return more_harmful(whole, rest, 1, names, own_matter=False)


OF_FIGURES = frozenset({Matter.VIOLENCE, Matter.SELF_HARM})
"""The matters that figures of speech sound like: "my back is killing me"."""


def of_figures(row: ModelRow, plain: ModelRow) -> ModelRow:
    """Returns the reading of a text with the matter that it has in plain words, and the lower of
    both chances, where its figures of speech sound like violence or self-harm.

    In plain words somebody else's violence beside a figure is violence still.
    """
    violent = plain.matter in OF_FIGURES and plain.grave >= CALM_ALONE
    if row.matter not in OF_FIGURES or violent:
        return row
    return row._replace(grave=min(row.grave, plain.grave), matter=plain.matter)


def of_plain_words(match: Match | None, plain: Match) -> Match:
    """Returns the surer match of a text and of its plain words.

    Plain words may be the operator's, and the text that they stand for is not.
    """
    if plain.basis is MatchBasis.WRITTEN:
        plain = replace(plain, basis=MatchBasis.FOREIGN)
    return plain if match is None or plain.confidence > match.confidence else match


_NOT_OF_THINGS = frozenset({Domain.ENGINEERING_SAFETY, Domain.MEDICAL, Domain.LEGAL})
SURE_OF_PEOPLE = 0.99
"""The reader's chance of a matter between people from which no list of things outweighs it. It
hears violence in any theft ("somebody took my keys", .99), so that violence is none of them."""
_OF_PEOPLE = frozenset({Matter.SELF_HARM, Matter.FRAUD})


def of_trouble(row: ModelRow, words: Sequence[str]) -> ModelRow:
    """Returns the reading of a text without a grave matter where it is `only_trouble`.

    `words` are folded. A domain of danger becomes that of customers. The stakes stay. None of 882
    grave lines of strangers is nothing but such words. A reader that is sure of self-harm or
    fraud is believed: in broken things it hears injuries.
    """
    if row.grave >= SURE_OF_PEOPLE and row.matter in _OF_PEOPLE:
        return row
    of_danger = row.domain in _NOT_OF_THINGS
    if not (of_danger or row.grave >= LOWERED_FROM) or not only_trouble(words):
        return row
    domain = Domain.CUSTOMER_SUPPORT if of_danger else row.domain
    return row._replace(grave=0.0, domain=domain)


def unlikely_grave(row: ModelRow, match: Match | None, answers: Collection[str]) -> ModelRow:
    """Returns a reading with lower odds of a grave matter where its match is surely in `answers`.

    `answers` are the ids of approved answers for no grave matter; the text asks nothing else. A
    chance of GRAVE_STILL or more stays, since no match outweighs a reader that is so sure. So does
    that of small talk: a known farewell ("I'm done here") may be one.
    """
    if match is None or not is_known(match) or match.intent_id not in answers:
        return row
    if row.request_type is RequestType.SMALL_TALK:
        return row
    if not LOWERED_FROM <= row.grave < GRAVE_STILL:
        return row
    odds = row.grave / (1.0 - row.grave) / BY_A_KNOWN_QUESTION
    return row._replace(grave=odds / (1.0 + odds))


def as_glossed(row: ModelRow, gloss: ModelRow, found: Match | None) -> ModelRow:
    """Returns the reading of a text that is a known question in English words.

    The heads read English alone, so what they make of the text itself is chance; what they make of
    the gloss is what they make of the known question. So it is with grave matters: the reader finds
    one in every sixth question to a shop in other languages, by a few letters. Terms of grave
    matters are searched in the text itself, and hold. Abuse in it counts, but in the operator's own
    words there is none: "Hoe kan ik betalen?" has a rude word in English alone. Of 822 requests to
    harm in these languages none matches by .5, while the head of harm says .8 and more of 11 in 165
    surely known questions.
    """
    if found is None or found.confidence < GLOSSED_AT:
        return row
    # Below, as in "change the address of my neighbour's order to steal it", a head is heard.
    heads = _calmer(row.heads, gloss.heads) if is_known(found) else row.heads
    abuse = gloss.toxic if found.basis is MatchBasis.WRITTEN else max(row.toxic, gloss.toxic)
    return gloss._replace(heads=heads, toxic=abuse)


def _calmer(
    own: tuple[HeadReading, ...], gloss: tuple[HeadReading, ...]
) -> tuple[HeadReading, ...]:
    """Returns the gloss's readings, and of those with one class the lower of both."""
    lower = {head.name: head for head in own if len(head.classes) == 1}
    return tuple([min(lower.get(head.name, head), head, key=_chance) for head in gloss])


def _chance(head: HeadReading) -> float:
    return head.classes[0][1]


def with_heads(row: ModelRow, other: ModelRow, names: frozenset[str]) -> ModelRow:
    """Returns a reading with the heads of these names as another reading has them."""
    others = {head.name: head for head in other.heads if head.name in names}
    return row._replace(heads=tuple([others.get(head.name, head) for head in row.heads]))


def stronger_match(one: Match | None, other: Match | None) -> Match | None:
    """Returns the more confident match; the first where both are as confident."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda match: match.confidence)


def weaker_match(one: Match | None, other: Match | None) -> Match | None:
    """Returns the less confident match; None when either reading matched nothing."""
    if one is None or other is None:
        return None
    return min(one, other, key=lambda match: match.confidence)


def is_known(match: Match | None) -> bool:
    """Returns True for a match that makes its text a known question, in any policy."""
    return match is not None and match.confidence >= KNOWN_QUESTION


def known_form(forms: Sequence[Match | None]) -> int | None:
    """Returns which of a text's other forms is a known question, the surest one, by their matches.

    None where no form is.
    """
    known = {
        place: match.confidence
        for place, match in enumerate(forms)
        if match is not None and is_known(match)
    }
    return max(known, key=known.__getitem__) if known else None
