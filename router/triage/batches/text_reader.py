"""Reads texts by rules and by the model, and puts both together; where the model fails, by rules.

It knows nothing about requests, conversations or threads.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from router.triage.batches import reranked
from router.triage.batches.asked import Asked, ReadingUse
from router.triage.batches.config import Rerank, TriageConfig
from router.triage.batches.forms import (
    as_meant,
    asked_in_role,
    gloss_asked,
    in_figures,
    in_plain_words,
    is_written,
    own_sentences_of,
    said_in,
    sentences_of,
)
from router.triage.batches.model_reader import ModelReader
from router.triage.batches.put_together import Places, Ruled, put_together
from router.triage.batches.triage_models import Model
from router.triage.facts.asks import asks_in
from router.triage.facts.file_paths import without_folders
from router.triage.facts.languages import ENGLISH, UNKNOWN, has_letter_of
from router.triage.facts.turn_facts import RuleFacts, TurnFacts, find_facts
from router.triage.framing.own_sentences import language_of_sentence
from router.triage.glossed.asks_abroad import asks_twice
from router.triage.glossed.glossary import Gloss
from router.triage.reading import TurnReading, reading_of
from router.triage.text.amount_lists import unquoted
from router.triage.text.folding import fold
from router.triage.text.rules import read_by_rules
from router.triage.text.spelling import as_written, knows_all
from router.types import READ_LANGUAGES

_LOG = logging.getLogger("tiergate")


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

    def glossed(self, text: str, config: TriageConfig) -> tuple[str, Gloss | None]:
        """Returns the language of a text and its English words, None where it needs none."""
        ruled = self._ruled(Asked(text, config))
        return ruled.facts.language, ruled.gloss

    def _facts(self, text: str, config: TriageConfig, spoken: str = UNKNOWN) -> TurnFacts:
        lists, idioms = config.phrases, config.idioms
        return find_facts(
            text, config.amounts, config.terms, self.knows, lists, self.mend, spoken, idioms
        )

    def _ruled(self, asked: Asked) -> Ruled:
        config = asked.config
        facts = self._facts(asked.text, config, asked.spoken)
        answers = config.knowledge is not None and not facts.unread
        in_role = asked_in_role(asked, facts)
        said = said_in(asked, facts, in_role)
        gloss = self._gloss(asked, facts, said)
        if gloss is not None and not facts.clear:
            # What the function words leave open, a glossary tells.
            facts = replace(facts, language=gloss.language, mended="")
        framed = gloss is None and said != asked.text and not facts.instead
        return Ruled(
            asked,
            config,
            facts,
            said,
            gloss,
            self._mended(said, facts, config) if framed and not facts.other_forms else "",
            in_plain_words(asked, facts),
            in_role,
            # Whoever has approved answers must not give one of them where two are asked for.
            asks_in(said) if answers else (),
            answers and asks_twice(said, facts.language or asked.spoken),
            sentences_of(asked, facts, in_role),
            own_sentences_of(asked, facts) if self.model is not None else (),
            in_figures(asked, facts),
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
        if not facts.language and asked.spoken not in (UNKNOWN, ENGLISH, *glossed.languages):
            return None  # a number in a Ukrainian conversation is in no language of the file
        if facts.language not in glossed.languages and has_letter_of(said, facts.language):
            return None  # "A co když ne?" is Czech, though French has most of its words
        words = facts.folded.words if said == asked.text else fold(said).words
        return glossed.gloss(said, words, facts.language or asked.spoken, facts.even)


def _by_rules(facts: TurnFacts) -> TurnReading:
    return reading_of(read_by_rules(facts), None, facts, degraded=True)


_NOWHERE = range(0)


class _Forms:
    """Holds what the model reads in one batch, and of which text each is a form or a part."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.texts: list[int] = []

    def add(self, text: int, more: Sequence[Asked]) -> range:
        """Adds what is read of a text, and returns its places in the batch."""
        if not more:  # most texts have one form and no parts
            return _NOWHERE
        begin = len(self.asked)
        self.asked.extend(more)
        places = range(begin, len(self.asked))
        self.texts += [text] * len(places)
        return places

    def begin(self, model: ModelReader) -> None:
        """Looks up what an operator wrote, once all is added."""
        self.batch = model.begin(self.asked)

    @property
    def to_rerank(self) -> set[int]:
        """Returns the texts with which, or with a part of which, answers are to be read."""
        return {self.texts[place] for place in self.batch.to_rerank}

    def leave_out(self, texts: Collection[int]) -> None:
        """Leaves out texts whose readings nobody wants any more."""
        self.batch.leave_out({place for place, text in enumerate(self.texts) if text in texts})


class TextBatch:
    """Reads texts in three steps; `encode` may run on another thread. None of them raises.

    Besides its texts it reads their other forms, without talk to the router or undisguised, and the
    passages of long ones.
    """

    def __init__(self, reader: TextReader, texts: Sequence[Ruled]) -> None:
        self._reader, self._texts = reader, texts
        self._places: list[Places] = []
        # Of whole texts, and of their parts; none without a model, and after a failure.
        self._forms: tuple[_Forms, ...] = ()
        if reader.model is not None and texts:
            with self._failing():
                self._forms = self._begun(reader.model)

    def _begun(self, model: ModelReader) -> tuple[_Forms, _Forms]:
        """Returns what is read by the model, and notes where in it each text's own lies."""
        texts, whole, parts = list(enumerate(self._texts)), _Forms(), _Forms()
        for i, one in texts:
            whole.add(i, [as_meant(one.asked, one.facts)._replace(framed=bool(one.framed))])
        forms = [
            whole.add(i, [Asked(form, one.config) for form in one.facts.other_forms])
            for i, one in texts
        ]
        framed = [
            whole.add(
                i, [Asked(one.framed, one.config, use=ReadingUse.IF_KNOWN)] if one.framed else []
            )
            for i, one in texts
        ]
        gloss = [
            whole.add(i, [] if one.gloss is None else [gloss_asked(one.gloss, one.config)])
            for i, one in texts
        ]
        plain = [
            whole.add(i, [Asked(one.plain, one.config, use=ReadingUse.HARM)] if one.plain else [])
            for i, one in texts
        ]
        in_role = [whole.add(i, _in_role(one)) for i, one in texts]
        undetailed = [whole.add(i, _undetailed(one)) for i, one in texts]
        figured = [whole.add(i, _figured(one)) for i, one in texts]
        whole.begin(model)
        passages = [
            parts.add(
                i, [Asked(part, one.config, use=ReadingUse.HEADS) for part in one.facts.passages]
            )
            for i, one in texts
        ]
        # What the operator wrote as one question has one answer: it has no clauses.
        new = [(i, one, i not in whole.batch.written) for i, one in texts]
        sentences = [parts.add(i, _sentences(one) if is_new else ()) for i, one, is_new in new]
        clauses = [parts.add(i, _clauses(one) if is_new else ()) for i, one, is_new in new]
        parts.begin(model)
        of_parts = (passages, sentences, clauses)
        columns = (forms, framed, gloss, plain, in_role, undetailed, *of_parts, figured)
        self._places = list(map(Places, range(len(texts)), *columns))
        return whole, parts

    @property
    def encoded(self) -> int:
        """Returns how many texts `encode` has to encode."""
        return sum([forms.batch.encoded for forms in self._forms])

    @property
    def to_rerank(self) -> set[int]:
        """Returns the places of texts with which answers are to be read: milliseconds each."""
        return set[int]().union(*[forms.to_rerank for forms in self._forms])

    def leave_out(self, places: Collection[int]) -> None:
        """Leaves out texts whose readings nobody wants any more."""
        for forms in self._forms:
            forms.leave_out(places)

    def begin_rerank(self) -> list[dict[Rerank, list[reranked.Reranked]]]:
        """Returns what is then to be read with answers: of whole texts, and of their parts."""
        return [forms.batch.begin_rerank() for forms in self._forms]

    def encode(self) -> None:
        """Encodes the texts, and then their parts."""
        with self._failing():
            for forms in self._forms:
                forms.batch.encode()

    def readings(self, places: Sequence[int] | None = None) -> list[TurnReading]:
        """Returns the readings of texts, by default of all in the order asked.

        After a failure they are read text by text, or by rules.
        """
        places = range(len(self._texts)) if places is None else places
        with self._failing():
            if self._forms:
                whole, parts = [forms.batch.rows() for forms in self._forms]
                return [
                    put_together(
                        self._texts[place], self._places[place], whole, parts, self._reader.knows
                    )
                    for place in places
                ]
        texts = [self._texts[place] for place in places]
        if self._reader.model is None or len(self._texts) == 1:
            return [_by_rules(one.facts) for one in texts]
        return [reading for one in texts for reading in self._reader.read([one.asked])]

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except Exception:  # any failure of the model on any text must give signals, not an error
            self._forms = ()


def _in_role(text: Ruled) -> list[Asked]:
    return [_for_harm(text, text.in_role, fold(text.in_role).words)] if text.in_role else []


def _figured(text: Ruled) -> list[Asked]:
    if not text.figured:
        return []
    told = fold(text.figured).words, text.facts.language
    return [Asked(text.figured, text.config, told)]


def _undetailed(text: Ruled) -> list[Asked]:
    part, words = text.facts.undetailed, text.facts.undetailed_words
    return [_for_harm(text, part, words)] if part else []


def _sentences(text: Ruled) -> list[Asked]:
    if not text.sentences and not text.own:
        return []
    among = dict.fromkeys(text.sentences, text.among)
    for own in text.own:  # a sentence may be read for both; the larger chance counts
        among[own.text] = min(own.among, among.get(own.text, own.among))
    return [
        _for_harm(text, part, fold(part).words)._replace(among=among[part]) for part in text.apart
    ]


def _for_harm(text: Ruled, part: str, words: tuple[str, ...]) -> Asked:
    language = text.facts.language
    if text.own:  # of a long text, whose sentences may be in several languages
        language = language_of_sentence(part, words, language)
    return Asked(part, text.config, (words, language), use=ReadingUse.HARM)


def _clauses(text: Ruled) -> list[Asked]:
    return [Asked(clause, text.config, use=ReadingUse.MATCH) for clause in text.clauses]


def read_answers(batches: Sequence[TextBatch]) -> None:
    """Reads likely answers together with the texts of several batches, after `encode`.

    Any thread. Where that fails, the texts keep their first matches.
    """
    try:
        reranked.rerank([forms for batch in batches for forms in batch.begin_rerank()])
    except Exception as error:
        _LOG.warning("answers were not read with messages: %s", error)
