"""Reads texts by rules and by the model, and puts both together; where the model fails, by rules.

It knows nothing about requests, conversations or threads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import Model, ModelBatch, ModelReader
from router.triage.facts.asks import asks_in, leans
from router.triage.facts.doubts import less_sure
from router.triage.facts.languages import UNKNOWN, without_codes
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, find_facts
from router.triage.glossed.glossary import Gloss
from router.triage.grave import Told
from router.triage.other_readings import (
    as_glossed,
    graver,
    is_known,
    known_forms,
    surer,
    weaker_match,
    with_heads,
)
from router.triage.reading import ModelRow, TurnReading, more_cautious, reading_of
from router.triage.text.amount_lists import unquoted
from router.triage.text.folding import fold, words_of
from router.triage.text.rules import read_by_rules
from router.triage.text.spelling import as_written, knows_all
from router.types import Match, MatchBasis

ASKED_AT = 0.7
"""A clause asks for an approved answer from this chance on. Below it, "can you help" would."""
UNANSWERED_AT = 0.2
"""Chance of a clause that asks, below which the file has no answer to it."""


class TextReader:
    """Reads texts of all policies; without a model by rules. One thread at a time."""

    def __init__(self, model: Model | None) -> None:
        self.model = None if model is None else ModelReader(model)
        # Without a model everything is novel anyway, so no disguise is looked for.
        self.knows = model.knows if model else knows_all
        self.mend = model.mended if model else as_written

    def read(self, asked: Sequence[Asked]) -> list[TurnReading]:
        """Reads texts together; where that fails, one by one; where one fails, by rules."""
        batch = self.begin(asked)
        batch.encode()
        return batch.readings()

    def begin(self, asked: Sequence[Asked]) -> TextBatch:
        """Reads texts by rules, and leaves what is to be encoded."""
        return TextBatch(self, asked, [self._facts(*one) for one in asked])

    def older(self, texts: Sequence[str], config: TriageConfig) -> list[RuleFacts]:
        """Reads texts by rules alone, as those before the turns that the model reads."""
        turns = [self._facts(text, config) for text in texts]
        return [RuleFacts(unquoted(one.amounts), one.risk_terms, one.unread) for one in turns]

    def _facts(
        self, text: str, config: TriageConfig, _told: Told | None = None, spoken: str = UNKNOWN
    ) -> TurnFacts:
        return find_facts(
            text, config.amounts, config.terms, self.knows, config.phrases, self.mend, spoken
        )


def _by_rules(facts: TurnFacts) -> TurnReading:
    return reading_of(read_by_rules(facts), None, facts, degraded=True)


class TextBatch:
    """Reads texts in three steps; `encode` may run on another thread. None of them raises.

    Besides its texts it reads their other forms, without talk to the router or undisguised, and the
    passages of long ones.
    """

    def __init__(
        self, reader: TextReader, asked: Sequence[Asked], facts: Sequence[TurnFacts]
    ) -> None:
        self._reader, self._asked = reader, asked
        self._again = [index for index, found in enumerate(facts) for _ in found.other_forms]
        self._glosses = [
            None if one.config.glossed is None else self._gloss(one, found)
            for one, found in zip(asked, facts, strict=True)
        ]
        # What the function words leave open, a glossary tells.
        facts = self._facts = [
            found
            if gloss is None or found.clear
            else replace(found, language=gloss.language, mended="")
            for gloss, found in zip(self._glosses, facts, strict=True)
        ]
        self._plain = [_in_plain_words(one, found) for one, found in zip(asked, facts, strict=True)]
        # Whoever has approved answers must not give one of them to a request that asks for two.
        self._clauses = [
            () if one.config.knowledge is None or found.unread else asks_in(one.text)
            for one, found in zip(asked, facts, strict=True)
        ]
        self._passages = [index for index, found in enumerate(facts) for _ in found.passages]
        self._whole: ModelBatch | None = None
        self._parts: ModelBatch | None = None
        if reader.model is None or not asked:
            return
        with self._failing():
            pairs = list(zip(facts, asked, strict=True))
            whole = [_as_meant(one, f) for f, one in pairs]
            forms = [Asked(form, one.config) for f, one in pairs for form in f.other_forms]
            glosses = [
                Asked(gloss.text, one.config)
                for gloss, one in zip(self._glosses, asked, strict=True)
                if gloss is not None
            ]
            plain = [
                Asked(text, one.config)
                for text, one in zip(self._plain, asked, strict=True)
                if text
            ]
            self._whole = reader.model.begin([*whole, *forms, *glosses, *plain])
            parts = [Asked(part, one.config) for f, one in pairs for part in f.passages]
            parts += [
                Asked(clause, one.config)
                for clauses, one in zip(self._clauses, asked, strict=True)
                for clause in clauses
            ]
            if parts:
                self._parts = reader.model.begin(parts, closely=False)

    def _gloss(self, asked: Asked, facts: TurnFacts) -> Gloss | None:
        glossed = asked.config.glossed
        if glossed is None or self._reader.model is None or facts.unread:
            return None
        text, words = asked.text, facts.folded.words
        if facts.instead:
            text, words = facts.instead, words_of(facts.instead)
        spoken = facts.language or asked.spoken
        return glossed.gloss(text, without_codes(text, words), spoken, facts.even)

    @property
    def encoded(self) -> int:
        """Returns how many texts `encode` has to encode."""
        return sum(batch.encoded for batch in (self._whole, self._parts) if batch is not None)

    def encode(self) -> None:
        """Encodes the texts, and passages in a run of their own: beside a long text each would be
        padded to its length."""
        with self._failing():
            for batch in (self._whole, self._parts):
                if batch is not None:
                    batch.encode()

    def readings(self) -> list[TurnReading]:
        """Returns the readings in the order asked; after a failure text by text, or by rules."""
        if self._whole is not None:
            with self._failing():
                return self._by_model(self._whole, self._parts)
        if self._reader.model is None or len(self._asked) == 1:
            return [_by_rules(turn) for turn in self._facts]
        return [reading for one in self._asked for reading in self._reader.read([one])]

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except Exception:  # any failure of the model on any text must give signals, not an error
            self._whole = None

    def _by_model(self, whole: ModelBatch, parts: ModelBatch | None) -> list[TurnReading]:
        facts, again = self._facts, self._again
        rows, matches = whole.rows()
        known = known_forms(again, matches, len(facts))
        for position, index in enumerate(again, start=len(facts)):
            rows[index] = more_cautious(rows[index], rows[position])
            if index in known:
                # The disguise, or the words to the router, are no part of the question that is
                # asked. They still raise caution.
                rows[index] = rows[index]._replace(novelty=rows[known[index]].novelty)
                matches[index] = matches[known[index]]
            else:
                matches[index] = weaker_match(matches[index], matches[position])
        for index, found in enumerate(facts):
            if self._means_nothing(found, matches[index]):
                rows[index] = rows[index]._replace(novelty=1.0)
                matches[index] = None
        self._by_gloss(rows, matches, len(facts) + len(again))
        self._by_plain_words(rows)
        for index, (one, found) in enumerate(zip(self._asked, facts, strict=True)):
            if one.config.shelf is not None and not found.unread:
                gloss, text = self._glosses[index], found.instead or one.text
                matches[index] = one.config.shelf.judged(
                    text, matches[index], "" if gloss is None else gloss.text
                )
        known_at = {i for i, found in enumerate(facts) if found.instead and is_known(matches[i])}
        known_at |= set(known)
        if parts is not None:
            part_rows, part_matches = parts.rows()
            for index, row in zip(self._passages, part_rows, strict=False):
                rows[index] = graver(rows[index], row)
            self._by_asks(matches, part_matches[len(self._passages) :])
        # Rows of second readings lie behind the texts' own, and are not used.
        return [
            reading_of(
                rows[index],
                matches[index],
                found,
                offers_from=one.config.offers_from,
                momentary=one.config.momentary,
                known_form=index in known_at,
                small_talk=any([talk.reply(one.text) for talk in one.config.talks]),
            )
            for index, (found, one) in enumerate(zip(facts, self._asked, strict=True))
        ]

    def _by_asks(self, matches: list[Match | None], clause_matches: Sequence[Match | None]) -> None:
        """Notes the answers of requests that ask for several, by the matches of their clauses."""
        position = 0
        for index, clauses in enumerate(self._clauses):
            own = clause_matches[position : position + len(clauses)]
            position += len(clauses)
            match = matches[index]
            if match is None or match.basis is MatchBasis.WRITTEN:
                continue  # what the operator wrote as one question has one answer
            sure = {m.intent_id: m.confidence for m in own if m and m.confidence >= ASKED_AT}
            unmet = [
                m is None
                or m.confidence < (UNANSWERED_AT if m.intent_id == match.intent_id else ASKED_AT)
                for m, clause in zip(own, clauses, strict=True)
                if not leans(clause)
            ]
            if any(unmet):
                matches[index] = less_sure(match)  # half of it is not answered
            elif len(sure) > 1:
                matches[index] = replace(match, asked=tuple(sure.items()))

    def _means_nothing(self, facts: TurnFacts, match: Match | None) -> bool:
        """Returns True for a short text of which no word exists, such as "asdf".

        The encoder puts letters that mean nothing beside short greetings. A disguised text means
        what it says.
        """
        if match is None or match.basis is MatchBasis.WRITTEN or facts.language != UNKNOWN:
            return False
        if facts.mended or facts.instead:
            return False
        return not any(map(self._reader.knows, facts.folded.words))

    def _by_plain_words(self, rows: list[ModelRow]) -> None:
        """Takes over what heads of one turn make of plain words; those rows are the last ones."""
        position = len(rows) - sum(map(bool, self._plain))
        for index, (plain, one) in enumerate(zip(self._plain, self._asked, strict=True)):
            if plain:
                rows[index] = with_heads(rows[index], rows[position], one.config.momentary)
                position += 1

    def _by_gloss(self, rows: list[ModelRow], matches: list[Match | None], position: int) -> None:
        """Takes over what the glosses match; theirs begin at `position`.

        What the encoder makes of another language is chance: a match of the text as it stands
        holds only where its gloss matches the same, as in "Wo ist my order".
        """
        for index, (gloss, one) in enumerate(zip(self._glosses, self._asked, strict=True)):
            glossed = one.config.glossed
            facts = self._facts[index]
            if glossed is None or (gloss is None and facts.language not in glossed.languages):
                continue
            match, own = None, matches[index]
            if gloss is not None:
                match = glossed.match(gloss, matches[position], facts.instead or one.text)
                if not facts.instead:  # a disguise never lowers what its other forms tell
                    rows[index] = as_glossed(rows[index], rows[position], match)
                position += 1
            matches[index] = surer(match, own)


def _in_plain_words(asked: Asked, facts: TurnFacts) -> str:
    """Returns a text with its harmless phrases in plain words; "" where it has none."""
    plain = asked.config.plain
    if plain is None or not asked.config.momentary or facts.unread:
        return ""
    return plain.said(asked.text, facts.folded.words)


def _as_meant(asked: Asked, facts: TurnFacts) -> Asked:
    """Returns the text without its typing errors, and its words and language.

    The encoder mends a text itself. What compares words and letters must read the same words.
    """
    if facts.instead:
        return Asked(facts.instead, asked.config)
    if not facts.mended:
        return asked._replace(told=(facts.folded.words, facts.language))
    words = fold(facts.mended).words
    return asked._replace(text=facts.mended, told=(words, facts.language))
