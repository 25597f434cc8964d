"""Compares a request with the intent that it seems to match, and corrects the chance.

The first chance of `match` is fitted to the operator's own file: it hardly sees what strangers ask.
The verifier is fitted once, on simulated files of several companies, against the traffic of the
world: akin requests, other companies' customers, general prompts, code, harm, other languages. It
is a logistic regression over what can be compared between any request and any intent: the words
of the request that the intent covers nowhere, cosines, and how the heads read both. So it
transfers to a file that it has never seen. It knows nothing about policies or tiers.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, dotted, logit_of, sigmoid_of
from router.triage.matching.gate import Gate
from router.triage.text.utterance_words import words_of_all
from router.triage.utterances import Described, Utterances
from router.types import Traffic

WORDS = (
    "uncovered",
    "uncovered_rarity",
    "rarest_uncovered",
    "share_uncovered",
    "unknown_to_file",
    "length",
)
READ = ("stakes_above", "toxic_above", "spam_above", "novelty_above")
STAKES_ABOVE = READ.index("stakes_above")
WORLD = ("outside", "outside_above")
PAIR = ("one", "first", *WORDS, *READ, *WORLD)
"""Features of a request and its candidate. `first` is the log-odds of the first chance, which the
operator's file has adjusted; its parts are left out, since they are not: the verifier would learn
to trust cosines as they are among texts that the encoder was trained on."""

CANDIDATE_AT = 0.1
"""First chance from which a request is verified: hardly anything below it is right, and the rest of
the traffic then costs nothing. From .3 on, what was offered below was unverified: of general
prompts 5 % had a chance of .2 or more in the help desk's file, and .5 % have it now."""

FIRST_LIMIT = 6.0
"""Log-odds beyond which a first chance says no more: it has seen too few rows to be surer."""

SET = ("one", "verified", "share", "centres", "typical")
"""Features of a request and its likeliest intents together. Whoever asks in unusual words is often
between three intents, each of them unlikely: what is left to know is whether the file has an answer
at all. The words of the three and how the heads read them add nothing to these."""

LEAST_SHARE, SET_LIMIT = 1e-6, 8.0
"""Bounds of shares and of their log-odds, so that no feature is infinite."""

SET_SIZE = 3
"""Intents whose chance together is told: as many as level 1 usually offers."""

_WORD = re.compile(r"[^\W_]+")
_DULL_WORDS = (
    "a an the my your our his her their its i you we he she it they me us them is are was were be "
    "been am do does did done to of for in on at and or but if so as by with from this that these "
    "those there here what which who how when where why can could would will shall should may "
    "might must have has had not no dont doesnt didnt cant wont isnt im ive id youre whats s t m "
    "re ve ll d wheres whos hows whens thats theres lets please pls hi hello hey thanks thank just "
    "any some get got want need like help"
)
DULL = frozenset(_DULL_WORDS.split())
"""Words that carry no meaning of their own."""
STEM = 5
"""Letters by which two words are the same: `delivered` and `delivery`, `password` and
`passwords`."""


class Lexicon(Protocol):
    """Knows how rare words are in everyday traffic, and mends typing errors."""

    def rarity(self, word: str) -> float: ...

    def fixes(self, words: Sequence[str]) -> Mapping[str, str]: ...


class HeadChances(Protocol):
    """Holds the heads' readings of a batch that are compared, one row per text."""

    @property
    def stakes_high(self) -> Floats: ...
    @property
    def toxic(self) -> Floats: ...
    @property
    def spam(self) -> Floats: ...
    @property
    def novelty(self) -> Floats: ...


def readings_of(out: HeadChances) -> npt.NDArray[np.float32]:
    """Returns how the heads read a batch, (texts, len(READ))."""
    return np.array([out.stakes_high, out.toxic, out.spam, out.novelty], np.float32).T


class Verifier(NamedTuple):
    """Holds what was fitted on companies' files: coefficients, and the cap of foreign files."""

    coefficients: Floats  # (len(PAIR),)
    cap: float  # the share right among the surest of files that no fit had seen, at most .9
    outside: Floats  # (width + 1,) a plane between what companies are asked and the world's rest
    together: Floats  # (len(SET),)

    def chance(self, features: Sequence[float]) -> float:
        """Returns the chance that a request and its candidate belong together."""
        return sigmoid_of(dotted(features, self.coefficients.tolist()))

    def chance_together(self, verified: float, parts: Sequence[float]) -> float:
        """Returns the chance that one of the likeliest intents is the right one."""
        return sigmoid_of(dotted(set_features(verified, parts), self.together.tolist()))

    def strangeness(self, vectors: npt.NDArray[np.float32]) -> Floats:
        """Returns the log-odds that texts ask no company anything, (texts,)."""
        found: Floats = vectors @ self.outside[:-1] + self.outside[-1]
        return found


class MatchModel(NamedTuple):
    """Holds what the triage model brings for matching, fitted on the files of companies."""

    coefficients: Floats  # (len(FEATURES),), of the first chance
    verifier: Verifier
    gates: Mapping[Traffic, Gate] = MappingProxyType({})  # where the model has a reranker


class Describer(Protocol):
    """Describes what the index needs of the triage model."""

    def described(self, texts: Sequence[str]) -> Described: ...

    @property
    def matching(self) -> MatchModel: ...

    @property
    def lexicon(self) -> Lexicon: ...


class Covered:
    """Holds the words of each intent and how the heads read it; immutable."""

    def __init__(
        self,
        utterances: Utterances,
        lexicon: Lexicon,
        verifier: Verifier,
    ) -> None:
        self._lexicon = lexicon
        texts, owner, intents = utterances.texts, utterances.owner, len(utterances.intent_ids)
        lines: list[list[str]] = [[] for _ in range(intents)]
        for text, intent in zip(texts, owner.tolist(), strict=True):
            lines[intent].append(text)
        # Utterances share most words: all of an intent are split at once, and each word cut once.
        whole = [" ".join(own) for own in lines]
        found = zip(whole, words_of_all(whole, b"'"), strict=True)
        self._stems = [
            frozenset(map(_stem, {*(content_words(text) if own is None else own)} - DULL))
            for text, own in found
        ]
        self._all = frozenset().union(*self._stems)
        strange = verifier.strangeness(utterances.vectors)
        known = np.column_stack([utterances.readings, strange])
        sums = np.zeros((intents, known.shape[1]))
        np.add.at(sums, owner, known)
        means = sums / np.bincount(owner, minlength=intents)[:, None]
        self._read: list[list[float]] = means[:, :-1].tolist()
        self._strange: list[float] = means[:, -1].tolist()

    def words(self, text: str, intent: int) -> tuple[float, ...]:
        """Returns the features WORDS of a text and an intent."""
        written = content_words(text)
        fixes = self._lexicon.fixes(written)
        asked = dict.fromkeys([fixes.get(word, word) for word in written])
        rarity = [self._lexicon.rarity(word) for word in asked]
        stems = [_stem(word) for word in asked]
        beside = [
            r for stem, r in zip(stems, rarity, strict=True) if stem not in self._stems[intent]
        ]
        strange = sum([stem not in self._all for stem in stems])
        return (
            math.log1p(len(beside)),
            math.log1p(sum(beside)),
            max(beside, default=0.0),
            sum(beside) / sum(rarity) if rarity else 0.0,
            strange / len(stems) if stems else 0.0,
            math.log1p(len(written)),
        )

    def read(self, readings: Sequence[float], intent: int) -> list[float]:
        """Returns the features READ of a text and an intent."""
        return list(map(operator.sub, readings, self._read[intent]))

    def world(self, strange: float, intent: int) -> tuple[float, float]:
        """Returns the features WORLD of a text of this strangeness and an intent."""
        return strange, strange - self._strange[intent]


def pair_features(
    first: float, words: Sequence[float], read: Sequence[float], world: Sequence[float]
) -> tuple[float, ...]:
    """Returns the verifier's features PAIR of a candidate; `first` is a chance."""
    return (1.0, first_odds(first), *words, *read, *world)


def first_odds(first: float) -> float:
    """Returns the log-odds of a first chance, as features hold them."""
    return _limited(logit_of(first), FIRST_LIMIT)


def set_parts(
    shares: Sequence[float], centres: Sequence[float], typical: float
) -> tuple[float, float, float]:
    """Returns the features SET of a candidate that no verifier changes.

    `shares` are what the regression gives to the likeliest intents, `centres` the cosines to the
    nearest centres, both of intents that may be offered, falling, from SET_SIZE of them on.
    """
    inside = min(max(sum(shares[:SET_SIZE]), LEAST_SHARE), 1.0 - LEAST_SHARE)
    near = centres[:SET_SIZE]
    return _limited(logit_of(inside), SET_LIMIT), sum(near) / max(1, len(near)), typical


def set_features(verified: float, parts: Sequence[float]) -> tuple[float, ...]:
    """Returns the features SET of a candidate; `verified` is the chance of the likeliest."""
    return (1.0, _limited(logit_of(verified), SET_LIMIT), *parts)


def features_of_sets(verified: Floats, parts: Floats) -> Floats:
    """Returns the features SET of many candidates, (rows, len(SET)), where a fit needs them."""
    rows = map(set_features, verified.tolist(), parts.tolist())
    return np.array(list(rows)).reshape(-1, len(SET))


def _limited(odds: float, limit: float) -> float:
    return min(max(odds, -limit), limit)


def content_words(text: str) -> list[str]:
    """Returns the words of a text that carry meaning, lower case, in any alphabet.

    >>> content_words("Where's my parcel? Please track it!")
    ['parcel', 'track']
    """
    found = _WORD.findall(text.lower().replace("'", "").replace("\u2019", ""))
    return [word for word in found if word not in DULL]


def _stem(word: str) -> str:
    return word[:STEM]
