"""Reads the words of utterances: what judges, what two texts share, what a text repeats.

It knows nothing about embeddings or intents.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

HELD_SHARE = 0.2
HELD_SALT = b"tiergate-knowledge-v1|"

_OPENING = re.compile(
    r"^(?:(?:ok|okay|alright|hi|hello|hey|hiya|greetings|excuse me"
    r"|dear (?:team|all|sir|madam|support)|good (?:morning|afternoon|evening|day))"
    r"(?: there| again| all| team| everyone)? "
    r"|im (?:so |very |really |absolutely )?(?:angry|annoyed|disappointed|fed up"
    r"|fuming|furious|livid|mad|upset) (?:and )?"
    r"|this is (?:just |so |really |absolutely )?(?:a (?:joke|disgrace|scandal)|disgraceful"
    r"|outrageous|ridiculous|unacceptable|unbelievable) (?:and )?)+"
)
"""Greetings and anger before a question: it is the same question."""
_FIRST = "ok okay alright hi hello hey hiya greetings excuse dear good im this"
_FIRST_WORDS = frozenset(_FIRST.split())
"""Lists the words with which an opening may begin."""
_CLOSING = re.compile(
    r"(?: (?:please tell me|please|pls|thanks in advance|thanks a lot|many thanks"
    r"|thank you(?: very much| so much)?|thanks|cheers|kind regards|best regards"
    r"|this is (?:just |so |really )?(?:a (?:joke|disgrace|scandal)|disgraceful|outrageous"
    r"|ridiculous|unacceptable))){1,4}$"
)
"""At most four: with any number, 9,000 thanks before another word were tried for six seconds."""
_SHORT = re.compile(r"\b([a-z]{1,6}) (?:(am|m)|(s|t|re|ve|ll|d))\b")
"""Finds "i m", which "I'm" is as words, and "i am": people write "im" as well."""
_ENDS = frozenset(("am", "m", "s", "t", "re", "ve", "ll", "d"))
_LAST_WORDS = frozenset(
    (
        *("me", "please", "pls", "advance", "lot", "thanks", "you", "much", "cheers", "regards"),
        *("joke", "disgrace", "scandal", "disgraceful", "outrageous", "ridiculous", "unacceptable"),
    )
)
"""Words with which a closing may end."""
_WORD = re.compile(r"[a-z0-9]+")
_DULL_WORDS = "a an the my your our i you we it is are was be do does did to of for in on at and or"
_DULL = frozenset(_DULL_WORDS.split())


def held_out(text: str) -> bool:
    """Returns True for an utterance that judges instead of teaching: a fifth of them do."""
    letters = "".join(_WORD.findall(text.lower()))  # the triage model's own cut hangs on this
    digest = hashlib.sha256(HELD_SALT + letters.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_SHARE


def words(text: str) -> tuple[str, ...]:
    """Returns the distinct words of a text that carry meaning, in its order, lower case, plural s
    cut."""
    matches = _WORD.findall(text.lower().replace("'", ""))
    return tuple(dict.fromkeys([_singular(word) for word in matches if word not in _DULL]))


def _singular(word: str) -> str:
    """Returns a word without its plural s."""
    return word[:-1] if word[-1] == "s" and len(word) > 3 else word


_AS_WORDS = bytes(code if chr(code).isalnum() or code == 10 else 32 for code in range(128))
_AS_WORDS = _AS_WORDS.ljust(256)


def words_of_all(texts: Sequence[str], without: bytes = b"") -> Iterator[list[str] | None]:
    """Yields the runs of letters and digits of each text in lower case, its ASCII characters of
    `without` left out first; None for a text beyond ASCII, or of several lines.

    All are read in one run: a file of approved answers has thousands, most of them plain.

    >>> list(words_of_all(["Where's my order?", "Où est-il ?"], b"'"))
    [['wheres', 'my', 'order'], None]
    """
    plain_ones = [text.isascii() and "\n" not in text for text in texts]
    whole = "\n".join([text if one else "" for text, one in zip(texts, plain_ones, strict=True)])
    lines = whole.lower().encode().translate(_AS_WORDS, without).decode().split("\n")
    for line, one in zip(lines, plain_ones, strict=False):
        yield line.split() if one else None


def plain(key: str) -> str:
    """Returns a text of lower-case words without courtesies; all of it where nothing would be left.

    >>> plain("good morning where is my order please thank you"), plain("thank you")
    ('where is my order', 'thank you')
    >>> plain("this is ridiculous i m so angry where is my order")
    'where is my order'
    >>> plain("let me speak to a manager this is a joke"), plain("this is a joke")
    ('let me speak to a manager', 'this is a joke')
    >>> plain("ok i m done here goodbye"), plain("im done here goodbye")
    ('im done here goodbye', 'im done here goodbye')
    """
    if not _ENDS.isdisjoint(key.split(" ")):
        key = _SHORT.sub(_as_one, key)
    # Nearly no text has either, and to look for both takes five microseconds.
    rest = key
    if key.partition(" ")[0] in _FIRST_WORDS and (opening := _OPENING.match(key)):
        rest = key[opening.end() :]
    if rest.rpartition(" ")[2] in _LAST_WORDS:
        rest = _CLOSING.sub("", rest)
    return rest or key


def _as_one(match: re.Match[str]) -> str:
    """Returns a word and its short end as one; "am" is short behind "i" alone."""
    if match[2]:
        return "im" if match[1] == "i" else match[0]
    return match[1] + match[3]


def written_once(keys: Sequence[str], owner: Sequence[int]) -> dict[str, int]:
    """Returns the first utterance of each text that only one intent has."""
    first: dict[str, int] = {}
    several: set[str] = set()
    for i, key in enumerate(keys):
        if owner[first.setdefault(key, i)] != owner[i]:
            several.add(key)
    return {key: i for key, i in first.items() if key and key not in several}


class _Kept(dict[str, str]):
    """Holds what is kept of each word, "" of one that carries no meaning; equal words are one."""

    def __missing__(self, word: str) -> str:
        self[word] = "" if word in _DULL else sys.intern(_singular(word))
        return self[word]


class SharedWords:
    """Says how many words a request shares with an utterance; rare words count more."""

    def __init__(self, texts: Sequence[str]) -> None:
        kept = _Kept()
        self._words: list[tuple[str, ...]] = []
        for text, found in zip(texts, words_of_all(texts, b"'"), strict=True):
            distinct = dict.fromkeys(
                [sys.intern(word) for word in words(text)]
                if found is None
                else [keeps for word in found if (keeps := kept[word])]
            )
            # Few and short: a tuple has a fifth of a set's memory. Its order is the text's, so that
            # the sums of two processes are the same to the last bit.
            self._words.append(tuple(distinct))
        counts = Counter(itertools.chain.from_iterable(self._words))
        self._rarity = {w: math.log(1 + len(texts) / c) for w, c in counts.items()}
        self._unseen = math.log(1 + len(texts))
        self._whole = [sum(self._rarity[w] for w in found) for found in self._words]

    def share(self, asked: str, i: int) -> float:
        """Returns the share of the rarity of all words that text and utterance `i` share, 0..1."""
        rarity, known = self._rarity, {*self._words[i]}
        common = beside = 0.0
        for word in words(asked):
            if word in known:
                common += rarity[word]
            else:
                beside += rarity.get(word, self._unseen)
        union = self._whole[i] + beside
        return common / union if union else 0.0
