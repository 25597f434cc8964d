"""Finds approved answers for requests in the languages that an operator answers in.

A request is put into English word by word, and matched as English ones are. What that says is worth
less than the same chance of an English request: the more words stay untranslated, the less. A text
that the operator wrote in that language is found word for word, and read as the operator's English
question for the same intent. It knows nothing about encoders.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from router.policy.content.knowledge import IntentSection, Knowledge
from router.policy.content.text_keys import text_key
from router.stats.calibration import logit_of
from router.triage.facts.languages import ENGLISH, UNKNOWN, without_codes
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import Gloss, Glossaries, Glossary
from router.triage.glossed.key_names import KeyNames
from router.triage.glossed.lacked_words import ApprovedWords, Texts
from router.triage.match import OWN_LIMIT, capped, uncapped
from router.types import Match, MatchBasis

ONE, SLOPE, UNKNOWN_WORDS, UNKNOWN_SHARE = -1.04, 1.34, -0.96, -4.45
"""Log-odds that a gloss's match is right: of the match's own without its cap, of log(1 + words
without English) and of their share. The latter two are fitted on 1,826 written questions of a shop
in seven languages and 4,900 everyday lines of these, which weigh half as much as the questions. The
first two are fitted beside them on 1,952 such questions, a third of which has no answer in the
file, and on everyday lines. With each language held out, what is from .65 to .85 says .77 and is
right in .68, what is above in .95."""
LIMITS = (-6.0, 3.0)
"""Log-odds beyond which a match of a gloss says no more."""


class Answerable(NamedTuple):
    """Holds what an operator has in one language."""

    intents: frozenset[str]
    written: Mapping[str, str]  # intents by the words of an utterance or title
    english: Mapping[str, str]  # the operator's English question for each intent
    texts: Texts = MappingProxyType({})  # what the operator wrote of each intent, in English
    said: Texts = MappingProxyType({})  # the same in the language


def answerable(knowledge: Knowledge) -> dict[str, Answerable]:
    """Returns by language the intents that have an answer, and the texts that ask for each."""
    found = {}
    english = {i.id: i.title or i.utterances[0] for i in knowledge.content.intents}
    texts = {i.id: texts_of(i) for i in knowledge.content.intents}
    for language, said in knowledge.translations.items():
        written: dict[str, set[str]] = {}
        for intent in said.content.intents:
            for text in (*intent.utterances, *([intent.title] if intent.title else [])):
                written.setdefault(text_key(text), set()).add(intent.id)
        once = {key: next(iter(ids)) for key, ids in written.items() if key and len(ids) == 1}
        spoken = {intent.id: texts_of(intent) for intent in said.content.intents}
        found[language] = Answerable(frozenset(said.intents), once, english, texts, spoken)
    return found


def texts_of(intent: IntentSection) -> tuple[str, ...]:
    """Returns what an operator wrote of an intent: the answer, the questions, the title."""
    return (intent.answer, *intent.utterances, intent.title or "")


class GlossedAnswers:
    """Holds the languages of one knowledge file that have a glossary; immutable."""

    def __init__(
        self,
        answers: Mapping[str, Answerable],
        glossaries: Sequence[Glossary],
        highest: float,
        english: EnglishWords,
        names: KeyNames,
        basis: MatchBasis,
    ) -> None:
        """Takes the parts.

        `highest` is the highest chance of a request that the operator did not write. `basis` is
        what the chances of the file rest on. `names` stand in texts in place of keys.
        """
        self._answers = {g.language: answers[g.language] for g in glossaries}
        self._glossaries = Glossaries(glossaries)
        self._approved = {
            g.language: ApprovedWords(g, mine.texts, mine.said)
            for g in glossaries
            for mine in (answers[g.language],)
        }
        self._highest = highest
        self._basis = basis
        self._english = english
        self._names = names

    def gloss(
        self, text: str, words: Sequence[str], language: str, even: Sequence[str] = ()
    ) -> Gloss | None:
        """Returns a text in English words, None for what is English or in no language of ours.

        `language` is what its function words say, and `even` what else they say as much.
        Few words tell no language, and English has many that others have too. So English wins what
        is even: only words can say that a text is in another language, and no number in it.
        `words` are the folded ones; the letters of codes among them are in no language.
        """
        doubtful = language in (ENGLISH, UNKNOWN)
        if doubtful and self._english.share(words) == 1.0:
            return None  # nearly every text: no code needs to be looked for
        words = self._names.marked(without_codes(text, words))
        english = self._english.share(words) if doubtful else 0.0
        if english == 1.0:
            return None
        written = self._written(text, language)
        if written is not None:
            spoken, intent = written
            return Gloss(self._answers[spoken].english[intent], spoken, len(words), 0)
        asks = text.rstrip().endswith("?")
        gloss = self._glossaries.nearest(words, language, even, asks=asks, above=english)
        return None if gloss is None else gloss._replace(text=self._names.said(gloss.text))

    def is_written(self, text: str) -> bool:
        """Returns True for a text that the operator wrote, in any language."""
        key = text_key(text)
        return any([key in mine.written for mine in self._answers.values()])

    def match(self, gloss: Gloss, found: Match | None, text: str) -> Match | None:
        """Returns the answer that a text asks for; `found` is what its gloss matched."""
        mine = self._answers[gloss.language]
        written = mine.written.get(text_key(text))
        if written is not None:
            return Match(
                written, OWN_LIMIT, 1.0, 1.0, (), MatchBasis.WRITTEN, OWN_LIMIT, gloss.language
            )
        if found is None or found.intent_id not in mine.intents:
            return None
        if gloss.lost or (gloss.unknown and not gloss.told):
            return None  # "the wasserdruck is to niedrig" says nothing that an answer could be for
        chance = self._told(found.confidence, gloss)
        part = chance / max(found.confidence, 1e-9)
        others = [(n, round(p * min(part, 1.0), 4)) for n, p in found.others if n in mine.intents]
        together = max(chance, self._told(found.together, gloss)) if found.together else 0.0
        return Match(
            found.intent_id,
            chance,
            found.similarity,
            found.margin,
            tuple(others),
            # A gloss may be the operator's words; the text in its language is not. What was to be
            # read has the foreign chance, and no gloss is read.
            MatchBasis.FOREIGN if found.worth_reading else self._basis,
            together if len(others) == len(found.others) else chance,
            gloss.language,
        )

    def lacks(self, gloss: Gloss, intent: str, text: str) -> bool:
        """Returns True where a text has a word that an answer and its questions lack."""
        written = text_key(text) in self._answers[gloss.language].written
        return not written and self._approved[gloss.language].lacks(gloss, intent, text)

    @property
    def languages(self) -> Collection[str]:
        """Returns the languages that have answers and a glossary."""
        return self._answers.keys()

    def _told(self, chance: float, gloss: Gloss) -> float:
        odds = min(max(logit_of(uncapped(chance, self._highest)), LIMITS[0]), LIMITS[1])
        unknown = math.log1p(gloss.unknown)
        share = gloss.unknown / max(1, gloss.words)
        told = ONE + SLOPE * odds + UNKNOWN_WORDS * unknown + UNKNOWN_SHARE * share
        sure = 1.0 / (1.0 + math.exp(-told))
        return capped(sure, self._highest)

    def _written(self, text: str, language: str) -> tuple[str, str] | None:
        """Returns the language and the intent of a text that the operator wrote, else None."""
        key = text_key(text)
        found = [
            (name, mine.written[key]) for name, mine in self._answers.items() if key in mine.written
        ]
        found.sort(key=lambda one: one[0] != language)
        return found[0] if found else None
