"""Gives a knowledge file's further languages their glossaries, where a policy has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.policy.content.knowledge import Knowledge
from router.policy.content.languages.glossaries import load_glossaries
from router.policy.content.replies import names_of_keys
from router.policy.loading import LoadedPolicy
from router.triage.glossed.answers import GlossedAnswers, answerable
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import Glossary
from router.triage.glossed.key_names import KeyNames
from router.triage.glossed.lines import in_english
from router.triage.match import KnowledgeIndex
from router.triage.triage_model import TriageModel


class Spoken(NamedTuple):
    """Holds the glossaries of the languages that have answers, and what tells English from them."""

    glossaries: Sequence[Glossary]
    english: EnglishWords

    @classmethod
    def of(cls, loaded: LoadedPolicy, knowledge: Knowledge, model: TriageModel) -> Spoken:
        """Reads the policy's glossaries where the file has other languages. Raises PolicyError."""
        if not knowledge.translations:
            return cls((), EnglishWords((), model.lexicon.common))
        files = load_glossaries(loaded.file(loaded.policy.triage.glossaries))
        named = [Glossary(one, files[one].words) for one in knowledge.translations if one in files]
        english = (words for file in files.values() for words in file.words)
        return cls(named, EnglishWords(english, model.lexicon.common))

    def said(self, not_covered: Sequence[str]) -> Sequence[str]:
        """Returns lines with those that are in a glossary's language in English words, too."""
        if not self.glossaries or not not_covered:
            return not_covered
        return [*not_covered, *in_english(not_covered, self.glossaries, self.english)]

    def answers(self, knowledge: Knowledge, index: KnowledgeIndex) -> GlossedAnswers | None:
        """Returns what matches requests in these languages, None where none has a glossary."""
        if not self.glossaries:
            return None
        names = KeyNames(names_of_keys(knowledge))
        answers = answerable(knowledge)
        return GlossedAnswers(
            answers, self.glossaries, index.highest, self.english, names, index.basis
        )
