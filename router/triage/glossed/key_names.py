"""Reads the English names that stand for keys in texts of other languages: "Wo ist my order?".

A text with a key is matched with the key's name in its place, as the operator's English utterances
have it. Among words of another language such a name is English already, whatever the glossary
knows; and behind that language's own word for it ("meine Bestellung my order") it says nothing
more. It knows nothing about keys as such, nor about the languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from router.triage.glossed.word_runs import joined

_FIRST_MARK = 0xE000  # of the code points that no text shows; one of them tells no language


class KeyNames:
    """Holds the names of the keys that users may type, such as "order"; immutable."""

    def __init__(self, names: Iterable[str]) -> None:
        # The longest first: "my order item" names no order.
        longest = sorted(set(names), key=lambda name: (-len(name.split()), name))
        marks = [(("my", *name.split()), chr(_FIRST_MARK + i)) for i, name in enumerate(longest)]
        self._runs = {"my": marks}
        self._said = [
            (
                mark,
                re.compile(
                    rf"(?:\bnumber of )?\b{re.escape(' '.join(phrase[1:]))}"
                    rf"(?: (?:\w+ ){{0,2}}?number)? {mark}"
                ),
                " ".join(phrase),
            )
            for phrase, mark in marks
        ]

    def marked(self, words: Sequence[str]) -> Sequence[str]:
        """Returns folded words with a mark for each name, which counts as known everywhere.

        >>> [len(word) for word in KeyNames(["order"]).marked(["storniere", "my", "order"])]
        [9, 1]
        """
        return joined(words, self._runs)

    def said(self, text: str) -> str:
        """Returns a gloss with names in place of its marks, each thing named once.

        >>> names = KeyNames(["order"])
        >>> mark = names.marked(["my", "order"])[0]
        >>> names.said(f"where is my order {mark}?"), names.said(f"cancel {mark}")
        ('where is my order?', 'cancel my order')
        """
        for mark, behind, name in self._said:
            if mark in text:
                text = behind.sub(name.removeprefix("my "), text).replace(mark, name)
        return text
