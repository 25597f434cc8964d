"""Adds up goods, fees, a rate or a voucher, and tells how the sum came about.

It knows nothing about the words of a question.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct, field

from tiers.exact.goods.words import WORDS
from tiers.exact.numbers import shown_money
from tiers.exact.phrased.figures import in_cents, shown


class Part(Struct, frozen=True):
    """Holds so many pieces at a price of each, which is shown as it is `written`."""

    count: Fraction
    price: Fraction
    written: str = ""


class Bill(Struct):
    """Holds what a text adds up, in one currency or none."""

    language: str
    parts: list[Part] = field(default_factory=list)
    signs: set[str] = field(default_factory=set)  # of currencies
    rate: tuple[str, Fraction] | None = None  # what is done with it, and how much it is
    paid: Fraction | None = None  # what change is given for

    def add(self, part: Part, sign: str) -> None:
        """Adds a part in a currency."""
        self.parts.append(part)
        self.signs |= {sign} - {""}

    def told(self) -> str | None:
        """Returns the sum as a line that shows how it came about; None below nothing."""
        sign = next(iter(self.signs), "")
        language = self.language
        if len(self.signs) > 1:
            return None
        left = " + ".join(
            f"{shown(part.count, '', language)} * {price}" if part.count != 1 else price
            for part in self.parts
            for price in [self._shown(part.price, part.written, sign)]
        )
        value = sum((part.count * part.price for part in self.parts), Fraction(0))
        if self.rate is not None:
            return self._with_rate(left, value, sign, *self.rate)
        if self.paid is None:
            return self._line(left, value, sign)
        given = self._shown(self.paid, "", sign)
        in_full = all((of * 100).denominator == 1 for of in (value, self.paid))
        clear = value < self.paid and in_full
        left = f"{given} - {self._in_brackets(left)}"
        return self._line(left, self.paid - value, sign) if clear else None

    def _with_rate(
        self, left: str, value: Fraction, sign: str, kind: str, much: Fraction
    ) -> str | None:
        if kind == "voucher":
            return self._line(f"{left} - {self._shown(much, '', sign)}", value - much, sign)
        language = self.language
        percent = f"{shown(much, '', language)}{'%' if language == 'en' else ' %'}"
        added, taken, both = WORDS[language].told
        if kind == "both":
            more = value * (100 + much) / 100
            prices = [self._shown(price, "", sign) for price in (value, more)]
            return in_cents(both.format(left, prices[0], percent, prices[1]), (more,), language)
        form, change = (added, 100 + much) if kind == "add" else (taken, 100 - much)
        left = form.format(self._in_brackets(left), percent)
        return self._line(left, value * change / 100, sign)

    def _in_brackets(self, left: str) -> str:
        return f"({left})" if len(self.parts) > 1 else left

    def _shown(self, value: Fraction, written: str, sign: str) -> str:
        if not sign:
            return written or shown(value, "", self.language, cents=True)
        if written and (value * 100).denominator > 1:
            return f"{sign}{written}" if self.language == "en" else f"{written} {sign}"
        return shown(value, sign, self.language)

    def _line(self, left: str, value: Fraction, sign: str) -> str | None:
        if value < 0:
            return None
        if not sign and self.language == "en":
            return shown_money(left, value)
        line = f"{left} = {shown(value, sign, self.language, cents=True)}"
        return in_cents(line, (value,), self.language)
