"""Tells of utterances that ask two things, of their words that no glossary has, and of approved
words in another language than those around them.

It reads the files that a policy names, and asks nothing of triage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TypeAlias

from router.policy.content.knowledge import SLOT, IntentSection, Knowledge, load_knowledge
from router.policy.content.languages.glossaries import GlossaryFile, load_glossaries
from router.policy.content.languages.translations import translation_files
from router.policy.content.offer_words import OfferSection
from router.policy.loading import LoadedPolicy
from router.policy.schema import ResolverAnswerer
from router.policy.warnings import PolicyWarning, WarningKind
from router.triage.facts.asks import asks_in, leans
from router.triage.facts.languages import UNKNOWN, heard
from router.triage.glossed.english import tells_nothing
from router.triage.text.folding import fold
from router.triage.verifier import STEM, content_words
from router.types import READ_LANGUAGES

MOST_NAMED = 5
"""Utterances that are named; a long list hides other warnings."""
LEAST_ALIKE = 2 / 3
"""Share of words that make a part of an utterance another answer's question."""
LEAST_PART = 4
"""One in so many utterances of an answer has a word that names what it is about."""
MOST_WORDS = 12
"""Words that are named of a language, the most frequent first."""
LEAST_WORDS = 6
"""A shorter answer may be an address or a name, which is in no language."""
AnswersFile: TypeAlias = tuple[str, Knowledge, str | None]
"""A file of answers by its name, what it says, and the folder of its other languages."""


def utterance_notes(loaded: LoadedPolicy, *, whole: bool = False) -> Iterator[str]:
    """Yields what utterances ask twice, which of their words a glossary lacks, and what is said in
    another language than the rest.

    People read the first few of each; a program gets the `whole` lists.
    """
    files = tuple(answers_files(loaded))
    yield from twofold_notes(files, whole=whole)
    yield from glossary_notes(loaded, files, whole=whole)
    yield from foreign_notes(loaded, files, whole=whole)


def _listed(names: Sequence[str], most: int, whole: bool) -> str:
    """Returns the first names in a row, and how many more there are; all of them if `whole`."""
    if whole or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def twofold_notes(files: Iterable[AnswersFile], *, whole: bool = False) -> Iterator[str]:
    """Yields for each file of answers its utterances of which another answer has a part."""
    for file, knowledge, _ in files:
        twofold = [
            f'"{text}" ({intent.id}; a part of it is like {other})'
            for intent, text, other in _asking_another(knowledge)
        ]
        if twofold:
            named = _listed(twofold, MOST_NAMED, whole)
            yield (
                f"{file}: utterances that ask two things: {named}. Each "
                "draws requests for either to one answer, which is half of what they ask: "
                "write it as two utterances, each at the answer to its own part"
            )


def glossary_notes(
    loaded: LoadedPolicy, files: Iterable[AnswersFile], *, whole: bool = False
) -> Iterator[str]:
    """Yields for each language of a file of answers which words its glossary does not have.

    A request in that language with such a word is compared without it, or not at all. Only answers
    that the file has in that language count: no word finds another one.
    """
    glossaries = load_glossaries(loaded.file(loaded.policy.triage.glossaries))
    for file, knowledge, folder in files:
        languages = () if folder is None else translation_files(loaded.file(folder), [])
        for spoken in sorted([spoken for spoken, _, _ in languages], key=lambda one: one.language):
            language = spoken.language
            if language not in glossaries:
                continue
            said = _names(knowledge, set(spoken.intents))
            if lacking := words_without(said, glossaries[language]):
                yield (
                    f"{file}: words of its utterances that the glossary of {language} lacks: "
                    f"{_listed(lacking, MOST_WORDS, whole)}. A request in {language} is not "
                    "found by them: write them into a glossary of yours (`triage.glossaries`)"
                )


def foreign_notes(
    loaded: LoadedPolicy, files: Iterable[AnswersFile], *, whole: bool = False
) -> Iterator[str]:
    """Yields for each file of answers and each of its languages the words in another language.

    A file's own language is that of most of its answers. Only what is clearly in one counts.
    """
    for file, knowledge, folder in files:
        answers = {intent.id: intent.answer for intent in knowledge.content.intents}
        told = Counter([language for text in answers.values() if (language := _clear(text))])
        [(own, _)] = told.most_common(1) or [(UNKNOWN, 0)]
        offer = knowledge.content.offer
        yield from _foreign(file, own, answers, offer, whole)
        languages = () if folder is None else translation_files(loaded.file(folder), [])
        for spoken in sorted([spoken for spoken, _, _ in languages], key=lambda one: one.language):
            answers = {name: intent.answer for name, intent in spoken.intents.items()}
            place = f"{folder} ({spoken.language})"
            yield from _foreign(place, spoken.language, answers, spoken.offer or offer, whole)


def not_english_warnings(files: Iterable[AnswersFile]) -> Iterator[PolicyWarning]:
    """Yields a warning for each file of answers most of whose utterances are in another language
    than English. An answer whose utterances tell no language clearly does not count."""
    for file, knowledge, _ in files:
        asked = [" ".join(intent.utterances) for intent in knowledge.content.intents]
        told = Counter([language for text in asked if (language := _clear(text))])
        for language, count in told.most_common(1):
            if language not in READ_LANGUAGES and 2 * count > told.total():
                yield PolicyWarning(
                    WarningKind.UTTERANCES_NOT_ENGLISH,
                    f"{file}: intents",
                    f"most utterances are in {language}, and the model reads English: hardly more "
                    f"than what they say word for word is found. Write this file in English, and "
                    f"its {language} in a folder that `languages` of the answerer names: "
                    f"{language}.yaml",
                )


def _foreign(
    file: str, own: str, answers: Mapping[str, str], offer: OfferSection, whole: bool
) -> Iterator[str]:
    """Yields the answers, and the words around offers, that are not in a file's own language."""
    others = [name for name, text in answers.items() if _clear(text) not in (own, UNKNOWN)]
    if own and others:
        named = _listed(others, MOST_NAMED, whole)
        yield f"{file}: answers that are not in {own}, as the others are: {named}"
    # Both in one look: the words before a list may be few.
    spoken = _clear(f"{offer.before} {offer.after}")
    if own and spoken not in (own, UNKNOWN):
        yield (
            f"{file}: words in {spoken} stand around the questions that level 1 offers in {own}: "
            "write them in `offer`"
        )


def _clear(text: str) -> str:
    """Returns the language that a text tells clearly, slots aside; UNKNOWN for none."""
    said = SLOT.sub("", text)
    words = fold(said).words
    told = heard(said, words)
    return told.language if told.clear and len(words) >= LEAST_WORDS else UNKNOWN


def _asking_another(knowledge: Knowledge) -> Iterator[tuple[IntentSection, str, str]]:
    """Yields utterances of which a part has the words of another answer, and that answer's name.

    Shipped files have a hundred that ask for more than one thing, and nearly all of them ask it of
    the same answer: "what is it and how do I get it".
    """
    stems = {
        intent.id: [_stems(text) for text in intent.utterances if not asks_in(text)]
        for intent in knowledge.content.intents
        if intent.offered
    }

    def nearest(part: frozenset[str], name: str) -> float:
        return max((_alike(part, own) for own in stems[name]), default=0.0)

    for intent in [intent for intent in knowledge.content.intents if intent.id in stems]:
        for text in intent.utterances:
            clauses = [clause for clause in asks_in(text) if not leans(clause)]
            for part in [part for part in map(_stems, clauses) if len(part) > 1]:
                other = max(stems, key=lambda name: nearest(part, name))
                alike = nearest(part, other)
                if other != intent.id and alike >= LEAST_ALIKE > nearest(part, intent.id):
                    yield intent, text, other
                    break


def _stems(text: str) -> frozenset[str]:
    return frozenset([word[:STEM] for word in content_words(text)])


def _alike(some: frozenset[str], others: frozenset[str]) -> float:
    """Returns the share of all words of two texts that both have, 0..1."""
    return len(some & others) / len(some | others) if some else 0.0


def _names(knowledge: Knowledge, answers: Set[str]) -> Mapping[str, int]:
    """Returns the words that many utterances of these answers have, and how many have them."""
    names = Counter[str]()
    for intent in knowledge.content.intents:
        words = Counter[str]()
        if not intent.offered or intent.id not in answers:
            continue  # small talk, which no glossary is for
        for text in intent.utterances:
            words.update({word for word in content_words(text) if not tells_nothing(word)})
        least = max(1, len(intent.utterances) // LEAST_PART)
        names.update({word: count for word, count in words.items() if count >= least})
    return names


def words_without(said: Mapping[str, int], glossary: GlossaryFile) -> Sequence[str]:
    """Returns the English words that a glossary has no word for, the most frequent first.

    Words with the same first letters count as one, as where requests are matched.
    """
    known = {word[:STEM] for english in glossary.words for word in content_words(english)}
    lacking: dict[str, str] = {}
    for word in sorted(said, key=lambda word: (-said[word], word)):
        if word[:STEM] not in known:
            lacking.setdefault(word[:STEM], word)
    return tuple(lacking.values())


def answers_files(loaded: LoadedPolicy) -> Iterator[AnswersFile]:
    """Yields each file of answers once, and the folder of its other languages."""
    seen = set[str]()
    for _, section in loaded.policy.rungs():
        if isinstance(section, ResolverAnswerer) and section.knowledge not in seen:
            seen.add(section.knowledge)
            path = loaded.file(section.knowledge)
            yield (
                section.knowledge,
                load_knowledge(path, section.lookups),
                section.languages,
            )
