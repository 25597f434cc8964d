"""Tells how likely it is that a source bears a sentence out. Numpy only through the encoder.

A sentence is compared with each sentence of the source and with all of it: which of its words the
source holds, numbers, names, negations and opposites, and what the encoder says of both. The
weights of a logistic regression were fitted on pairs that a person wrote and labelled
(`tests/documents/pairs/dev.txt`), and are judged on those of `test.txt`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from router.documents.index.ranking import chance
from router.documents.index.search import Encoder
from router.documents.index.words import DULL, words_of

FEATURES = (
    "one",
    "held",
    "held_best",
    "held_clause",
    "missing",
    "numbers",
    "numbers_apart",
    "names",
    "turn_added",
    "opposite",
    "stronger",
    "cosine",
    "cosine_best",
)
WEIGHTS = (
    -5.02,
    0.56,
    3.14,
    0.62,
    0.68,
    -2.49,
    -2.57,
    -2.25,
    -3.90,
    -3.05,
    -2.02,
    0.58,
    2.32,
)

NO_COSINE = 0.5
"""Stands for a cosine where there is no encoder."""

MOST_SENTENCES = 40
"""Sentences of one source that are compared one by one; a passage has fewer than ten."""

_CLAUSE = re.compile(
    r"[,:;()]\s+|\b(?:and|but|or|if|when|while|then|which|who|unless|after that)\b"
)
_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019.,:/-][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_TURNING_WORDS = (
    "not no never none nor neither without cannot nothing nobody nowhere cant wont dont doesnt "
    "didnt isnt arent wasnt werent mustnt shouldnt couldnt wouldnt hasnt havent hardly except "
    "unless excluded excluding prohibited forbidden"
)
_TURNING = frozenset(_TURNING_WORDS.split())
_STRONG_WORDS = (
    "all every everybody everyone everything any anybody anyone anywhere everywhere always only "
    "never full whole both each alone immediately forever entirely completely directly"
)
_STRONG = frozenset(_STRONG_WORDS.split())
"""Words that say more than a source may have said: each of them must be in it."""

_PAIRS = (
    "before after|above below|more less|more fewer|most least|minimum maximum|least most|early late"
    "|earlier later|first last|always never|all none|every no|include exclude|included excluded"
    "|free charged|free paid|allowed forbidden|may must|required optional|mandatory optional"
    "|mandatory voluntary|open closed|opens closes|start end|starts ends|begin end|begins ends"
    "|increase decrease|increases decreases|increased decreased|rise fall|raise lower|up down"
    "|on off|inside outside|internal external|accept refuse|accepts refuses|accepted refused"
    "|accepted rejected|approve reject|approved rejected|enable disable|enabled disabled|buyer "
    "seller|customer supplier|employer employee|landlord tenant|lender borrower|public private"
    "|temporary permanent|manual automatic|manually automatically|hot cold|left right|north south"
    "|east west|wet dry|new old|online offline|domestic international|gross net|over under"
    "|longer shorter|higher lower|larger smaller|faster slower|warm cold|fresh salt|morning evening"
    "|weekdays weekends|add remove|adds removes|credit debit|import export|send receive|sends "
    "receives|push pull|read write|success failure|succeed fail|valid invalid|safe dangerous"
    "|encrypt decrypt|encrypted unencrypted|refundable nonrefundable|same different|equal unequal"
    "|odd even|upper lower|front back|winter summer|adults children|days hours|days weeks"
    "|days months|hours minutes|weeks months|months years|minutes seconds|grams kilograms"
    "|working calendar|business calendar|daily weekly|weekly monthly|monthly yearly|daily monthly"
    "|only also|ascending descending|synchronous asynchronous|local remote|client server"
    "|request response|replace keep|replaces keeps|deleted kept|delete keep|shut open|win lose"
)
_OPPOSITES: dict[str, set[str]] = {}
for _pair in _PAIRS.split("|"):
    _one, _other = _pair.split()
    _OPPOSITES.setdefault(_one, set()).add(_other)
    _OPPOSITES.setdefault(_other, set()).add(_one)
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMERALS = {word: str(i) for i, word in enumerate(_SMALL.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "thousand": "1000", "once": "1", "twice": "2", "half": "0.5",
    "dozen": "12", "single": "1",
}  # fmt: skip


class _Read:
    """Holds what one text says, word by word."""

    def __init__(self, text: str) -> None:
        self.text = text
        words = [w.lower().replace("'", "").replace("\u2019", "") for w in _WORD.findall(text)]
        self.plain = frozenset(words)
        self.stems = [s for s in map(_form, words_of(text)) if s not in DULL]
        self.known = frozenset(self.stems)
        self.numbers = _numbers(text, words)
        self.names = _names(text)
        self.turns = sum(word in _TURNING for word in words)

    def holds(self, word: str) -> bool:
        """Returns True for a stem that it has, or that begins like one: `regist`, `registrat`."""
        return word in self.known or (len(word) > 5 and word[:5] in self._beginnings)

    @cached_property
    def clauses(self) -> list[_Read]:
        """Returns its clauses. The same one is the best for many sentences, and is read once."""
        return [_Read(text) for text in _CLAUSE.split(self.text) if text.strip()]

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(known[:5] for known in self.known)


class Supporter:
    """Judges sentences against sources, with the encoder where there is one."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder

    def chances(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> tuple[tuple[float, ...], ...]:
        """Returns the chance that each source bears each sentence out, (sentences, sources)."""
        return tuple(
            tuple(chance(values, WEIGHTS) for values in row)
            for row in self.features(sentences, sources)
        )

    def features(
        self, sentences: Sequence[str], sources: Sequence[str]
    ) -> list[list[tuple[float, ...]]]:
        """Returns FEATURES of each sentence and source."""
        claims = [_Read(sentence) for sentence in sentences]
        parts = [[_Read(part) for part in _parts(source)] for source in sources]
        wholes = [_Read(source) for source in sources]
        cosines = self._cosines(sentences, sources, parts)
        return [
            [
                features(claim, whole, of, *cosines(i, j))
                for j, (whole, of) in enumerate(zip(wholes, parts, strict=True))
            ]
            for i, claim in enumerate(claims)
        ]

    def _cosines(
        self, sentences: Sequence[str], sources: Sequence[str], parts: Sequence[Sequence[_Read]]
    ) -> Callable[[int, int], tuple[float, float]]:
        """Returns a function of (sentence, source): its cosine, and the best of its parts."""
        if self._encoder is None or not sentences or not sources:
            return lambda i, j: (NO_COSINE, NO_COSINE)
        texts = [*sentences, *sources, *(part.text for of in parts for part in of)]
        vectors = self._encoder.vectors(texts)
        count, first = len(sentences), len(sentences) + len(sources)
        starts = np.cumsum([first, *map(len, parts)])
        all_cosines = vectors[:count] @ vectors[count:].T  # (sentences, sources and parts)

        def cosines(i: int, j: int) -> tuple[float, float]:
            own = all_cosines[i, starts[j] - count : starts[j + 1] - count]
            whole = float(all_cosines[i, j])
            return whole, float(own.max()) if len(own) else whole

        return cosines


def features(
    claim: _Read,
    whole: _Read,
    parts: Sequence[_Read],
    cosine: float,
    cosine_best: float,
) -> tuple[float, ...]:
    """Returns FEATURES of a sentence and a source."""
    wanted = dict.fromkeys(claim.stems)
    total = len(wanted) or 1
    held = sum(map(whole.holds, wanted))
    # Of parts that hold as many of its words, the one that denies or affirms as the sentence does.
    best = max(
        parts,
        key=lambda part: (
            sum(map(part.holds, wanted)),
            (part.turns > 0) == (claim.turns > 0),
        ),
        default=whole,
    )
    held_best = sum(map(best.holds, wanted))
    # The clause that speaks of the numbers of the sentence, or any where it has none.
    speaking = [c for c in best.clauses if claim.numbers & whole.numbers <= c.numbers]
    held_clause = max((sum(map(clause.holds, wanted)) for clause in speaking), default=0)
    return (
        1.0,
        held / total,
        held_best / total,
        held_clause / total,
        math.log1p(total - held),
        float(bool(claim.numbers - whole.numbers)),
        float(bool(claim.numbers - best.numbers)),
        math.log1p(sum(name not in whole.plain for name in claim.names)),
        float(claim.turns > 0 and best.turns == 0),
        float(_clash(claim, best)),
        float(bool(claim.plain & _STRONG - whole.plain)),
        cosine,
        cosine_best,
    )


def _clash(claim: _Read, source: _Read) -> bool:
    """Returns True where the sentence has the opposite of a word of the source, and not the word.

    "Open after 9" clashes with "open before 9"; "before and after" clashes with neither.
    """
    for word in claim.plain - source.plain:
        others = _OPPOSITES.get(word, set())
        if others & source.plain - claim.plain:
            return True
    return False


def _form(word: str) -> str:
    return _NUMERALS.get(word, word)


def _numbers(text: str, words: Sequence[str]) -> frozenset[str]:
    """Returns the numbers of a text, in figures: `1,000` is 1000, `twelve` is 12."""
    figures = {_figure(number) for number in _NUMBER.findall(text)}
    # "One" is seldom a number, and "a second" is a time.
    return frozenset(figures | {_NUMERALS[w] for w in words if w in _NUMERALS and w != "one"})


def _figure(number: str) -> str:
    plain = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    if plain.count(".") == 1 and ":" not in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


def _names(text: str) -> frozenset[str]:
    """Returns the words with a capital that do not begin a sentence, lower case."""
    names = set()
    for part in _END.split(text):
        for i, word in enumerate(_WORD.findall(part)):
            if i and word[0].isupper() and word not in ("I", "We", "You"):
                names.add(word.lower().replace("'", "").replace("\u2019", ""))
    return frozenset(names)


def _parts(source: str) -> list[str]:
    return [part for part in _END.split(source) if part.strip()][:MOST_SENTENCES]
