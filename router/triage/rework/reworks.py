"""Tells a message that only asks to rework or read a text that it gives. Pure.

"Fix the spelling in this before I send it: ..." asks for no judgement of what the text says, which
then may be about any sum, law or trouble. It is so only where the writer's own words name a form
(short, correct, in French, as a table), and neither ask for a judgement, a decision, advice or an
act, nor ask anything else. In doubt it is False.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.rework import words as lists
from router.triage.rework.given_text import ENDS, LEAST_GIVEN, MAY_GIVE, last_sentence, parted
from router.triage.text.folding import Folded, fold, words_of
from router.triage.text.quotes import acts

MOST_RESHAPING = 12
"""Words of a turn that goes on with a rework: "a bit shorter, and in a warmer tone please"."""
ASKING = ("?", "؟")
_STEM = 3  # letters of a stem by which it is looked up
_ENDS = late_regex(f"([{ENDS}])")


class Vocabulary(Struct, frozen=True):
    """Holds words of one meaning in a folded form."""

    words: frozenset[str]
    stems: dict[str, tuple[str, ...]]  # by their first letters
    anywhere: tuple[str, ...]  # of scripts without blanks
    phrases: tuple[str, ...]  # words in a row

    def found(self, text: str, words: tuple[str, ...]) -> bool:
        """Returns True where a folded text, whose words are given, has one of the words."""
        if not self.words.isdisjoint(words):
            return True
        stems = self.stems
        for word in words:
            if (likely := stems.get(word[:_STEM])) is not None and word.startswith(likely):
                return True
        if not text.isascii() and any([piece in text for piece in self.anywhere]):
            return True
        return _in_a_row(self.phrases, words)


def _in_a_row(phrases: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Returns True where one of the phrases is among the words, in a row."""
    joined = f" {' '.join(words)} "
    return any([phrase in joined for phrase in phrases])


@cache
def _rework() -> Vocabulary:
    return _vocabulary(lists.REWORK, lists.REWORK_PHRASES, lists.REWORK_ANYWHERE)


@cache
def _form() -> Vocabulary:
    return _vocabulary(lists.FORM, "", "")


@cache
def _handle() -> Vocabulary:
    return _vocabulary(lists.HANDLE, "", "")


def _asks(own: str) -> bool:
    """Returns True for folded words that ask for another form of a text."""
    words = words_of(own)
    if _rework().found(own, words):
        return True
    return _form().found(own, words) and _handle().found(own, words)


@cache
def _further() -> Vocabulary:
    return _vocabulary(lists.FURTHER, lists.FURTHER_PHRASES, lists.FURTHER_ANYWHERE)


def _vocabulary(written: str, rows: str, anywhere: str) -> Vocabulary:
    words, stems = set[str](), dict[str, list[str]]()
    for word in written.split():
        parts = words_of(fold(word).text)
        if word.endswith("*"):
            stems.setdefault(parts[0][:_STEM], []).append(parts[0])
        else:
            words.update(parts)
    pieces = tuple(fold(piece).text for piece in anywhere.split())
    by_first = {first: tuple(likely) for first, likely in stems.items()}
    phrases = {" ".join(words_of(fold(row).text)) for row in rows.split("|") if row.strip()}
    in_a_row = tuple([f" {phrase} " for phrase in sorted(phrases)])
    return Vocabulary(frozenset(words), by_first, pieces, in_a_row)


def reworks(text: Folded) -> bool:
    """Returns True where a message only asks to rework or read a text that it gives.

    >>> letter = "The roof will be repaired in May. It costs 40,000, of which the owners pay half."
    >>> asked = ("Translate this into French:", "Translate this and tell me if I should pay:")
    >>> [reworks(fold(f"{own}\\n{letter}")) for own in asked]
    [True, False]
    """
    if len(text.words) <= LEAST_GIVEN or MAY_GIVE.search(text.text) is None:
        return False
    message = parted(text.text.lower(), _asks)
    if message is None or not only_reshapes(message.own):
        return False
    return not (message.open and _asks_further(message.open))


def goes_on(text: Folded, bare: bool) -> bool:
    """Returns True for a turn that asks for no more than another form of what was reworked before.

    `bare` says that it is a bare follow-up. It must not ask to act on what the text says.
    """
    if bare:
        return not acts(text.words)
    return len(text.words) <= MOST_RESHAPING and only_reshapes(text.text.lower())


def only_reshapes(own: str) -> bool:
    """Returns True for folded words in small letters that ask for a form, and nothing else."""
    if not _asks(own) or _further().found(own, words_of(own)):
        return False
    parts = _ENDS.split(own)
    ended = zip(parts[::2], parts[1::2], strict=False)
    return all([_asks(part) for part, end in ended if end in ASKING and part.strip()])


def _asks_further(given: str) -> bool:
    """Returns True where a given text whose end does not show may hold a question to us.

    Rows of words count anywhere, single words in a question or a short line at the end.
    """
    words = words_of(given)
    if _in_a_row(_further().phrases, words):
        return True
    last = last_sentence(given)
    alone = len(words_of(given.rstrip().rpartition("\n")[2])) <= MOST_RESHAPING
    return (alone or last.endswith(ASKING)) and _further().found(last, words_of(last))
