"""Reads sums of money in text: the dollars at stake, as far as the text states them.

One pass over the tokens. A number is money when a currency is next to it, or when it is written
as a sum ("12k", "two million", "75,000") and what it stands in is about money (`bare_sums`).
Of a range the upper end counts, and the sign does not. A sum that is due every month or year counts
as stated, with its period: a threshold such as $5,000 asks what one wrong answer loses, and most
such sums can be ended before a year is over. Where the text says how long, it is multiplied. A
price per unit is multiplied when the sentence also says how many or how long. "¥" is yen, and yuan
in a Chinese text. A sum in a document that the user only asks to read is marked as quoted. Where a
reading is open the larger sum wins (but for "¥"), because the amount only ever raises
caution. Every look around a number is bounded by a constant, so that time is linear in the text.

It knows nothing about thresholds or domains; rates come from the policy's dated table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from router.regexes.late import late_regex
from router.triage.text import money_words as words
from router.triage.text.amount_lists import PlacedAmount, distinct, largest
from router.triage.text.bare_sums import bare_words
from router.triage.text.bare_sums.counted_prices import CountedPrices
from router.triage.text.currencies.crowns import CROWNS, crown
from router.triage.text.folding import Accents, Folded
from router.triage.text.hangul import KoreanSum, korean_sums, may_hold_sum
from router.triage.text.money_languages import hints
from router.triage.text.numbers import NUMBER, WORD, Quantity, Sum
from router.triage.text.quotes import quoted_spans
from router.triage.text.tables import Cell, may_hold_unit, record_sums, table_sums
from router.types import NANO_PER_USD, Amount

MAX_USD = Decimal(10) ** 15
"""Ten times the wealth of the world: larger sums count as this one."""

_MAX_TEXT = 80  # characters of the wording that an Amount keeps

_SYMBOL = re.compile("[" + "".join(words.SYMBOLS) + "]")
_DIGIT = late_regex("[0-9]")


class AmountReader:
    """Reads sums of money by one currency table; immutable.

    `usd_per_unit` maps ISO codes to dollars; sums in other currencies are left out.
    """

    def __init__(self, usd_per_unit: Mapping[str, float]) -> None:
        self._rates = {code: Decimal(str(rate)) for code, rate in usd_per_unit.items()}
        self.codes = {code.lower(): code for code in usd_per_unit}
        spelled = (
            *words.CURRENCY_WORDS,
            *words.CROWNS_OF_COUNTRIES,
            *words.HUNDREDTHS,
            *words.CONTEXT,
            *bare_words.MONEY,
            *bare_words.ASKS,
        )
        self._hints = hints(spelled) | {
            *self.codes,
            *words.HAN_SCALES,
            *words.HANDED_OVER,
            "grand",
            "mil",
            *words.FUSED,
            words.SWISS,
            *words.FIGURES,
        }

    def read(self, text: Folded) -> tuple[Amount, ...]:
        """Returns the sums in a text, largest first, at most MAX_AMOUNTS, none above MAX_USD."""
        placed = self.placed(text)
        return largest(distinct(placed)) if placed else ()

    def placed(self, text: Folded) -> list[PlacedAmount]:
        """Returns every sum in a text with its place, those of tables after the others."""
        if not may_hold_sum(text.text):  # sums in Korean have words of their own
            if self._hints.isdisjoint(text.words) and not _SYMBOL.search(text.text):
                return []
            if not _DIGIT.search(text.text) and words.NUMBER_WORDS.isdisjoint(text.words):
                return []
        sums = _Sums(text, self.codes)
        cells = list(table_sums(text.text, self.codes)) if may_hold_unit(text.text) else []
        placed = [sums.placed(one) for one in sums.all()]
        if cells:  # their own unit counts, and "millions of dollars" in the header is no sum
            starts = {cell.start for cell in cells}
            placed = [
                (one, written)
                for one, written in placed
                if one.start not in starts and _DIGIT.search(written)
            ]
            placed += [_of_cell(cell, text.text) for cell in cells]
        placed += [_of_cell(cell, text.text) for cell in record_sums(text.text, self.codes)]
        placed += [_of_cell(cell, text.text) for cell in korean_sums(text.text, self.codes)]
        quoted = quoted_spans(text.text) if placed else ()
        found: list[PlacedAmount] = []
        for one, written in placed:
            amount = self._amount(one, written, quoted)
            if amount is not None:
                found.append(PlacedAmount(one.start, one.end, one.value, amount))
        return found

    def _amount(self, one: Sum, written: str, quoted: tuple[tuple[int, int], ...]) -> Amount | None:
        """Returns a sum in dollars; None without a rate. `one` has its place in characters."""
        rate = self._rates.get(one.currency)
        if rate is None or one.value <= 0:
            return None
        usd = min(one.value * rate, MAX_USD)
        nano = int((usd * NANO_PER_USD).to_integral(ROUND_CEILING))
        inside = any(start <= one.start < end for start, end in quoted)
        return Amount(written[:_MAX_TEXT], one.currency, nano, quoted=inside, period=one.period)


def _of_cell(cell: Cell | KoreanSum, text: str) -> tuple[Sum, str]:
    return Sum(cell.value, cell.currency, cell.start, cell.end), text[cell.start : cell.end]


class _Sums(CountedPrices):
    """Finds the sums of money among the numbers of one text."""

    def __init__(self, text: Folded, codes: Mapping[str, str]) -> None:
        super().__init__(text.text, codes)
        self._accents = Accents(text)
        self._crowns: dict[str, str] = {}  # whose "kr" and "kroner" of this text are
        self._used = -1  # the last token that a sum has taken: no later sum may take it again

    def placed(self, one: Sum) -> tuple[Sum, str]:
        """Returns a sum with its place in characters instead of tokens, and its wording."""
        start, end = self._from[one.start], self._to[one.end - 1]
        written = self._accents.of(start, end)
        return Sum(one.value, one.currency, start, end, one.period), written

    def all(self) -> list[Sum]:
        """Returns all sums of the text in order."""
        sums: list[Sum] = []
        waiting: list[Quantity] = []  # numbers since the last sum, which a list may begin with
        at = 0
        for candidate in self._candidates():
            if candidate < at:
                continue
            at, one = candidate, None
            quantity = self._quantity(at)
            if quantity is not None:
                one = self._with_currency(quantity) or self._bare(quantity, waiting, sums)
            if one is not None:
                listed = self._with_earlier(waiting, one)
                for member in (*listed, one):
                    sums.append(self._multiplied(member, sums))
                one = sums[-1]
                self._used = max(self._used, one.end - 1)
                waiting.clear()
            elif quantity is not None:
                waiting.append(quantity)
            at = max(at + 1, quantity.end if quantity else 0, one.end if one else 0)
        return sums

    def _bare(
        self, quantity: Quantity, waiting: Sequence[Quantity], earlier: Sequence[Sum]
    ) -> Sum | None:
        """Returns a number without a currency as a sum, by its words or by the list it is in."""
        if self._counts_on(quantity, waiting[-1] if waiting else None):
            return None
        # The currency of a list holds for all of it: "950 Euro, deposit 2,850".
        return (
            self._continued(quantity, waiting, earlier)
            or self._without_currency(quantity)
            or self._first_small(quantity)
        )

    def _with_currency(self, quantity: Quantity) -> Sum | None:
        before = self._currency_before(quantity.start)
        after = self._currency_after(quantity)
        if before is None and after is None:
            return None
        lone = self._word(quantity.start) in words.SCALES_BEFORE
        if after and lone and self._kind_at(after[1]) == NUMBER:
            return None  # "Mio. EUR 1,2": the number comes after
        start = before[1] if before else quantity.start
        end = after[1] if after else quantity.end
        currency = before[0] if before else ""
        # "$300 CAD": the code says which dollar. "$300 cents" is nobody's writing.
        if after and (not before or (currency == "USD" and self._code(end - 1))):
            currency = after[0]
        value = quantity.value
        if after and not before and self._word(end - 1) in words.HUNDREDTHS:
            value /= 100
        if before and not after:
            upper = self._upper_end(quantity)
            if upper is not None:
                value, end = upper
            if not quantity.scale:
                start, factor = self._scale_before(start)
                value *= factor
        end += self._low[start:end].count("(") > self._low[start:end].count(")")
        return Sum(value, currency, start, end)

    def _currency_before(self, at: int) -> tuple[str, int] | None:
        """Returns the currency just before a number: (ISO code, its first token)."""
        one = at - 1
        # "EUR (85,000)", and no year: "EUR (2024)".
        booked = self._word(one) == "(" and self._word(at + 1) == ")" and len(self._raw[at]) > 4
        if (booked or self._word(one) in tuple("-:=.+~")) and one - 1 > self._used:
            short = words.PREFIX_WORDS | {words.SWISS}
            dotted = self._word(one) == "." and self._word(one - 1) not in short
            one -= 0 if dotted else 1
        if one <= self._used or one < 0:
            return None
        low = self._word(one)
        if low in words.SYMBOLS:
            first = one - 1
            if first > self._used and self._code(first):
                return self._codes[self._word(first)], first
            if low == "$" and self._touches(one) and self._word(first) in words.DOLLAR_PREFIXES:
                return words.DOLLAR_PREFIXES[self._word(first)], first
            return self._symbol(low), one
        code = self._code(one)
        if code is None and low in words.PREFIX_WORDS:
            code = self._of_word(low)
        if low == words.SWISS and "'" in self._raw[at]:
            code = "CHF"
        year = len(self._raw[at]) == 4 and self._raw[at].isdigit()
        if code in words.COINS and (year or not self._ends_sum(at + 1)):
            return None  # "BTC 2017", "ETH 85 years ago"
        return None if code is None else (code, one)

    def _currency_after(self, quantity: Quantity) -> tuple[str, int] | None:
        """Returns the currency just after a number: (ISO code, the index after it)."""
        at = quantity.end
        low = self._word(at)
        if low == "." and quantity.in_words and self._word(at + 1) in words.CURRENCY_WORDS:
            at, low = at + 1, self._word(at + 1)  # "ten. Thousand. Dollars."
        if low in (".", ",") and self._word(at + 1) == "-":  # "12.500,- EUR"
            at, low = at + 2, self._word(at + 2)
        if low == ")" and self._word(quantity.start - 1) == "(":  # "(85,000) EUR"
            at, low = at + 1, self._word(at + 1)
        if low in words.SYMBOLS:  # "5$ 10$": the symbol is ours unless it touches the next number
            next_is_number = self._touches(at + 1) and self._kind[at + 1] == NUMBER
            return (self._symbol(low), at + 1) if self._touches(at) or not next_is_number else None
        plural_of = low == "of" and quantity.scale.endswith("s")
        if low == "-" or plural_of or (low in words.OF_AFTER_SCALE and quantity.scale):
            at += 1 + (self._word(at + 1) == "'")  # "millions d'euros"
            low = self._word(at)
        qualifier = words.QUALIFIERS.get(low)
        if low in ("hong", "new"):
            at, qualifier = at + 1, words.QUALIFIERS.get(self._word(at + 1))
        if qualifier is not None and self._is_shared_name(self._word(at + 1)):
            return qualifier, at + 2
        if low in words.DOLLAR_PREFIXES and self._word(at + 1) == "$" and self._touches(at + 1):
            return words.DOLLAR_PREFIXES[low], at + 2
        if low in words.WEIGHTS and self._word(at + 1) != "sterling" and not self._about_money(at):
            return None
        if low == words.SWISS and "'" in self._raw[quantity.start]:
            return "CHF", at + 1
        code = self._code(at) or self._of_word(low) or words.HUNDREDTHS.get(low)
        if code == "USD" and self._word(at + 1) in words.QUALIFIERS_BEHIND:
            return words.QUALIFIERS_BEHIND[self._word(at + 1)], at + 2
        if code in words.COINS and not self._ends_sum(at + 1):
            return None  # "12 ETH students", "5 bitcoin wallets", "port 3 eth1"
        return None if code is None else (code, at + 1)

    def _of_word(self, low: str) -> str | None:
        """Returns the currency of a word, None for another word."""
        if low in CROWNS:
            if low not in self._crowns:
                self._crowns[low] = crown(low, self._raw, self._codes.values())
            return self._crowns[low]
        return words.CURRENCY_WORDS.get(low)

    def _is_shared_name(self, low: str) -> bool:
        """Returns True for a name of money that "Canadian" or "Norwegian" may stand before."""
        return low in words.CURRENCY_WORDS or low in words.CROWNS_OF_COUNTRIES or low == "$"

    def _upper_end(self, lower: Quantity) -> tuple[Decimal, int] | None:
        """Returns the upper end of a range that names its currency once, before.

        (value, index after).
        """
        at = lower.end
        separator = self._word(at)
        if separator == "and":
            if all(self._low[i] != "between" for i in self._sentence(lower.start, -1, 4)):
                return None
        elif separator not in ("-", "to"):
            return None
        at += 1 + (self._word(at + 1) == "-")
        if at >= self._count or self._kind[at] != NUMBER:
            return None
        upper = self._in_digits(at)
        if upper is None or (self._word(upper.end) == "-" and separator == "-"):
            return None
        if separator == "to" and not self._ends_sum(upper.end):
            return None  # "pay $20 to 3 people"
        _, factor, _ = self._scale(at + 1)
        low = lower.value * (1 if lower.scale else factor)
        return max(low, upper.value), upper.end

    def _multiplied(self, one: Sum, earlier: Sequence[Sum]) -> Sum:
        """Returns the sum times how many and how long, where the sentence says both clearly.

        One that only explains a total before it, "$2M over 3 years (about $666,000 a year)", stays.
        """
        listed = self._times_in_other_languages(one)
        if listed is not None and listed[0] != 1:
            period = self._due(one, ()).period
            return self._worded(one, one.value * listed[0], *listed[1:], period)
        units, end, each = self._units_after(one.end)
        link = self._word(one.start - 1)
        if not (units or each or link in words.TIMES or self._word(end) in words.TIMES):
            return self._due(one, ())
        factor = Decimal(1)
        first, last = one.start, end
        things = [unit for unit in units if unit not in words.TIME_UNITS]
        open_units = []
        for unit in units:
            count = self._how_many(one.start, end, unit)
            if count is not None:
                factor *= count[0]
                first, last = min(first, count[1]), max(last, count[2])
            elif unit in words.TIME_UNITS:
                open_units.append(unit)
        if not things or (factor == 1 and words.ANY_THING.issuperset(things)):
            times = self._times(one, end, each or bool(things))
            if times is not None and (factor == 1 or times[1] != first):  # "3 years at $5k a year"
                factor *= times[0]
                first, last = min(first, times[1]), max(last, times[2])
        if factor == 1:
            return self._due(one, open_units)
        periods = [unit for unit in units if unit in words.TIME_UNITS]
        if periods and self._explains(one, one.value * factor, earlier):
            return self._due(one, periods)
        product, period = one.value * factor, "".join(open_units[:1])
        return self._worded(
            Sum(one.value, one.currency, one.start, end), product, first, last, period
        )

    def _worded(self, one: Sum, product: Decimal, first: int, last: int, period: str) -> Sum:
        """Returns a product with the words from its count to its price, or with its price alone."""
        if self._low[first:last].count("(") != self._low[first:last].count(")"):
            first, last = one.start, one.end  # no wording with half a bracket
        return Sum(product, one.currency, first, last, period)

    def _explains(self, one: Sum, product: Decimal, earlier: Sequence[Sum]) -> bool:
        """Returns True when the sum before this one in its sentence is the product, within 10 %."""
        near = [sum_ for sum_ in earlier[-1:] if sum_.end - 1 in self._sentence(one.start, -1)]
        return any(
            total.currency == one.currency and abs(total.value - product) * 10 <= total.value
            for total in near
        )

    def _due(self, one: Sum, units: Sequence[str]) -> Sum:
        """Returns a sum with how often it is due: "$500 a month", "a monthly fee of $500"."""
        period = units[0] if units else ""
        if not period:
            link, noun = self._word(one.end), words.PERIODS.get(self._word(one.end + 1), "")
            if noun and link in words.PERIOD_LINKS:
                period = noun
        for at in self._sentence(one.start, -1, 4) if not period else ():
            if self._low[at] in words.UNIT_ALIASES and self._low[at].endswith("ly"):
                period = words.UNIT_ALIASES[self._low[at]]
                break
        return one if not period else Sum(one.value, one.currency, one.start, one.end, period)

    def _units_after(self, at: int) -> tuple[list[str], int, bool]:
        """Returns the units of a price: (units, the index after them, whether "each" is there)."""
        units: list[str] = []
        each = False
        for _ in range(3):
            low, following = self._word(at), words.singular(self._word(at + 1))
            if low in ("each", "apiece", "ea") and following not in words.TIME_UNITS:
                each, at = True, at + 1
            elif (low in ("/", "per") and self._kind_at(at + 1) == WORD) or (
                low in ("a", "an", "each", "every") and following in words.SOLD_BY
            ):
                units.append(following)
                at += 2
            elif low in words.UNIT_ALIASES and low.endswith("ly"):
                units.append(words.UNIT_ALIASES[low])
                at += 1
            else:
                break
        return units, at, each

    def _how_many(self, start: int, end: int, unit: str) -> tuple[Decimal, int, int] | None:
        """Returns the count of a unit near a price: (count, first token, index after).

        Time converts.
        """
        days = words.TIME_UNITS.get(unit)
        for at in self._sentence(end - 1, 1) + self._sentence(start, -1):
            count = self._plain(at)
            if count is None:
                continue
            for noun in (count.end, count.end + 1):
                if noun > count.end and self._word(count.end) in words.EACH:
                    break  # "rent 900 a month, tax 2,400 a year" holds no 2,400 years
                named = words.singular(self._word(noun + (self._word(noun) == "-")))
                if named == unit:
                    return count.value, count.start, noun + 1
                if days is not None and named in words.TIME_UNITS:
                    return count.value * words.TIME_UNITS[named] / days, count.start, noun + 1
        return None
