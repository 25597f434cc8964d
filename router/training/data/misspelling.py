"""Spoils a text as people spoil it: typing errors, spelling by ear, short forms, missing marks.

A third of the texts is spoilt in most long words, as by somebody who never learnt to spell; the
others have one to three errors. Words of scripts without spaces keep their letters. Pure functions
of a text and a random source.
"""

from __future__ import annotations

import random
import unicodedata

UNSPACED = frozenset({"zh", "ja"})
HEAVY = 0.3
"""Share of the spoilt texts in which most long words have an error."""

_SHORT = {
    "you": "u", "are": "r", "please": "pls", "because": "cuz", "people": "ppl", "tonight": "2nite",
    "before": "b4", "for": "4", "to": "2", "with": "w", "and": "n", "my": "me", "about": "abt",
    "should": "shd", "que": "q", "porque": "pq", "para": "pra", "pour": "pr", "nicht": "net",
    "und": "u", "een": "n", "что": "чо", "сейчас": "щас",
}  # fmt: skip
_BY_EAR = (
    ("ph", "f"), ("ough", "uff"), ("ight", "ite"), ("tion", "shun"), ("ea", "ee"), ("ee", "ea"),
    ("ck", "k"), ("wh", "w"), ("th", "f"), ("ing", "in"), ("ie", "ei"), ("ei", "ie"), ("kn", "n"),
    ("wr", "r"), ("ould", "ud"), ("ause", "os"), ("ful", "full"), ("que", "ke"), ("qu", "k"),
    ("ch", "tch"), ("ss", "s"), ("ll", "l"), ("tt", "t"), ("rr", "r"), ("pp", "p"), ("mm", "m"),
    ("nn", "n"), ("z", "s"), ("c", "k"), ("x", "ks"), ("v", "w"), ("y", "i"), ("er", "a"),
    ("a", "e"), ("e", "i"), ("ou", "u"),
)  # fmt: skip
"""Spellings and how an ear spells them; the ones of more letters first."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {
    letter: row[max(i - 1, 0) : i] + row[i + 1 : i + 2]
    for row in _ROWS
    for i, letter in enumerate(row)
}


def misspelt(text: str, language: str, rng: random.Random) -> str:
    """Returns a text as somebody in a hurry, or somebody who spells by ear, types it."""
    words = text.split(" ")
    if language not in UNSPACED:
        if rng.random() < 0.3:
            words = [_SHORT.get(word.lower(), word) for word in words]
        if rng.random() < 0.3:
            words = [_without_marks(word) for word in words]
        words = _with_errors(words, rng)
        if rng.random() < 0.1:
            words = _joined(words, rng)
    text = " ".join(words)
    if rng.random() < 0.3:
        text = "".join(char for char in text if char.isalnum() or char.isspace() or _mark(char))
    return text


def _with_errors(words: list[str], rng: random.Random) -> list[str]:
    long = [i for i, word in enumerate(words) if len(word) >= 4]
    if rng.random() < HEAVY:
        chosen = [i for i in long if rng.random() < 0.7]
    else:
        chosen = rng.sample(long, min(len(long), rng.choice((1, 1, 2, 3))))
    letters = [c for word in words for c in word if c.isalpha()]
    spoilt = list(words)
    for i in chosen:
        spoilt[i] = _mistyped(words[i], letters or [words[i][1]], rng)
    return spoilt


def _mistyped(word: str, letters: list[str], rng: random.Random) -> str:
    """Returns a word of four letters or more with one error."""
    i = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:i] + word[i + 1 :],
            word[:i] + word[i] + word[i:],
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:i] + rng.choice(letters) + word[i + 1 :],
            word[:i] + rng.choice(_NEAR.get(word[i].lower()) or word[i]) + word[i + 1 :],
            word[:1] + "".join(c for c in word[1:] if c not in "aeiou"),
            _by_ear(word, rng),
            _by_ear(_by_ear(word, rng), rng),
        )
    )


def _by_ear(word: str, rng: random.Random) -> str:
    """Returns a word with one of its spellings replaced as one hears it."""
    fitting = [(old, new) for old, new in _BY_EAR if old in word]
    if not fitting:
        return word[:-1] if word.endswith("e") else word
    old, new = rng.choice(fitting)
    return word.replace(old, new, 1)


def _joined(words: list[str], rng: random.Random) -> list[str]:
    """Returns the words with one space left out, or all of them."""
    if len(words) < 2:
        return words
    if rng.random() < 0.15:
        return ["".join(words)]
    i = rng.randrange(len(words) - 1)
    return [*words[:i], words[i] + words[i + 1], *words[i + 2 :]]


def _mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _without_marks(word: str) -> str:
    if not word or unicodedata.name(word[0], "").split(" ")[0] != "LATIN":
        return word
    kept = (c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return "".join(kept)
