"""Reads the words of utterances: what judges, what two texts share, what a text repeats.

It knows nothing about embeddings or intents.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence

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


def words(text: str) -> frozenset[str]:
    """Returns the distinct words of a text that carry meaning, lower case, plural s cut."""
    matches = _WORD.findall(text.lower().replace("'", ""))
    kept = {w[:-1] if w[-1] == "s" and len(w) > 3 else w for w in matches if w not in _DULL}
    return frozenset(kept)


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
    # Nearly no text has either, and a search of the whole text for both takes five microseconds.
    opening = _OPENING.match(key)
    rest = key if opening is None else key[opening.end() :]
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
    intents: dict[str, set[int]] = {}
    first: dict[str, int] = {}
    for i, (key, intent) in enumerate(zip(keys, owner, strict=True)):
        intents.setdefault(key, set()).add(intent)
        first.setdefault(key, i)
    return {key: i for key, i in first.items() if key and len(intents[key]) == 1}


class SharedWords:
    """Says how many words a request shares with an utterance; rare words count more."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = Counter[str]()
        self._words: list[tuple[str, ...]] = []
        known: dict[str, str] = {}
        for text in texts:
            # Few and short: a tuple has a fifth of a set's memory. Equal words are one object.
            found = tuple([known.setdefault(word, word) for word in words(text)])
            counts.update(found)
            self._words.append(found)
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
