"""Finds sums without a currency among the numbers of a text: "we paid 12,000", "410k left to pay".

A number is money where a word of money leads to it, or where it is written as a sum, with thousands
apart or a scale, and a word of money is near. A word behind it that it counts ("12,000 users") or a
word before it that it names ("order 12,000") makes it no sum. Every look is bounded by a constant.

It knows nothing about exchange rates.
"""

from __future__ import annotations

import re
from decimal import Decimal

from router.triage.text import money_words as words
from router.triage.text.bare_sums import bare_words as bare
from router.triage.text.currencies.crowns import CROWNS
from router.triage.text.numbers import NUMBER, Numbers, Quantity, Sum

GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:\.[0-9]{3})+|(?:'[0-9]{3})+)(?:[.,][0-9]{2})?"
)
_ROUND = re.compile(r"[1-9][0-9]{1,4}00")
LONGEST = 5
"""Digits and mark of a number before a scale, "12.25m"; more before "m" are metres."""
LEAST = 1_000
"""Less is as likely a count, and no threshold asks for it."""
NEAR = 8
"""Tokens before a number in which a word of money makes it a sum, in the same sentence."""
BEHIND = 6
"""The same behind a number."""
LONG_PLURAL = 6
"""Letters of a word with an "s" that is rather what is counted than a verb or a small word."""
SHORT_TEXT = 60
"""Tokens of a text whose every sentence is about one matter: a word of money of any counts."""


_MONEY_NAMES = words.CURRENCY_WORDS.keys() | CROWNS
_OF_MONEY = bare.MONEY | words.CONTEXT | bare.ASKS


class BareSums(Numbers):
    """Finds the numbers of one text that are money by what they stand in."""

    def _without_currency(self, quantity: Quantity) -> Sum | None:
        raw = self._raw[quantity.start]
        long = quantity.scale in bare.METRES and (GROUPED.fullmatch(raw) or len(raw) > LONGEST)
        if long:  # "12,000 m of cable"
            return None
        return self._by_context(quantity) or self._written_as_sum(quantity)

    def _by_context(self, quantity: Quantity) -> Sum | None:
        """Returns a number that is money by what the sentence is about, in `_bare_currency`."""
        start, end, scale = quantity.start, quantity.end, quantity.scale
        following = self._word(end)
        as_sum = following in words.CONTEXT or any(
            self._low[i] in words.CONTEXT and self._low[i - 1] not in words.NOT_MONEY
            for i in self._sentence(end, 1, 2)
        )
        if scale in words.HAN_SCALES:
            before = self._sentence(start, -1, 2)
            if not any(self._low[i].endswith(words.HAN_MONEY) for i in before):
                return None
            return Sum(quantity.value, self._bare_currency(scale), start, end)
        slang = self._slang(quantity)
        if slang is not None:
            return slang
        if following in words.NOT_MONEY or not (as_sum or self._ends_sum(end)):
            return None
        lone = quantity.in_words and end - start == 1 and bool(scale)  # "million" without a count
        if lone and not (scale.endswith("s") and self._linked(start)):
            return None
        if scale == "grand":
            return Sum(quantity.value, "USD", start, end)
        linked = self._linked(start)
        if scale == "k" and self._word(start) in bare.PLANS:
            return None
        if scale == "k" or (scale in words.WORD_SCALES and not scale.endswith("s")):
            about = self._about_money(start) and not self._of_things(start)
            near = as_sum or linked or about or self._handed_over(start)
            near = near or (scale == "mil" and quantity.in_words)  # "half a mil now"
            ran = any(self._low[i] in words.RUNNING for i in self._sentence(start, -1, 3))
            currency = self._bare_currency(scale)
            return Sum(quantity.value, currency, start, end) if near and not ran else None
        if scale:
            currency = self._bare_currency(scale)
            return Sum(quantity.value, currency, start, end) if linked or as_sum else None
        digits = self._raw[start]
        if quantity.in_words or quantity.value < 100 or not linked:
            return None
        if digits.isdigit():
            year = 1900 <= quantity.value <= 2100 and self._word(start - 1) in words.YEAR_LINKS
            if year or len(digits) > 7:
                return None
        return Sum(quantity.value, "USD", start, end)

    def _slang(self, quantity: Quantity) -> Sum | None:
        """Returns a sum in slang, "twenty large" or "a six-figure deal", in a text about money."""
        end = quantity.end + (self._word(quantity.end) == "-")
        low, whole = self._word(end), not quantity.scale or quantity.scale in words.HUNDREDS
        if low == "g" and self._word(end + 1) == "'":  # "fifty g's"
            end += 2
        if not whole or not 1 <= quantity.value < 1_000:
            return None
        if low in words.FIGURES and 4 <= quantity.value <= 12 and quantity.in_words:
            if self._about_money(quantity.start) or self._word(end + 1) == "sum":
                value = Decimal(10) ** int(quantity.value - 1)
                return Sum(value, "USD", quantity.start, end + 1)
            return None
        ends = self._ends_sum(end + 1) or self._word(end + 1) == "of"
        slang = low in words.SLANG_THOUSANDS and (quantity.in_words or low == "gs")
        if not slang or not ends or not self._about_money(quantity.start):
            return None
        return Sum(quantity.value * 1_000, "USD", quantity.start, end + 1)

    def _written_as_sum(self, quantity: Quantity) -> Sum | None:
        """Returns a number that is written as a sum where money is near: "they want 75,000"."""
        start, end, raw = quantity.start, quantity.end, self._raw[quantity.start]
        if quantity.in_words or quantity.value < LEAST or self._kind[start] != NUMBER:
            return None
        if raw in bare.PLANS:
            return None
        scaled = quantity.scale in bare.SCALES
        grouped = not quantity.scale and GROUPED.fullmatch(raw) is not None
        plain = not quantity.scale and _ROUND.fullmatch(raw) is not None
        if not (scaled or grouped or plain) or self._names(start) or self._counts(quantity):
            return None
        certain = self._asked(start) or self._told_behind(end)
        dotted = grouped and "." in raw and "," not in raw  # also a decimal of another country
        if plain or (dotted and raw.count(".") == 1 and quantity.value < 10_000):
            near = certain and not 1900 <= quantity.value <= 2100
        else:
            near = certain or self._money_near(start, end)
        return Sum(quantity.value, "USD", start, end) if near else None

    def _names(self, at: int) -> bool:
        """Returns True where a number is part of a name, or of what something is numbered by."""
        before = self._word(at - 1)
        if self._touches(at) and before not in ("(", '"', "'", "=", ":", "~", "<", ">", "+"):
            return True
        other_currency = len(before) == 3 and self._raw[at - 1].isupper() and before.isascii()
        if other_currency and before not in bare.MONEY:  # "KES 45,000" without a rate
            return True
        if before == "." and self._word(at - 2) in bare.DOTTED:  # "case no. 75,000"
            return True
        near = [self._low[i] for i in self._sentence(at, -1, 3)]
        ran = self._word(at + 1) == "k" and not words.RUNNING.isdisjoint(near)
        return ran or not (bare.NUMBERED.isdisjoint(near) and words.NOT_MONEY.isdisjoint(near))

    def _counts(self, quantity: Quantity) -> bool:
        """Returns True where what follows a number is counted or measured by it.

        Of "12,000 or 14,000 users" the first counts as the last does.
        """
        at = quantity.end
        for _ in range(2):
            low = self._word(at)
            joined = low in bare.JOINS and self._kind_at(at + 1) == NUMBER
            other = self._in_digits(at + 1) if joined else None
            if other is None or other.value < LEAST:
                break
            at = other.end
            if self._is_currency(at) or self._word(at) in _MONEY_NAMES:
                return False  # "1 200 och 3 400 kronor"
        low, following = self._word(at), self._word(at + 1)
        if low in bare.JOINS and self._kind_at(at + 1) == NUMBER:  # "3 400 och 560 kronor"
            return False
        if low in bare.BEHIND_LAST and self._ends_sum(at + 1):
            return False
        if low == "'":  # "1,000's of ways"
            return True
        if low in bare.BEHIND or (low == "-" and self._kind_at(at + 1) != NUMBER):
            return False
        if low in ("a", "per", "/", "an", "each"):
            return following in bare.MOMENTS or (low == "/" and following not in bare.PERIODS)
        if low == "on" and following in ("the", "it"):  # "120,000 on the clock"
            return True
        behind = self._sentence(at - 1, 1, 3)
        measured = any(self._low[i] in bare.MEASURED for i in behind)
        return measured or low in bare.COUNTED or not self._ends_sum(at)

    def _asked(self, at: int) -> bool:
        """Returns True where a word of asking or offering leads to a number: "they want about"."""
        for i in self._sentence(at, -1, 4):
            if self._low[i] in bare.ASKS:
                return True
            if self._low[i] not in words.LINKS:
                return False
        return False

    def _told_behind(self, at: int) -> bool:
        """Returns True where a word of money ends a number: "9,500 upfront", "28,000 in cash"."""
        at += self._word(at) in ("in", "as", "of", "a", "-")
        return self._word(at) in bare.BEHIND_CERTAIN

    def _of_things(self, at: int) -> bool:
        """Returns True where what a number counts stands before it: "signups 42k, price 20"."""
        before = self._word(at - 1)
        things = before.endswith("s") and len(before) >= LONG_PLURAL
        return things and before not in _OF_MONEY

    def _money_near(self, start: int, end: int) -> bool:
        """Returns True where a word of money stands near, in short texts in any sentence."""
        if self._of_things(start):
            return False
        near = self._sentence(start, -1, NEAR) + self._sentence(end - 1, 1, BEHIND)
        if any(self._low[i] in bare.MONEY for i in near):
            return True
        return self._count <= SHORT_TEXT and not bare.MONEY_ANYWHERE.isdisjoint(self._low)
