"""Finds what the rules tell about one text, without the model: amounts, terms, language, disguises.

It knows nothing about turns of a conversation or about what a decision makes of the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from msgspec import Struct

from router.money.priced_goods import priced_goods
from router.policy.content.term_files import ACTIONS, HARM, LANGUAGE_MARK, STRATEGY, list_of
from router.regexes.late import late_regex
from router.triage.disguises.known_words import Knows
from router.triage.disguises.undone import undone
from router.triage.facts.file_paths import without_folders
from router.triage.facts.languages import UNKNOWN, continued, has_letter_of, heard
from router.triage.facts.wordplay import only_plays, only_works_out
from router.triage.facts.works import without_titles
from router.triage.framing.contact_details import without_contact_details
from router.triage.framing.cores import MOST_CHARACTERS, without_last_names
from router.triage.framing.given.exam_items import is_exam_item
from router.triage.framing.idioms import NO_IDIOMS, Idioms
from router.triage.text.amount_lists import all_material, all_quoted, with_further
from router.triage.text.amounts import AmountReader
from router.triage.text.folding import Folded, fold, words_of
from router.triage.text.numbers import crowded
from router.triage.text.phrases import (
    find_router_talk,
    is_bare_follow_up,
    is_placeholder,
    without_stage,
)
from router.triage.text.spelling import Mend, as_written, knows_all
from router.triage.text.terms import TermFinder
from router.triage.text.windows import passages, sentences
from router.types import READ_LANGUAGES, Amount, Matter

STRATEGY_WORDS = 150
"""Words of a message or a letter that may ask for a decision about a company. A longer text, such
as a document or a program's prompt, may only mention one."""
_SENTENCE = late_regex(r"[.!?;\n]+")
_STRATEGIC = f"{STRATEGY}{LANGUAGE_MARK}"
_NO_ITEM = frozenset({ACTIONS, Matter.SELF_HARM, Matter.VIOLENCE, Matter.POISON})
"""Lists whose terms make any text somebody's matter, also one with answers to choose from."""


class FindsPhrases(Protocol):
    """Finds phrases of further lists. Raises nothing."""

    def find(self, text: Folded) -> tuple[str, ...]:
        """Returns the names of the lists found."""


class TurnFacts(Struct, frozen=True):
    """Holds what the rules find in one text, without the model."""

    folded: Folded
    amounts: tuple[Amount, ...]
    risk_terms: tuple[str, ...]
    bare: bool  # a bare follow-up
    unread: bool  # more text or numbers than are read
    other_forms: tuple[str, ...] = ()  # read besides: without talk to the router, undisguised
    instead: str = ""  # read in place of a text that has no word of its own
    unusual: bool = False  # it talked to the router, or was disguised
    placeholder: bool = False  # what a program put in place of a text: "#NAME?"
    language: str = UNKNOWN
    clear: bool = False  # the text tells its language clearly
    even: tuple[str, ...] = ()  # languages that it tells as much
    passages: tuple[str, ...] = ()  # of a long text, read besides
    undetailed: str = ""  # without contact details, read besides; "" where it has none
    undetailed_words: tuple[str, ...] = ()  # folded
    sentences: tuple[str, ...] = ()  # of a message, read besides for harm and grave matters
    mended: str = ""  # the text without typing errors and folders; "" where it has none
    works_out: bool = False  # it only asks for a sum of numbers, whoever signs it
    priced: bool = False  # that sum is what goods cost: it may be at stake in a later turn
    exam_item: bool = False  # a question of an exam, with answers to choose from
    asks_harm: bool = False  # in plain words of a language that the encoder does not read

    @property
    def said(self) -> int:
        """Returns the number of words of the text, without those of contact details.

        Two letters of a script without blanks count as a word: each is a piece by itself here.
        """
        words = self.undetailed_words if self.undetailed else self.folded.words
        if self.folded.text.isascii():
            return len(words)
        return len(words) - sum([_is_letter(word) for word in words]) // 2


_FIRST_UNSPACED, _FIRST_HANGUL = "\u3040", "\uac00"
"""The first letters of kana, which Chinese characters follow, and of Korean, which has blanks."""


def _is_letter(word: str) -> bool:
    return len(word) == 1 and _FIRST_UNSPACED <= word < _FIRST_HANGUL


class RuleFacts(NamedTuple):
    """Holds what the rules find in a text that the model does not read."""

    amounts: tuple[Amount, ...]
    risk_terms: tuple[str, ...]
    unread: bool


def find_facts(
    text: str,
    amounts: AmountReader,
    terms: TermFinder,
    knows: Knows = knows_all,
    phrases: Sequence[FindsPhrases] = (),
    mend: Mend = as_written,
    spoken: str = UNKNOWN,
    idioms: Idioms = NO_IDIOMS,
) -> TurnFacts:
    """Returns what the rules find in one text, in linear time.

    `knows` tells words from none, which shows disguises; by default none is looked for. What `mend`
    makes of an English text is read for amounts and terms too, and tells a bare follow-up. `spoken`
    is the language of the conversation, for a text that does not tell its own clearly. In sayings
    nothing is found.
    """
    folded, lists = fold(text), partial(lists_in, terms=terms, phrases=phrases, idioms=idioms)
    sums = amounts.read(folded)
    names = lists(folded)
    told = heard(text, folded.words)
    language = continued(told, spoken)
    if not told.clear and language == told.language:
        language = _by_phrases(names) or language
    english = told.clear and told.language in READ_LANGUAGES
    names = _heard_in(text, names, lists) if english else names
    plain = without_folders(text)
    mended = mend(plain) if language in READ_LANGUAGES else plain
    meant = folded
    if mended != text:
        meant = fold(mended)
        sums = with_further(sums, amounts.read(meant))
        further = _heard_in(mended, lists(meant), lists) if english else lists(meant)
        names = names_of((names, further))
    priced = not names and priced_goods(folded.text.lower()) is not None
    works_out = priced or _works_out(text, folded)
    if sums and (works_out or only_plays(meant.text)):
        sums = all_material(sums) if priced else all_quoted(sums)
    talk = find_router_talk(folded)
    disguise = undone(text, folded, knows)
    # "Și dacă nu?" read backwards has words too, but whoever turns a text writes no ș.
    hidden = disguise.hidden and not has_letter_of(text, language)
    instead, *disguised = disguise.forms if hidden else ("", *disguise.forms)
    for form in map(fold, disguise.forms):
        sums = with_further(sums, amounts.read(form))
        names = names_of((names, lists(form)))
    if instead:
        told = heard(instead, words_of(instead))
        language = told.language
    of_harm = [name for name in names if list_of(name) == HARM]
    if of_harm:
        names = tuple([name for name in names if name not in of_harm])
    item = language in READ_LANGUAGES and _is_item(text, names)
    undetailed = "" if instead else without_contact_details(plain, folded.words, language)
    without_talk = "" if talk is None or not fold(talk.rest).words else talk.rest
    without_talk = without_stage(folded) or without_talk
    return TurnFacts(
        folded=folded,
        amounts=all_quoted(sums) if item else sums,
        risk_terms=() if item else names,
        bare=not sums and not names and is_bare_follow_up(meant),
        unread=folded.cut or crowded(folded),
        other_forms=(*disguised, without_talk) if without_talk else tuple(disguised),
        instead=instead,
        unusual=bool(disguise.forms) or (talk is not None and talk.addressed),
        placeholder=is_placeholder(folded),
        language=language,
        clear=told.clear,
        even=told.even if language == told.language and spoken not in told.even else (),
        passages=passages(instead or plain),
        undetailed=undetailed,
        undetailed_words=fold(undetailed).words if undetailed else (),
        sentences=sentences(instead or undetailed or plain),
        mended=mended if mended != text else "",
        works_out=works_out,
        priced=priced,
        exam_item=item,
        asks_harm=bool(of_harm) and language not in READ_LANGUAGES,
    )


def _is_item(text: str, names: Sequence[str]) -> bool:
    """Returns True for a question of an exam without a term that no such question has."""
    return _NO_ITEM.isdisjoint([list_of(name) for name in names]) and is_exam_item(text)


def _works_out(text: str, folded: Folded) -> bool:
    """Returns True for a text that only asks for a sum of numbers, above a signature or without."""
    if only_works_out(folded.text):
        return True
    if len(text) > MOST_CHARACTERS or "\n\n" not in text:
        return False
    asked = without_last_names(text)
    return asked != text and only_works_out(" ".join(fold(asked).text.split()))


def lists_in(
    text: Folded,
    terms: TermFinder,
    phrases: Sequence[FindsPhrases],
    idioms: Idioms = NO_IDIOMS,
) -> tuple[str, ...]:
    """Returns the names of the term lists with a phrase in a text, without sayings or titles."""
    names = _found_in(text, terms, phrases)
    plain = without_titles(idioms.without(text)) if names else text
    if plain is not text:  # what stands nearer together now names nothing further
        left = _found_in(plain, terms, phrases)
        names = tuple([name for name in names if name in left])
    if names and len(text.words) > STRATEGY_WORDS:
        names = tuple([name for name in names if not name.startswith(_STRATEGIC)])
    return names_of((names,)) if names else ()


def _found_in(text: Folded, terms: TermFinder, phrases: Sequence[FindsPhrases]) -> tuple[str, ...]:
    names = terms.find(text)
    for finder in phrases:
        names += finder.find(text)
    return names


def _heard_in(
    text: str, names: tuple[str, ...], find: Callable[[Folded], tuple[str, ...]]
) -> tuple[str, ...]:
    """Returns the names found in an English text, without those of another language that no part
    of it is in.

    "Gas leak" is said in Hindi too, and a typing error makes a Polish word of an English one.
    """
    marks = [name.partition(LANGUAGE_MARK)[2] for name in names]
    if all([not mark or mark in READ_LANGUAGES for mark in marks]):
        return names
    parts = [(part, heard(part, fold(part).words)) for part in _SENTENCE.split(text)]
    other = [part for part, told in parts if not (told.clear and told.language in READ_LANGUAGES)]
    kept = find(fold(" ".join(other)))
    return tuple(
        name
        for name, mark in zip(names, marks, strict=True)
        if not mark or mark in READ_LANGUAGES or name in kept
    )


def _by_phrases(names: Sequence[str]) -> str:
    """Returns the language of the phrases that were found, "" where they are of none or several."""
    marks = {name.partition(LANGUAGE_MARK)[2] for name in names} - {""}
    return marks.pop() if len(marks) == 1 else ""


def names_of(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Returns every name once, in order of appearance."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
