"""Reads texts by rules and by the model, and puts both together; where the model fails, by rules.

It knows nothing about requests, conversations or threads.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from router.triage.batches import reranked
from router.triage.batches.asked import Asked, Use
from router.triage.batches.config import TriageConfig
from router.triage.batches.forms import (
    as_meant,
    gloss_asked,
    in_plain_words,
    is_written,
    said_in,
    sentences_of,
)
from router.triage.batches.model_reader import Model, ModelBatch, ModelReader
from router.triage.facts.asks import asks_in, leans
from router.triage.facts.doubts import less_sure
from router.triage.facts.file_paths import without_folders
from router.triage.facts.languages import UNKNOWN
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, find_facts
from router.triage.glossed.glossary import Gloss
from router.triage.other_readings import (
    as_glossed,
    graver,
    is_known,
    known_forms,
    likelier,
    more_harmful,
    surer,
    weaker_match,
    with_heads,
)
from router.triage.reading import ModelRow, TurnReading, more_cautious, reading_of
from router.triage.text.amount_lists import unquoted
from router.triage.text.folding import fold
from router.triage.text.rules import read_by_rules
from router.triage.text.spelling import as_written, knows_all
from router.types import READ_LANGUAGES, Match, MatchBasis

_LOG = logging.getLogger("tiergate")

ASKED_AT = 0.7
"""A clause asks for an approved answer from this chance on. Below it, "can you help" would."""
UNANSWERED_AT = 0.2
"""Chance of a clause that asks, below which the file has no answer to it."""

FRAMED_AT = 0.6
"""Chance of a match from which it counts without the frame. Below it the likelier of two readings
would answer what neither is sure of."""
FRAMED_GRAVE = 0.3
"""Chance of a grave matter from which no frame is left out: 1 in 14 framed routine questions has
it, and 3 of 60 grave messages that were written to look like one."""

ASKING_WEIGHS = 2
"""Factor of the number of sentences by which their odds are divided in a text longer than a letter,
where a sentence may be anybody's: with 1, 3 of 117 long prompts are refused, with 2 none. In other
languages the head says less, so that their odds are divided by it alone."""


class TextReader:
    """Reads texts of all policies; without a model by rules. One thread at a time reads a batch."""

    def __init__(self, model: Model | None) -> None:
        self.model = None if model is None else ModelReader(model)
        # Without a model everything is novel anyway, so no disguise is looked for.
        self.knows = model.knows if model else knows_all
        self.mend = model.mended if model else as_written

    def read(self, asked: Sequence[Asked]) -> list[TurnReading]:
        """Reads texts together; where that fails, one by one; where one fails, by rules."""
        batch = self.begin(asked)
        batch.encode()
        read_answers([batch])
        return batch.readings()

    def begin(self, asked: Sequence[Asked]) -> TextBatch:
        """Reads texts by rules, and leaves what is to be encoded."""
        return TextBatch(self, [self._ruled(one) for one in asked])

    def older(self, texts: Sequence[str], config: TriageConfig) -> list[RuleFacts]:
        """Reads texts by rules alone, as those before the turns that the model reads."""
        turns = [self._facts(text, config) for text in texts]
        return [RuleFacts(unquoted(one.amounts), one.risk_terms, one.unread) for one in turns]

    def _facts(self, text: str, config: TriageConfig, spoken: str = UNKNOWN) -> TurnFacts:
        return find_facts(
            text, config.amounts, config.terms, self.knows, config.phrases, self.mend, spoken
        )

    def _ruled(self, asked: Asked) -> _Text:
        config = asked.config
        facts = self._facts(asked.text, config, asked.spoken)
        answers = config.knowledge is not None and not facts.unread
        said = said_in(asked, facts)
        gloss = self._gloss(asked, facts, said)
        if gloss is not None and not facts.clear:
            # What the function words leave open, a glossary tells.
            facts = replace(facts, language=gloss.language, mended="")
        framed = gloss is None and said != asked.text and not facts.instead
        return _Text(
            asked,
            config,
            facts,
            said,
            gloss,
            self._mended(said, facts, config) if framed and not facts.other_forms else "",
            in_plain_words(asked, facts),
            # Whoever has approved answers must not give one of them where two are asked for.
            asks_in(said) if answers else (),
            sentences_of(asked, facts),
        )

    def _mended(self, text: str, facts: TurnFacts, config: TriageConfig) -> str:
        if is_written(text, config):
            return text
        plain = without_folders(text)
        return self.mend(plain) if facts.language in READ_LANGUAGES else plain

    def _gloss(self, asked: Asked, facts: TurnFacts, said: str) -> Gloss | None:
        glossed = asked.config.glossed
        if glossed is None or self.model is None or facts.unread:
            return None
        words = facts.folded.words if said == asked.text else fold(said).words
        return glossed.gloss(said, words, facts.language or asked.spoken, facts.even)


class _Text(NamedTuple):
    """Holds a text with what the rules read in it, and what else of it is read by the model."""

    asked: Asked
    config: TriageConfig
    facts: TurnFacts
    said: str  # the text without its disguise, or without its frame
    gloss: Gloss | None
    framed: str  # what is matched in its place; "" where it has no frame
    plain: str  # the text with its harmless phrases in plain words; "" where it has none
    clauses: tuple[str, ...]  # those that ask, where it asks for several answers
    sentences: tuple[str, ...]  # read by themselves


def _by_rules(facts: TurnFacts) -> TurnReading:
    return reading_of(read_by_rules(facts), None, facts, degraded=True)


class TextBatch:
    """Reads texts in three steps; `encode` may run on another thread. None of them raises.

    Besides its texts it reads their other forms, without talk to the router or undisguised, and the
    passages of long ones.
    """

    def __init__(self, reader: TextReader, texts: Sequence[_Text]) -> None:
        self._reader, self._texts = reader, texts
        self._again = [i for i, one in enumerate(texts) for _ in one.facts.other_forms]
        self._framed = [i for i, one in enumerate(texts) if one.framed]
        self._passages = [i for i, one in enumerate(texts) for _ in one.facts.passages]
        self._sentences: list[int] = []  # of texts that no operator wrote
        self._clauses: list[int] = []  # the same
        self._whole: ModelBatch | None = None
        self._parts: ModelBatch | None = None
        if reader.model is None or not texts:
            return
        with self._failing():
            whole = [
                as_meant(one.asked, one.facts)._replace(framed=bool(one.framed)) for one in texts
            ]
            whole += [Asked(form, one.config) for one in texts for form in one.facts.other_forms]
            whole += [
                Asked(one.framed, one.config, use=Use.IF_KNOWN) for one in texts if one.framed
            ]
            whole += [gloss_asked(one.gloss, one.config) for one in texts if one.gloss is not None]
            whole += [Asked(one.plain, one.config, use=Use.HARM) for one in texts if one.plain]
            self._whole = reader.model.begin(whole)
            new = [(i, one) for i, one in enumerate(texts) if i not in self._whole.written]
            self._sentences = [i for i, one in new for _ in one.sentences]
            self._clauses = [i for i, one in new for _ in one.clauses]
            parts = [
                Asked(part, one.config, use=Use.HEADS)
                for one in texts
                for part in one.facts.passages
            ]
            parts += [
                Asked(part, one.config, (fold(part).words, one.facts.language), use=Use.HARM)
                for _, one in new
                for part in one.sentences
            ]
            # What the operator wrote as one question has one answer: it has no clauses.
            parts += [
                Asked(clause, one.config, use=Use.MATCH) for _, one in new for clause in one.clauses
            ]
            if parts:
                self._parts = reader.model.begin(parts)

    @property
    def encoded(self) -> int:
        """Returns how many texts `encode` has to encode."""
        return sum(batch.encoded for batch in (self._whole, self._parts) if batch is not None)

    @property
    def to_rerank(self) -> set[int]:
        """Returns the places of texts with which answers are to be read: milliseconds each."""
        places = set[int]()
        if self._whole is None:
            return places
        if found := self._whole.to_rerank:
            whole = [
                *range(len(self._texts)),
                *self._again,
                *self._framed,
                *[i for i, one in enumerate(self._texts) if one.gloss is not None],
            ]
            places.update([whole[place] for place in found])
        if self._parts is not None and (found := self._parts.to_rerank):
            parts = [*self._passages, *self._sentences, *self._clauses]
            places.update([parts[place] for place in found])
        return places

    @property
    def batches(self) -> list[ModelBatch]:
        """Returns what the model reads of the texts; nothing after a failure."""
        whole = self._whole
        return [] if whole is None else [one for one in (whole, self._parts) if one is not None]

    def encode(self) -> None:
        """Encodes the texts, and passages in a run of their own: beside a long text each would be
        padded to its length."""
        with self._failing():
            for batch in (self._whole, self._parts):
                if batch is not None:
                    batch.encode()

    def readings(self, places: Sequence[int] | None = None) -> list[TurnReading]:
        """Returns the readings of texts, by default of all in the order asked.

        After a failure they are read text by text, or by rules.
        """
        places = range(len(self._texts)) if places is None else places
        if self._whole is not None:
            with self._failing():
                return self._by_model(self._whole, self._parts, places)
        texts = [self._texts[place] for place in places]
        if self._reader.model is None or len(self._texts) == 1:
            return [_by_rules(one.facts) for one in texts]
        return [reading for one in texts for reading in self._reader.read([one.asked])]

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except Exception:  # any failure of the model on any text must give signals, not an error
            self._whole = None

    def _by_model(
        self, whole: ModelBatch, parts: ModelBatch | None, places: Sequence[int]
    ) -> list[TurnReading]:
        texts, again = self._texts, self._again
        rows, matches = whole.rows()
        known = known_forms(again, matches, len(texts))
        for position, index in enumerate(again, start=len(texts)):
            rows[index] = more_cautious(rows[index], rows[position])
            if index in known:
                # The disguise, or the words to the router, are no part of the question that is
                # asked. They still raise caution.
                rows[index] = rows[index]._replace(novelty=rows[known[index]].novelty)
                matches[index] = matches[known[index]]
            else:
                matches[index] = weaker_match(matches[index], matches[position])
        for index, one in enumerate(texts):
            if self._means_nothing(one.facts, matches[index]):
                rows[index] = rows[index]._replace(novelty=1.0)
                matches[index] = None
        self._by_framed(rows, matches, len(texts) + len(again))
        self._by_gloss(rows, matches, len(texts) + len(again) + len(self._framed))
        self._by_plain_words(rows)
        for index, (_, config, facts, said, gloss, *_) in enumerate(texts):
            if config.shelf is not None and not facts.unread:
                matches[index] = config.shelf.judged(
                    said, matches[index], "" if gloss is None else gloss.text
                )
        known_at = {i for i, one in enumerate(texts) if one.facts.instead and is_known(matches[i])}
        known_at |= set(known)
        if parts is not None:
            part_rows, part_matches = parts.rows()
            for index, row in zip(self._passages, part_rows, strict=False):
                rows[index] = graver(rows[index], row)
            of_sentences = part_rows[len(self._passages) :]
            for index, row in zip(self._sentences, of_sentences, strict=False):
                facts, names = texts[index].facts, texts[index].config.momentary
                own, among = bool(facts.sentences), _among(texts[index])
                rows[index] = more_harmful(rows[index], row, among, names, own_matter=own)
            of_clauses = part_matches[len(self._passages) + len(self._sentences) :]
            self._by_asks(matches, of_clauses, whole.written)
        # Rows of second readings lie behind the texts' own, and are not used.
        return [
            reading_of(
                rows[index],
                matches[index],
                one.facts,
                offers_from=one.config.offers_from,
                momentary=one.config.momentary,
                known_form=index in known_at,
                small_talk=any([talk.reply(one.asked.text) for talk in one.config.talks]),
            )
            for index, one in ((place, texts[place]) for place in places)
        ]

    def _by_framed(self, rows: list[ModelRow], matches: list[Match | None], position: int) -> None:
        """Takes over what texts match without their frames; those begin at `position`.

        The heads read the whole text: in a task a salutation may be material.
        """
        for place, index in enumerate(self._framed, start=position):
            own, found = matches[index], matches[place]
            if rows[index].grave >= FRAMED_GRAVE:
                continue  # "this is goodbye" may be no frame
            if found is not None and found.basis.read:
                own = matches[index] = found  # its answers were read with the question alone
            if is_known(found):
                rows[index] = rows[index]._replace(novelty=rows[place].novelty)
            if found is not None and found.confidence >= FRAMED_AT:
                matches[index] = likelier(found, own)

    def _by_asks(
        self,
        matches: list[Match | None],
        clause_matches: Sequence[Match | None],
        written: Collection[int],
    ) -> None:
        """Notes the answers of requests that ask for several, by the matches of their clauses."""
        position = 0
        for index, one in enumerate(self._texts):
            clauses = () if index in written else one.clauses
            own = clause_matches[position : position + len(clauses)]
            position += len(clauses)
            match = matches[index]
            if match is None or match.basis is MatchBasis.WRITTEN:
                continue
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
        position = len(rows) - sum([bool(one.plain) for one in self._texts])
        for index, one in enumerate(self._texts):
            if one.plain:
                rows[index] = with_heads(rows[index], rows[position], one.config.momentary)
                position += 1

    def _by_gloss(self, rows: list[ModelRow], matches: list[Match | None], position: int) -> None:
        """Takes over what the glosses match; theirs begin at `position`.

        What the encoder makes of another language is chance: a match of the text as it stands
        holds only where its gloss matches the same, as in "Wo ist my order".
        """
        for index, (_, config, facts, said, gloss, *_) in enumerate(self._texts):
            glossed = config.glossed
            if glossed is None or (gloss is None and facts.language not in glossed.languages):
                continue
            match, own = None, matches[index]
            if gloss is not None:
                match = glossed.match(gloss, matches[position], said)
                if not facts.instead:  # a disguise never lowers what its other forms tell
                    rows[index] = as_glossed(rows[index], rows[position], match)
                position += 1
            matches[index] = surer(match, own)


def read_answers(batches: Sequence[TextBatch]) -> None:
    """Reads likely answers together with the texts of several batches, after `encode`.

    Any thread. Where that fails, the texts keep their first matches.
    """
    try:
        reranked.rerank([part.begin_rerank() for batch in batches for part in batch.batches])
    except Exception as error:
        _LOG.warning("answers were not read with messages: %s", error)


def _among(one: _Text) -> int:
    """Returns by how much the odds of each of a text's sentences are divided."""
    if one.facts.sentences:
        return len(one.sentences)
    english = one.facts.language in READ_LANGUAGES
    return ASKING_WEIGHS * (len(one.sentences) if english else 1)
