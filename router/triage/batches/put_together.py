"""Puts together what the model reads of one text, of its other forms, its passages, its sentences
and the clauses that ask. Pure; it knows nothing of other texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from router.policy.content.knowledge import in_scope
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.conversation.cautious import more_cautious
from router.triage.disguises.known_words import Knows
from router.triage.facts.asks import leans, only_asks
from router.triage.facts.languages import UNKNOWN
from router.triage.facts.turn_facts import TurnFacts
from router.triage.framing.own_sentences import OwnSentence
from router.triage.glossed.glossary import Gloss
from router.triage.matching.doubts import UNSURE, Shelf, less_sure
from router.triage.other_readings import (
    OF_FIGURES,
    as_glossed,
    calm_in_role,
    graver,
    is_known,
    known_form,
    more_harmful,
    of_a_role,
    of_figures,
    of_plain_words,
    of_trouble,
    own_matter,
    stronger_match,
    surer,
    undetailed,
    unlikely_grave,
    weaker_match,
    with_heads,
)
from router.triage.reading import ModelRow, TurnReading, asks_for_text, reading_of
from router.triage.text.folding import fold
from router.triage.turn_heads import sure_of_harm
from router.types import READ_LANGUAGES, Match, MatchBasis

ASKED_AT = 0.7
"""A clause asks for an approved answer from this chance on. Below it, "can you help" would."""
HALF_AT = 0.9
"""Chance of the one clause that has an answer, from which it is offered whatever the whole says."""
UNANSWERED_AT = 0.2
"""Chance of a clause that asks, below which the file has no answer to it."""

FRAMED_AT = 0.6
"""Chance of a match from which it counts without the frame. Below it the likelier of two readings
would answer what neither is sure of."""
FRAMED_GRAVE = 0.3
"""Chance of a grave matter from which no frame is left out: 1 in 14 framed routine questions has
it, and 3 of 60 grave messages that were written to look like one."""

HARM_ASKING_WEIGHS = 2
"""Factor of the number of sentences by which their odds are divided in a text longer than a letter,
where a sentence may be anybody's: with 1, 3 of 117 long prompts are refused, with 2 none. In other
languages the head says less, so that their odds are divided by it alone."""


class Ruled(NamedTuple):
    """Holds a text with what the rules read in it, and what else of it is read by the model."""

    asked: Asked
    config: TriageConfig
    facts: TurnFacts
    said: str  # the text without its disguise, or without its frame
    gloss: Gloss | None
    framed: str  # what is matched in its place; "" where it has no frame
    plain: str  # the text with its harmless phrases in plain words; "" where it has none
    in_role: str  # what it asks of an everyday role, or passes on; "" where it does neither
    clauses: tuple[str, ...]  # those that ask, where it asks for several answers
    asks_twice: bool  # in another language, whose clauses are not read by themselves
    sentences: tuple[str, ...]  # read by themselves for harm, in a message for grave matters too
    own: tuple[OwnSentence, ...]  # of a longer text, read by themselves for grave matters
    figured: str = ""  # the text with its figures of speech in plain words; "" where it has none

    @property
    def apart(self) -> tuple[str, ...]:
        """Returns all sentences that are read by themselves: those for harm, then the others."""
        others = [one.text for one in self.own if one.text not in self.sentences]
        return (*self.sentences, *others)

    @property
    def among(self) -> int:
        """Returns by how much the odds of harm in each of the text's sentences are divided."""
        if self.facts.sentences:
            return len(self.sentences)
        english = self.facts.language in READ_LANGUAGES
        return HARM_ASKING_WEIGHS * (len(self.sentences) if english else 1)


class Places(NamedTuple):
    """Holds where in the first batch a text and its other forms lie, and where in the second one
    its parts do. What a text does not have has an empty range."""

    text: int
    forms: range  # without talk to the router, or undisguised
    framed: range
    gloss: range
    plain: range
    in_role: range
    undetailed: range
    passages: range
    sentences: range
    clauses: range
    figured: range  # with figures of speech in plain words


class BatchRead(NamedTuple):
    """Holds the readings and matches of one batch, in the order asked."""

    rows: Sequence[ModelRow]
    matches: Sequence[Match | None]


class _Reading(NamedTuple):
    """Holds the reading of a text so far."""

    row: ModelRow
    match: Match | None


def put_together(
    text: Ruled, places: Places, whole: BatchRead, parts: BatchRead, knows: Knows
) -> TurnReading:
    """Returns the reading of a text; `whole` is the batch of texts, `parts` that of their parts."""
    config, facts = text.config, text.facts
    reading = _Reading(whole.rows[places.text], whole.matches[places.text])
    form = known_form([whole.matches[place] for place in places.forms])
    reading = _with_forms(reading, whole, places.forms, form)
    if _means_nothing(facts, reading.match, knows):
        reading = _Reading(reading.row._replace(novelty=1.0), None)
    for place in places.in_role:
        reading = reading._replace(row=calm_in_role(reading.row, whole.rows[place]))
    for place in places.framed:
        reading = _without_frame(reading, _Reading(whole.rows[place], whole.matches[place]))
    for place in places.figured:
        found = whole.matches[place]
        if found is not None and found.confidence >= FRAMED_AT:
            reading = reading._replace(match=of_plain_words(reading.match, found))
    row, match = _with_gloss(text, reading, whole, places.gloss)
    for place in places.plain:
        row = with_heads(row, whole.rows[place], config.momentary)
    if config.shelf is not None and not facts.unread:
        match = _judged(text, match, config.shelf)
        match = config.shelf.telling_both(text.asked.text, match)
    is_known_form = form is not None or (bool(facts.instead) and is_known(match))
    for place in places.passages:
        row = graver(row, parts.rows[place])
    for place in places.undetailed:
        row = undetailed(row, whole.rows[place], config.momentary)
    for place in places.in_role:
        row = of_a_role(row, whole.rows[place], config.momentary)
    for place in places.figured:
        row = of_figures(row, whole.rows[place])
    row = _with_sentences(text, row, [parts.rows[place] for place in places.sentences])
    if facts.asks_harm and row.heads:
        row = row._replace(heads=sure_of_harm(row.heads))
    if text.asks_twice and match is not None and match.basis is not MatchBasis.WRITTEN:
        match = less_sure(match)  # it answers one of the two at most
    elif places.clauses:
        match = _by_asks(text, match, [parts.matches[place] for place in places.clauses])
    if facts.language in READ_LANGUAGES and not facts.risk_terms and not facts.unusual:
        row = of_trouble(row, facts.folded.words)
        if not (text.apart or text.clauses or facts.passages):
            row = unlikely_grave(row, match, config.calm_answers)
    return reading_of(
        row,
        match,
        facts,
        offers_from=config.offers_from,
        momentary=config.momentary,
        known_form=is_known_form,
        answers_from=config.answers_from[row.domain],
        approved=_is_approved(text, match),
    )


def _judged(text: Ruled, match: Match | None, shelf: Shelf) -> Match | None:
    """Returns the match of a text or its gloss, less sure where words speak against the answer."""
    gloss, glossed = text.gloss, text.config.glossed
    if match is None or gloss is None or glossed is None:
        unread = gloss is None and text.facts.language not in READ_LANGUAGES
        return shelf.judged(text.said, match, unread=unread)
    lacks = match.confidence > UNSURE and glossed.lacks(gloss, match.intent_id, text.said)
    return shelf.judged(text.said, match, gloss.text, lacks_glossed=lacks)


def _is_approved(text: Ruled, match: Match | None) -> bool:
    """Returns True where all of a text is words that the operator wrote: small talk, or a question
    under an approved answer. A frame is not the operator's, and may say something of its own."""
    if match is not None and match.basis is MatchBasis.WRITTEN and not text.framed:
        return in_scope(match.intent_id, None)
    return any([talk.reply(text.asked.text) for talk in text.config.talks])


def _with_forms(reading: _Reading, whole: BatchRead, forms: range, known: int | None) -> _Reading:
    """Returns the more cautious of the readings of a text and of its other forms; `known` is which
    of these is a known question.

    The disguise, or the words to the router, are no part of the question that is asked. They still
    raise caution.
    """
    row, match = reading
    for place in forms:
        row = more_cautious(row, whole.rows[place])
        match = weaker_match(match, whole.matches[place])
    if known is not None:
        place = forms[known]
        row, match = row._replace(novelty=whole.rows[place].novelty), whole.matches[place]
    return _Reading(row, match)


def _means_nothing(facts: TurnFacts, match: Match | None, knows: Knows) -> bool:
    """Returns True for a short text of which no word exists, such as "asdf".

    The encoder puts letters that mean nothing beside short greetings. A disguised text means what
    it says.
    """
    if match is None or match.basis is MatchBasis.WRITTEN or facts.language != UNKNOWN:
        return False
    if facts.mended or facts.instead:
        return False
    return not any(map(knows, facts.folded.words))


def _without_frame(reading: _Reading, framed: _Reading) -> _Reading:
    """Takes over what a text matches without its frame.

    The heads read the whole text: in a task a salutation may be material.
    """
    row, match = reading
    found = framed.match
    if row.grave >= FRAMED_GRAVE or found is None:
        return reading  # "this is goodbye" may be no frame
    if found.basis.read:
        match = found  # its answers were read with the question alone
    if is_known(found):
        row = row._replace(novelty=framed.row.novelty)
    return _Reading(row, stronger_match(found, match) if found.confidence >= FRAMED_AT else match)


def _with_gloss(text: Ruled, reading: _Reading, whole: BatchRead, gloss: range) -> _Reading:
    """Takes over what the gloss matches.

    What the encoder makes of another language is chance: a match of the text as it stands holds
    only where its gloss matches the same, as in "Wo ist my order".
    """
    glossed, facts, (row, match) = text.config.glossed, text.facts, reading
    if glossed is None or (text.gloss is None and facts.language not in glossed.languages):
        return reading
    found = None
    if text.gloss is not None:
        [place] = gloss
        found = glossed.match(text.gloss, whole.matches[place], text.said)
        if not facts.instead:  # a disguise never lowers what its other forms tell
            row = as_glossed(row, whole.rows[place], found)
    return _Reading(row, surer(found, match))


def _with_sentences(text: Ruled, row: ModelRow, sentences: Sequence[ModelRow]) -> ModelRow:
    """Returns the reading of a text, raised to what its sentences say by themselves.

    `sentences` are those of `text.apart`. In a language that the heads cannot read nobody knows
    that a long text asks for a text.
    """
    facts, among = text.facts, text.among
    writing = asks_for_text(row)
    in_message = bool(facts.sentences) and not writing
    for said, sentence in zip(text.sentences, sentences, strict=False):
        own = in_message and not _only_figures(text, said, sentence)
        row = more_harmful(row, sentence, among, text.config.momentary, own_matter=own)
    if not text.own or (writing and facts.language in READ_LANGUAGES):
        return row
    by_text = dict(zip(text.apart, sentences, strict=True))
    for one in text.own:
        row = own_matter(row, by_text[one.text], one.among)
    return row


def _only_figures(text: Ruled, said: str, sentence: ModelRow) -> bool:
    """Returns True for a sentence whose matter its figures of speech may have told alone."""
    if not text.figured or sentence.matter not in OF_FIGURES:
        return False
    return bool(text.config.figures.plainly(fold(said)))


def _by_asks(text: Ruled, match: Match | None, of_clauses: Sequence[Match | None]) -> Match | None:
    """Notes the answers of a request that asks for several, by the matches of its clauses."""
    clauses = text.clauses
    if match is None or match.basis is MatchBasis.WRITTEN:
        return match
    sure = {m.intent_id: m for m in of_clauses if m and m.confidence >= ASKED_AT}
    asked = tuple([(name, m.confidence) for name, m in sure.items()])
    said = " ".join(text.said.split())
    pairs = list(zip(of_clauses, clauses, strict=True))
    unmet = [
        m
        for m, clause in pairs
        # Of a clause that was completed, the words of the answer tell if it has one.
        if not leans(clause)
        and clause in said
        and (
            m is None
            or m.confidence < (UNANSWERED_AT if m.intent_id == match.intent_id else ASKED_AT)
        )
    ]
    # "How do I prove it?" is sure to be something else than it seems by itself.
    alone = [m for m, c in pairs if m and m in sure.values() and not leans(c)]
    if unmet:
        return _half_met(match, alone, unmet)
    if sure and match.intent_id not in sure and len(sure) < 2:
        # The whole is nearest to what a clause hardly asks for.
        return _half_met(match, alone, [m for m in of_clauses if m and m.confidence < ASKED_AT])
    if len(sure) < 2:
        return match
    # An approved question that only its mark makes one is not idle.
    plain = [
        c.rstrip("?") if m is not None and m.basis is MatchBasis.WRITTEN else c for m, c in pairs
    ]
    only = len(sure) == len(clauses) and only_asks(text.said, plain)
    return replace(match, asked=asked, asks_only=only)


def _half_met(match: Match, sure: Sequence[Match], unmet: Sequence[Match | None]) -> Match:
    """Returns the match of a request of which a part is not answered; `sure` are those of the rest.

    Where only one of its clauses has an answer, and the others have none, that one is noted.
    """
    if len(sure) != 1 or sure[0].confidence < HALF_AT:
        return less_sure(match)
    [known] = sure
    if match.intent_id != known.intent_id and match.confidence >= UNANSWERED_AT:
        return less_sure(match)
    if all([m is None or m.confidence < UNANSWERED_AT for m in unmet]):
        asked = ((known.intent_id, known.confidence),)
        return replace(less_sure(known), asked=asked, asks_only=False)
    if match.confidence >= UNANSWERED_AT:
        return less_sure(match)
    likely = [(m.intent_id, m.confidence) for m in unmet if m and m.intent_id != known.intent_id]
    return replace(less_sure(known), others=tuple(likely), together=known.confidence)
