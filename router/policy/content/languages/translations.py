"""Reads approved answers in further languages: a folder of files such as `de.yaml`.

    version: 1
    language: de
    intents:
      opening_hours: {utterances: [Wann habt ihr offen?], answer: Wir haben immer offen.}

Each file makes a knowledge file of its own, with the intents that it translates and no others. The
words are an operator's; nothing here translates. It knows nothing about how requests are matched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import Field, model_validator

from router.errors import Mistake, PolicyError
from router.policy.content.keys import ApprovedWords, KeySection
from router.policy.content.knowledge import (
    SLOT,
    IntentSection,
    Knowledge,
    SlotName,
    Utterance,
    questions_of,
)
from router.policy.content.languages.glossaries import LanguageCode
from router.policy.content.languages.value_words import DateWords, unknown_places, value_words
from router.policy.content.offer_words import OfferSection
from router.policy.content.text_keys import text_key
from router.policy.parsing.yaml_folders import files_of
from router.policy.parsing.yaml_lines import KeyPath, LineMap
from router.policy.schema import Section

Value = Annotated[str, Field(min_length=1, max_length=300)]


class KeyWords(Section):
    """Holds what level 1 says about a key, as `keys` of the knowledge file does."""

    ask: ApprovedWords | None = None
    ask_again: ApprovedWords | None = None
    not_found: ApprovedWords | None = None


class TranslatedIntent(Section):
    """Holds an intent's approved words in one language."""

    title: ApprovedWords | None = Field(
        default=None, description="The question as level 1 offers it. Left out: the first utterance"
    )
    utterances: list[Utterance] = Field(
        default_factory=list,
        description="Ways of asking it, which are found word for word. Others are found through "
        "the glossary of the language.",
    )
    answer: Annotated[str, Field(min_length=1, max_length=4000)]

    @model_validator(mode="after")
    def _can_be_named(self) -> TranslatedIntent:
        if self.title is None and not self.utterances:
            raise ValueError("a title or an utterance")
        return self


class TranslationFile(Section):
    """Holds a whole file: one language of a knowledge file."""

    version: Literal[1]
    language: LanguageCode
    reviewed: date | None = None
    offer: OfferSection | None = None
    keys: dict[SlotName, KeyWords] = Field(default_factory=dict)
    values: dict[Value, Value] = Field(
        default_factory=dict,
        description="Values of lookups as they stand there, and their words in this language. "
        "`{name}` stands for what differs: `delivered on {date}`.",
    )
    dates: DateWords | None = Field(
        default=None, description="How dates of lookups (24 November 2026) are written."
    )
    intents: dict[SlotName, TranslatedIntent] = Field(min_length=1)


def translation_files(
    folder: Path, mistakes: list[Mistake]
) -> Iterator[tuple[TranslationFile, str, LineMap]]:
    """Yields a folder's files with their texts and lines; adds what is wrong to `mistakes`."""
    yield from files_of(TranslationFile, sorted(folder.glob("*.yaml")), mistakes)


def with_translations(knowledge: Knowledge, folder: Path) -> Knowledge:
    """Returns the knowledge with all languages of a folder. Raises PolicyError for mistakes."""
    files: dict[str, TranslationFile] = {}
    mistakes: list[Mistake] = []
    texts = []
    for file, text, lines in translation_files(folder, mistakes):
        texts.append(text)
        mistakes += _mistakes(file, knowledge, lines)
        if file.language in files:
            expected = "a language that no other file of the folder has"
            mistakes.append(lines.mistake(("language",), file.language, expected))
        files[file.language] = file
    if mistakes:
        raise PolicyError(tuple(mistakes))
    spoken = {language: _translated(file, knowledge) for language, file in files.items()}
    questions = dict(knowledge.questions)
    for other in spoken.values():
        questions.update(other.questions)
    # What was asked in one language may be answered in another.
    spoken = {name: replace(other, questions=questions) for name, other in spoken.items()}
    digest = hashlib.sha256("\0".join((knowledge.digest, *texts)).encode()).hexdigest()[:12]
    return replace(knowledge, translations=spoken, questions=questions, digest=digest)


def _mistakes(file: TranslationFile, knowledge: Knowledge, lines: LineMap) -> Iterator[Mistake]:
    for name, intent in file.intents.items():
        known = knowledge.intents.get(name)
        if known is None:
            yield lines.mistake(("intents", name), name, "an intent of the knowledge file")
            continue
        used, needed = set(SLOT.findall(intent.answer)), set(known.slots)
        if used != needed:
            expected = f"the slots of its English answer: {', '.join(sorted(needed)) or 'none'}"
            names = ", ".join(sorted(used)) or "none"
            yield lines.mistake(("intents", name, "answer"), names, expected)
    yield from _shared_words(file, lines)
    for value in unknown_places(file.values):
        expected = "words that name in braces what the value names, each once in the value"
        yield lines.mistake(("values", value), file.values[value], expected)
    for name in file.keys:
        if name not in knowledge.content.keys:
            yield lines.mistake(("keys", name), name, "a key of the knowledge file")


def _shared_words(file: TranslationFile, lines: LineMap) -> Iterator[Mistake]:
    """Yields words of two intents: nothing could decide between these, so neither is found."""
    owners: dict[str, str] = {}
    for name, intent in file.intents.items():
        path: KeyPath = ("intents", name)
        said: list[tuple[KeyPath, str]] = [
            ((*path, "utterances", i), text) for i, text in enumerate(intent.utterances)
        ]
        if intent.title is not None:
            said.append(((*path, "title"), intent.title))
        for place, text in said:
            key = text_key(text)  # as requests are compared with them
            if key and owners.setdefault(key, name) != name:
                expected = f"an utterance of one intent only; {owners[key]} has it too"
                yield lines.mistake(place, text, expected)


def _translated(file: TranslationFile, knowledge: Knowledge) -> Knowledge:
    intents = [_intent(knowledge.intents[name], words) for name, words in file.intents.items()]
    keys = {
        name: _key(section, file.keys.get(name)) for name, section in knowledge.content.keys.items()
    }
    content = knowledge.content.model_copy(
        update={
            "intents": intents,
            "keys": keys,
            "offer": file.offer or knowledge.content.offer,
            "not_covered": [],
            "classifications": {},
        }
    )
    by_id: Mapping[str, IntentSection] = {intent.id: intent for intent in intents}
    values = value_words(file.values, file.dates)
    return Knowledge(content, knowledge.digest, by_id, questions_of(content), values=values)


def _intent(intent: IntentSection, words: TranslatedIntent) -> IntentSection:
    utterances = words.utterances or [title for title in (words.title,) if title is not None]
    update = {"title": words.title, "answer": words.answer, "utterances": utterances}
    return intent.model_copy(update=update)


def _key(section: KeySection, words: KeyWords | None) -> KeySection:
    # A question in another language than the answer would help nobody.
    return section.model_copy(update=(words or KeyWords()).model_dump())
