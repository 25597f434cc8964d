"""Takes sayings out of a text before phrases and terms are looked for in it. Pure.

"So funny I can't breathe" has the words of somebody who cannot breathe, and "the deploy had a
seizure" those of an illness. Only the words of the saying go: "my son can't breathe" beside it is
found all the same. A saying ends with its clause, and the words before it may show that it is none:
"the man at the server had a seizure". Sayings are looked for only where something was found, so
that other texts pay nothing. Of a figure of speech the first part stays, and the others are put in
plain words: "my molar has been killing me" is a molar that hurts. It knows nothing about what a
phrase or a term means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.text.folding import Folded, fold_all, words_of

MOST_BETWEEN = 4
"""Words of `between` that may stand between two parts of a saying."""
MOST_BEFORE = 200
"""Characters before a saying that are read for what makes another thing of it."""
_MARKS = late_regex(r"(?<![.,;:!?()])[.,;:!?()]+(?=\s|$)|\s[-(]+|\n")
_MARK = "|"

Parts = tuple[tuple[str, ...], ...]


class Saying(Struct, frozen=True):
    """Holds the parts of a saying, each with alternatives, and the words allowed between them.

    `unless`: words which before it in its clause make another thing of it. `across`: its parts may
    stand in two clauses. `behind`: words which directly behind it make another thing of it.
    `plain`: what stands in place of all parts but the first; "" where no part stays.
    """

    parts: Parts
    between: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    across: bool = False
    behind: tuple[str, ...] = ()
    plain: str = ""


class Idioms:
    """Holds sayings; immutable.

    >>> from router.triage.text.folding import fold
    >>> saying = Saying((("deploy", "server"), ("had a seizure",)), ("just",), ("at the",))
    >>> idioms = Idioms([saying])
    >>> idioms.without(fold("The deploy just had a seizure, lol")).words
    ('the', 'lol')
    >>> len(idioms.without(fold("The man at the server had a seizure")).words)
    8
    >>> pain = Saying((("back", "tooth"), ("is killing me",)), ("just",), plain="hurts")
    >>> " ".join(Idioms([pain]).without(fold("My back just is killing me")).words)
    'my back hurts'
    """

    def __init__(self, sayings: Sequence[Saying] = ()) -> None:
        self._sayings = tuple(sayings)

    @cached_property
    def _found(self) -> re.Pattern[str]:
        # Most processes need it seldom, and a start not at all.
        forms = [f"(?P<s{place}>{_form(one)})" for place, one in enumerate(self._sayings)]
        return re.compile(rf"(?<= )(?:{'|'.join(forms)})(?= )")

    @cached_property
    def _unless(self) -> dict[str, re.Pattern[str]]:
        """Returns the words that give a saying another meaning, by its group."""
        return {
            f"s{place}": re.compile(rf" {_any_of(one.unless)} ")
            for place, one in enumerate(self._sayings)
            if one.unless
        }

    @cached_property
    def _lasts(self) -> frozenset[str]:
        """Returns the first words of the last parts."""
        return frozenset(words[0] for one in self._sayings for words in fold_all(one.parts[-1]))

    def plainly(self, text: Folded) -> str:
        """Returns a text's words with what figures of speech mean in it; "" where it has none."""
        if not self._sayings or self._lasts.isdisjoint(text.words):
            return ""
        plain = self.without(text)
        return "" if plain is text else plain.text.replace(f" {_MARK}", ",").strip()

    def without(self, text: Folded) -> Folded:
        """Returns a text without the words of sayings; the same one where it has none."""
        if not self._sayings:
            return text
        clauses = [" ".join(words_of(part)) for part in _MARKS.split(text.text)]
        said = f" {f' {_MARK} '.join([clause for clause in clauses if clause])} "
        rest = self._found.sub(self._instead, said)
        if rest == said:
            return text
        return Folded(rest, tuple(rest.replace(_MARK, " ").split()), text.cut)

    def _instead(self, match: re.Match[str]) -> str:
        """Returns what stands in place of a saying that was found."""
        if self._is_none(match):
            return match[0]
        saying = self._sayings[int((match.lastgroup or "s0")[1:])]
        if not saying.plain:
            return ""
        first = re.match(_any_of(saying.parts[0]) + "(?= )", match[0])
        return f"{match[0] if first is None else first[0]} {saying.plain}"

    def _is_none(self, match: re.Match[str]) -> bool:
        """Returns True for the words of a saying that mean another thing by those before them."""
        unless = self._unless.get(match.lastgroup or "")
        if unless is None:
            return False
        before = match.string[max(0, match.start() - MOST_BEFORE) : match.start()]
        return unless.search(before.rpartition(_MARK)[2]) is not None


def _form(saying: Saying) -> str:
    between = [_any_of(saying.between)] if saying.between else []
    marks = [re.escape(_MARK)] if saying.across else []
    among = "|".join([*between, *marks])
    gap = f" (?:(?:{among}) ){{0,{MOST_BETWEEN}}}" if among else " "
    last = f"(?! {_any_of(saying.behind)} )" if saying.behind else ""
    return gap.join(map(_any_of, saying.parts)) + last


def _any_of(terms: Sequence[str]) -> str:
    """Returns the expression for any of these; longer ones first, as one may begin another."""
    plain = sorted({" ".join(words) for words in fold_all(terms)}, key=len, reverse=True)
    return f"(?:{'|'.join(plain)})"


NO_IDIOMS = Idioms()
