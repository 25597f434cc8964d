"""Finds the further sums of a list: "12,000 now, 15,000 in June and 20,000 at the end".

Of a list in one sentence often only one sum has a word of money or a currency beside it. A number
that is written like a sum is one too where a comma or a small word such as "and" joins it to one.
Counts, years, percentages and what is numbered stay out. Every look is bounded by a constant.

It knows nothing about exchange rates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.triage.text import money_words as words
from router.triage.text.bare_sums import bare_words as bare
from router.triage.text.bare_sums.finder import GROUPED, LEAST, BareSums
from router.triage.text.numbers import NUMBER, WORD, Quantity, Sum

APART = 6
"""Tokens between two sums of a list: "12,000 when you sign it, 15,000 in June"."""
MOST_EARLIER = 4
"""Numbers before a sum that are looked at: its list may begin with them."""
MOST_NOUNS = 2
"""Words between a count and "at": "2 office chairs at 300"."""
LEAST_PLAIN = 100
"""Less, written without thousands, is as likely a count."""
LEAST_SMALL = 10
"""Least of a list of small sums that a word of money leads to: "refunds of 30, 45 and 60"."""
MOST_OF_COUNT = 4
"""Words of a count before its last one: "two hundred and twenty-five"."""
_STEP = 50
"""Sums in plain digits, "1450", are round; numbers of models and orders seldom are."""
_SPACED = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+")
"""Matches a sum with its thousands apart, as in "1 200, 3 400 and 560 kronor"."""


class SumsOfLists(BareSums):
    """Finds the numbers of one text that are money because they continue a list of sums."""

    def _with_earlier(self, waiting: Sequence[Quantity], anchor: Sum) -> list[Sum]:
        """Returns the numbers before a sum that its list begins with, in order, without itself."""
        listed: list[Sum] = []
        first = anchor
        begin = self._counted_from(first.start)
        for quantity in reversed(waiting[-MOST_EARLIER:]):
            if quantity.start == begin < first.start:
                continue  # what the sum after it is the price of
            if not (quantity.end <= begin and self._joined(quantity.end, begin)):
                break
            if not (self._like_a_sum(quantity, anchor) or self._is_price(quantity)):
                break
            begin = self._counted_from(quantity.start)
            first = Sum(quantity.value, anchor.currency, quantity.start, quantity.end)
            listed.insert(0, first)
        return listed

    def _continued(
        self, quantity: Quantity, waiting: Sequence[Quantity], earlier: Sequence[Sum]
    ) -> Sum | None:
        """Returns a number as a sum where it continues the list that the last sum stands in."""
        if not earlier:
            return None
        last = earlier[-1]
        if not self._joined(last.end, self._counted_from(quantity.start)):
            return None
        if not (self._like_a_sum(quantity, last) or self._is_price(quantity)):
            return None
        if waiting and self._is_named_with(quantity, waiting[-1]):
            return None
        return Sum(quantity.value, last.currency, quantity.start, quantity.end)

    def _counted_from(self, start: int) -> int:
        """Returns where a price's count begins, the place of 2 for the 300 of "2 screens at 300".

        Without a count it returns `start`.
        """
        if self._word(start - 1) not in bare.PRICED_AT:
            return start
        for nouns, at in enumerate(self._sentence(start - 1, -1, MOST_NOUNS + 1)):
            if nouns and self._kind[at] == NUMBER:
                return at
            if nouns and self._low[at] in words.COUNTED:
                return self._first_of_count(at, words.ALL_COUNT_WORDS)
            if self._kind[at] != WORD or self._low[at] in words.LINKS:
                break
        return start

    def _first_of_count(self, at: int, in_words: frozenset[str]) -> int:
        """Returns where a count in words begins that ends at an index: the "a" of "a hundred"."""
        first = at
        for _ in range(MOST_OF_COUNT):
            before = self._word(first - 1)
            joined = {"-": in_words, "and": words.HUNDREDS}.get(before, frozenset())
            if before in in_words:
                first -= 1
            elif self._word(first - 2) in joined:
                first -= 2
            else:
                break
        large = self._low[first] in words.HUNDREDS or self._low[first] in ("dozen", "thousand")
        return first - (large and self._word(first - 1) in ("a", "an"))

    def _is_price(self, quantity: Quantity) -> bool:
        """Returns True for a number in digits behind a count and "at": "2 screens at 330"."""
        if quantity.in_words or quantity.scale or quantity.value < LEAST_PLAIN:
            return False
        return self._counted_from(quantity.start) < quantity.start and self._ends_sum(quantity.end)

    def _is_named_with(self, quantity: Quantity, before: Quantity) -> bool:
        """Returns True for the 450 of "on bus 400 and 450": a noun names both."""
        last = quantity.start - 1
        if before.end != last or self._low[last] not in bare.LISTING or before.in_words:
            return False
        noun = self._word(before.start - 1)
        plain = self._raw[quantity.start].isdigit() and before.value not in bare.YEARS
        names = self._kind_at(before.start - 1) == WORD and noun not in bare.BEFORE_SUM
        return plain and names and before.value >= LEAST_PLAIN

    def _joined(self, end: int, start: int) -> bool:
        """Returns True where a list goes on between two places, in one sentence."""
        between = range(end, start)
        if not 0 < len(between) <= APART or len(self._sentence(end - 1, 1)) < len(between):
            return False
        last = start - 1
        last -= last > end and self._low[last] in bare.NAMED  # "1.200 warm, Kaution 2.850"
        while last > end and self._low[last] in bare.ABOUT:
            last -= 1
        if self._low[last] not in bare.LISTING:
            return False
        return not any(self._low[i] in words.NOT_MONEY for i in range(end, last))

    def _counts_on(self, quantity: Quantity, before: Quantity | None) -> bool:
        """Returns True for the second number of "40k followers before and 35k after"."""
        if before is None or self._word(before.end) not in words.NOT_MONEY:
            return False
        return self._joined(before.end + 1, quantity.start)

    def _like_a_sum(self, quantity: Quantity, anchor: Sum) -> bool:
        """Returns True for a number that is written like a sum, and neither counts nor names."""
        start, raw = quantity.start, self._raw[quantity.start]
        if quantity.in_words or self._kind[start] != NUMBER or raw in bare.PLANS:
            return False
        timed = self._word(quantity.end) in bare.WHEN
        if self._names(start) or (not timed and self._counts(quantity)):
            return False
        if quantity.scale:
            return quantity.scale in bare.SCALES and quantity.value >= LEAST
        if GROUPED.fullmatch(raw) is not None or _SPACED.fullmatch(raw) is not None:
            return True
        if not raw.isdigit() or len(raw) > 7 or int(raw) in bare.YEARS:
            return False
        alone = anchor.end == anchor.start + 1  # no currency stands with it
        if anchor.value < LEAST_PLAIN and alone and self._raw[anchor.start].isdigit():
            return LEAST_SMALL <= quantity.value < LEAST_PLAIN
        round_one = quantity.value >= LEAST_PLAIN and quantity.value % _STEP == 0
        return round_one and (timed or self._raw[anchor.start][:1].isdigit())

    def _first_small(self, quantity: Quantity) -> Sum | None:
        """Returns the first of a list of sums below a hundred that a word of money leads to."""
        start, end = quantity.start, quantity.end
        if not LEAST_SMALL <= quantity.value < LEAST_PLAIN or not self._raw[start].isdigit():
            return None
        if quantity.scale or not self._linked(start) or self._names(start):
            return None
        at, others = end, 0
        while others < MOST_EARLIER and self._word(at) in bare.LISTING:
            at += self._word(at + 1) in bare.LISTING  # "30, 45, and 60"
            if self._kind_at(at + 1) != NUMBER or not self._raw[at + 1].isdigit():
                break
            at, others = at + 2, others + 1
        # What the last one counts, the others count too.
        listed = others > 0 and self._ends_sum(at) and self._word(at) not in ("-", "/")
        return Sum(quantity.value, "USD", start, end) if listed else None
