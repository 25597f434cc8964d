"""Reads numbers in text, in digits or in words, with their scale: "12.000", "5k", "half a million".

The tokens of one text and the number that may begin at each of them. Every look ahead is bounded,
so that reading all of them is linear. It says whether the words around a number are about money,
and knows nothing about currencies.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.text import money_words as words
from router.triage.text.folding import Folded, fold
from router.triage.text.numerals.joined import around, raised

MAX_NUMBERS = 2_000
"""Numbers of one text that are looked at: a page of figures has a tenth of that. Text with more is
`crowded` and counts as novel, so that nobody hides a sum behind a heap of others."""

LEAST_SPELLED = 3
"""Digits said one by one that make a number; "one two" may be two choices."""

WINDOW = 12  # tokens to either side in which a count, a duration or a word of money is looked for
_NUMBER_WORDS_LIMIT = 16  # "two hundred and fifty-five thousand four hundred and ten" has eleven

_NUMBER = (
    r"(?P<number>[0-9]{1,3}(?:[ '][0-9]{3})+(?![0-9])(?:[.,][0-9]{1,2}(?![0-9]))?"
    r"|[0-9]+(?:[.,][0-9]+)*|(?<![^\W\d_])\.[0-9]+)"
)
_OTHER = r"|(?P<other>\n|[^\s])"
_FUSED = rf"[KTMkt](?=(?:{'|'.join(words.FUSED_CODES)})(?![^\W\d_]))"
"""Finds the scale of "kUSD" and "TEUR", so that it is a token of its own."""
_TOKEN = late_regex(rf"{_NUMBER}|(?P<word>[Uu]\.[Ss]\.|{_FUSED}|[^\W\d_]+){_OTHER}")

# Two blanks part columns. One digit before the first comma may be a choice, as in "$5, 1 2 3".
_THREE = r" ?[,.'] ?[0-9] ?[0-9] ?[0-9]"
_SPACED_OUT = late_regex(
    r"(?<![0-9.,'])(?<![0-9] )(?:"
    rf"[0-9](?: [0-9]){{1,2}}(?:{_THREE}){{1,5}}"
    rf"|[0-9] [,.'] [0-9] [0-9] [0-9](?:{_THREE}){{0,4}}"
    r"|[0-9](?: [0-9]){2,17})"
    r"(?: ?[.,] ?[0-9] ?[0-9])?(?! ?[0-9]|[.,'][0-9])"
)
_SPACED_INSIDE = re.compile(r"[0-9] [0-9,.'] ?[0-9]")
"""Is in what the pattern above finds, and is looked for in a fraction of its time."""

# Chinese and Japanese run words together: their numbers and currencies are tokens of their own.
_HAN = "".join(words.HAN_NUMBERS | {"元", "円", "圆", "圓", "块", "塊"})
_HAN_WORDS = "|".join(sorted(w for w in words.CURRENCY_WORDS if len(w) > 1 and w[0] > "\u3000"))
# Ukrainian five and nine have an apostrophe; the letters are folded.
_WITH_APOSTROPHE = rf"(?:{fold('п').text}|{fold('дев').text})'{fold('я').text}[^\W\d_]+"
_ANY_TOKEN = late_regex(
    rf"{_NUMBER}|(?P<word>[Uu]\.[Ss]\.|{_FUSED}|{_HAN_WORDS}|{_WITH_APOSTROPHE}|[{_HAN}]|[\u0904-\u0963]+|[^\W\d_{_HAN}]+){_OTHER}"
)
_HAN_LETTER = late_regex("[\u4e00-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")
NUMBER, WORD = 1, 2  # kinds of token: the groups above
_BEGINS = words.NUMBER_WORDS | {"a"}
_SENTENCE_ENDS = frozenset(".?!;\n")


class Quantity(Struct, frozen=True):
    """Holds a number with its scale ("" for none, a letter or a word): tokens start..end-1."""

    value: Decimal
    start: int
    end: int
    scale: str
    in_words: bool = False


class Sum(Struct, frozen=True):
    """Holds a quantity of a currency: tokens start..end-1."""

    value: Decimal
    currency: str
    start: int
    end: int
    period: str = ""  # how often it is due, where the text does not say for how long


def crowded(text: Folded) -> bool:
    """Returns True when a text holds more numbers than are looked at."""
    if len(text.words) <= MAX_NUMBERS:
        return False
    return sum(map(_begins_number, text.words)) > MAX_NUMBERS


def _begins_number(word: str) -> bool:
    return word.isdigit() or word in _BEGINS


class Numbers:
    """Reads the numbers among one text's tokens. `codes`: ISO codes by their lower case."""

    def __init__(self, text: str, codes: Mapping[str, str]) -> None:
        self._text = text
        self._codes = codes
        matches = list((_TOKEN if text.isascii() else _ANY_TOKEN).finditer(text))
        self._kind = [match.lastindex or 0 for match in matches]
        spans = [match.span() for match in matches]
        self._from = [span[0] for span in spans]
        self._to = [span[1] for span in spans]
        self._raw = [text[start:end] for start, end in spans]
        self._low = list(map(str.lower, self._raw))
        self._count = len(matches)
        if _SPACED_INSIDE.search(text) is not None:
            self._join_spaced_out()

    def _join_spaced_out(self) -> None:
        """Makes one number of digits with blanks between them: "$ 4 8 0 , 0 0 0", "4 8 0 0 EUR"."""
        dropped: set[int] = set()
        for match in _SPACED_OUT.finditer(self._text):
            first, end = (bisect_left(self._from, place) for place in match.span())
            whole = self._from[first] == match.start() and self._to[end - 1] == match.end()
            if not (whole and (self._priced_before(first) or self._priced_behind(end))):
                continue
            self._raw[first] = self._low[first] = match[0].replace(" ", "")
            self._to[first] = match.end()
            dropped.update(range(first + 1, end))
        if dropped:
            kept = [at for at in range(len(self._raw)) if at not in dropped]
            self._kind = [self._kind[at] for at in kept]
            self._from = [self._from[at] for at in kept]
            self._to = [self._to[at] for at in kept]
            self._raw = [self._raw[at] for at in kept]
            self._low = [self._low[at] for at in kept]
            self._count = len(kept)

    def _priced_before(self, at: int) -> bool:
        """Returns True where a sign or a code of a currency leads to a number, and ends none."""
        abbreviated = self._word(at - 1) == "." and self._word(at - 2) in words.PREFIX_WORDS
        sign = at - 1 - (abbreviated or self._word(at - 1) in ("-", ":", "="))
        own = not (self._kind_at(sign - 1) == NUMBER and self._touches(sign))
        return own and self._is_currency(sign)

    def _priced_behind(self, at: int) -> bool:
        """Returns True where a sign or a code of a currency ends a number, and leads to none."""
        return self._is_currency(at) and self._kind_at(at + 1) != NUMBER

    def _scale_before(self, at: int) -> tuple[int, int]:
        """Returns a scale that stands before a currency, "TEUR 85" or "Mio. EUR 1.2".

        (its first token, its factor); the factor is 1 where there is none.
        """
        first = at - 1 - (self._word(at - 1) == "." and self._word(at - 2) in words.DOTTED_SCALES)
        low = self._word(first)
        factor = words.SCALES_BEFORE.get(low, 1)
        beside = self._touches(at) or low in words.DOTTED_SCALES
        free = self._kind_at(first - 1) != NUMBER  # "85 k EUR 3" has its scale of the number before
        return (first, factor) if factor > 1 and beside and free else (at, 1)

    def _is_currency(self, at: int) -> bool:
        low = self._word(at)
        return low in words.SYMBOLS or low in words.PREFIX_WORDS or self._code(at) is not None

    def _candidates(self) -> list[int]:
        """Returns the places where a number may begin, in order."""
        candidates = [
            at
            for at, (kind, low) in enumerate(zip(self._kind, self._low, strict=True))
            if kind == NUMBER or low in _BEGINS
        ]
        return candidates[:MAX_NUMBERS]

    def _word(self, at: int) -> str:
        """Returns the lower-case token at an index, "" beyond either end."""
        return self._low[at] if 0 <= at < self._count else ""

    def _touches(self, at: int) -> bool:
        """Returns True when no space is between this token and the one before."""
        return 0 < at < self._count and self._from[at] == self._to[at - 1]

    def _code(self, at: int) -> str | None:
        """Returns the ISO code that a token names, if it is in the table."""
        low = self._word(at)
        if low in words.CODES_IN_CAPITALS and self._raw[at] != low.upper():
            return None
        return self._codes.get(low)

    def _symbol(self, symbol: str) -> str:
        """Returns the currency of a symbol. "¥" is yen, and yuan in a Chinese text."""
        if symbol == "¥" and _HAN_LETTER.search(self._text) and not _KANA.search(self._text):
            return "CNY"
        return words.SYMBOLS[symbol]

    def _bare_currency(self, scale: str) -> str:
        """Returns the currency of a sum that names none: by its scale, otherwise dollars."""
        if scale in words.INDIAN_SCALES and "inr" in self._codes:
            return "INR"
        if scale in words.HAN_SCALES:
            code = "jpy" if _KANA.search(self._text) else "cny"
            return self._codes.get(code, "USD")
        return "USD"

    def _sentence(self, at: int, step: int, reach: int = WINDOW) -> list[int]:
        """Indices of the tokens after (+1) or before (-1) an index, nearest first, within its
        sentence and at most `reach`."""
        values: list[int] = []
        at += step
        while 0 <= at < self._count and len(values) < reach and self._low[at] not in _SENTENCE_ENDS:
            values.append(at)
            at += step
        return values

    def _quantity(self, at: int) -> Quantity | None:
        if self._kind[at] == NUMBER:
            return self._in_digits(at)
        if self._kind[at] != WORD:
            return None
        return self._in_han(at) if self._low[at] in words.HAN_NUMBERS else self._in_words(at)

    def _in_digits(self, at: int) -> Quantity | None:
        """Returns a number in digits with its scale.

        None for parts of names ("B12", "3rd", "5km").
        """
        before = self._word(at - 1)
        if self._touches(at) and self._kind[at - 1] == WORD:
            is_currency = self._code(at - 1) or before in words.PREFIX_WORDS
            if not is_currency and before != "x" and before.isascii():
                return None
        if self._word(at + 1) in words.HAN_SCALES:
            return self._in_han(at)
        # "$10^5$" is a formula.
        if self._raw[at] == "10" and self._word(at + 1) == "^" and before != "$":
            return self._power_of_ten(at)
        end, power = self._power(at + 1)
        if power:
            value = words.number_value(self._raw[at], dot_is_decimal=True)
            return None if value is None else Quantity(value * 10**power, at, end, "e")
        end, factor, scale = self._scale(at + 1)
        if scale is None:
            return None
        decimal = bool(scale) or self._is_measured(at + 1)
        value = words.number_value(self._raw[at], dot_is_decimal=decimal)
        return None if value is None else Quantity(value * factor, at, end, scale)

    def _power_of_ten(self, start: int) -> Quantity:
        """Returns "10^5" as a number; a folded "10\u2075" and "10\u00b9\u00b2" are written so."""
        digits, at = "", start + 1
        while self._word(at) == "^" and self._word(at + 1).isdigit() and len(digits) < 2:
            digits += self._word(at + 1)
            at += 2
        exponent = min(int(digits or "1"), words.MAX_DIGITS)
        return Quantity(Decimal(10) ** exponent, start, at if digits else start + 1, "")

    def _power(self, at: int) -> tuple[int, int]:
        """Returns a power of ten: "12e3", "1.2 x 10^6", and "12ooo", whose letters are noughts.

        (index after it, exponent); the exponent is 0 where there is none.
        """
        low = self._word(at)
        if self._touches(at) and low.strip("o") == "" and low:
            return at + 1, min(len(low), words.MAX_DIGITS)
        if low in ("x", "*") and self._word(at + 1) == "10" and self._word(at + 2) in ("^", "e"):
            at, low = at + 2, "e"
        elif low != "e" or not self._touches(at):
            return at, 0
        exponent = self._word(at + 1)
        small = exponent.isdigit() and len(exponent) <= 2 and self._touches(at + 1)
        return (at + 2, int(exponent)) if small else (at, 0)

    def _scale(self, at: int) -> tuple[int, int, str | None]:
        """Returns the scale words from an index: (index after them, factor, last one).

        The last one is None where letters touch the number that are neither scale nor currency.
        """
        factor, scale = 1, ""
        for _ in range(3):
            low = self._word(at)
            touching = self._touches(at) and self._kind[at] == WORD and low < "\u2e80"
            if low == "-" and self._word(at + 1) in words.WORD_SCALES:
                at, low, touching = at + 1, self._word(at + 1), False
            if low == "mil" and touching:
                return at + 1, factor * 10**6, low
            if low == "t" and self._is_currency(at + 1) and self._touches(at + 1):
                return at + 1, factor * 10**3, "tsd"  # "85 TEUR", "85 T€"
            if low in words.LETTER_SCALES and (touching or low not in ("t", "b", "mm")):
                return at + 1, factor * words.LETTER_SCALES[low], low
            if low in words.WORD_SCALES or low in words.HUNDREDS:
                factor *= words.WORD_SCALES.get(low, 100)
                scale, at = low, at + 1
                if low in words.DOTTED_SCALES and self._word(at) == ".":
                    at += 1
                continue
            currency = self._code(at) or low in words.CURRENCY_WORDS or low == "x"
            if touching and not scale and not currency and low not in words.DOLLAR_PREFIXES:
                return at, 1, None
            break
        return at, factor, scale

    def _is_measured(self, at: int) -> bool:
        """Returns True when "per gallon" and the like follow, perhaps after a currency."""
        at += bool(self._code(at) or self._word(at) in words.SYMBOLS)
        follows = self._word(at) in ("/", "per", "a", "each", "every")
        return follows and words.singular(self._word(at + 1)) in words.MEASURES

    def _in_words(self, start: int) -> Quantity | None:
        """Returns a number in words.

        "two and a half million", "a few thousand", "half a million".
        """
        total, current, scale = Decimal(0), Decimal(-1), ""  # current -1: nothing read yet
        spelled = self._spelled(start)
        if spelled is not None:
            return spelled
        at = start
        for _ in range(_NUMBER_WORDS_LIMIT):
            low, following = self._word(at), self._word(at + 1)
            more = raised(current, *around(self._word, at, start))
            if more is not None:
                current = more
            elif low in words.UNITS:
                current = max(current, Decimal(0)) + words.UNITS[low]
            elif low in words.VAGUE:
                current = max(current, Decimal(1)) * words.VAGUE[low]
            elif low in words.HUNDREDS:
                current = (Decimal(1) if current <= 0 else current) * 100
                scale = scale or low
            elif low in words.WORD_SCALES:
                bare = current < 0 and total > 0  # "two hundred million thousand"
                part = total if bare else (Decimal(1) if current <= 0 else current)
                million = low == "mil" and self._word(start) in words.ENGLISH_NUMBERS
                factor = 10**6 if million else words.WORD_SCALES[low]
                total = (0 if bare else total) + part * factor
                current, scale = Decimal(-1), low
            elif low == "point" and current >= 0 and words.UNITS.get(following, 10) < 10:
                current += Decimal(words.UNITS[following]) / 10
                at += 1
            elif low in ("half", "quarter"):
                current = max(current, Decimal(0)) + Decimal("0.5" if low == "half" else "0.25")
            elif not self._joins(low, following, begun=current >= 0 or total > 0):
                break
            at += 1
        if at == start or (current < 0 and total == 0):
            return None
        return Quantity(total + max(current, Decimal(0)), start, at, scale, in_words=True)

    def _spelled(self, start: int) -> Quantity | None:
        """Returns a number said digit by digit, "one-five-zero-zero"; None for fewer than three."""
        digits, at = "", start
        while len(digits) < words.MAX_DIGITS and words.UNITS.get(self._word(at), 10) < 10:
            digits += str(words.UNITS[self._word(at)])
            at += 1
            at += self._word(at) == "-"
        if len(digits) < LEAST_SPELLED:
            return None
        end, factor, scale = self._scale(at)
        end = at if scale is None else end
        return Quantity(Decimal(digits) * factor, start, end, scale or "", in_words=True)

    def _in_han(self, start: int) -> Quantity | None:
        """Returns a number in Chinese or Japanese, its digits in either writing.

        "三十五万" is 350,000; "3億5000万" is 350,000,000.
        """
        total, section, digits = Decimal(0), Decimal(0), Decimal(-1)  # digits -1: none read yet
        at, scale = start, ""
        for _ in range(_NUMBER_WORDS_LIMIT):
            low = self._word(at)
            if self._kind_at(at) == NUMBER and digits < 0 and not section:
                value = words.number_value(self._raw[at], dot_is_decimal=True)
                if value is None or (at > start and not self._touches(at)):
                    break
                digits = value
            elif low in words.HAN_DIGITS:
                digits = 10 * max(digits, Decimal(0)) + words.HAN_DIGITS[low]
            elif low in words.HAN_TENS:
                section += (Decimal(1) if digits < 0 else digits) * words.HAN_TENS[low]
                digits, scale = Decimal(-1), low
            elif low in words.HAN_MYRIADS:
                part = section + max(digits, Decimal(0))
                total += (part or 1) * words.HAN_MYRIADS[low]
                section, digits, scale = Decimal(0), Decimal(-1), low
            else:
                break
            at += 1
        value = total + section + max(digits, Decimal(0))
        return Quantity(value, start, at, scale, in_words=True) if at > start else None

    def _kind_at(self, at: int) -> int:
        return self._kind[at] if 0 <= at < self._count else 0

    def _joins(self, low: str, following: str, *, begun: bool) -> bool:
        """Returns True when a small word belongs to the number: "a million", "and fifty"."""
        if low in ("a", "an"):
            larger = following in words.WORD_SCALES or following in words.HUNDREDS
            return larger or following in words.VAGUE or following in ("half", "quarter")
        if not begun:
            return False
        if low == "of":
            return following in words.WORD_SCALES or following in words.HUNDREDS or following == "a"
        if low in (".", "\n"):  # "ten. Thousand. Dollars.", "twelve" at the end of a line
            return following in words.WORD_SCALES and following not in words.DOTTED_SCALES
        if low == "and":
            return following in words.UNITS or following in ("a", "half")
        return low == "-" and following in words.NUMBER_WORDS

    def _ends_sum(self, at: int) -> bool:
        """Returns True when the token at an index may follow a sum.

        No noun, percentage, time, date.
        """
        if at >= self._count or self._low[at] == "\n":
            return True
        if self._kind[at] == WORD:
            clock = self._low[at] == "o" and self._word(at + 1) == "'"  # "14 o'clock"
            return self._low[at] in words.AFTER_SUM and not clock
        if self._low[at] in ":-/" and at + 1 < self._count and self._kind[at + 1] == NUMBER:
            return False
        return self._low[at] in ".,;:?!)]}\"'/-+&"

    def _about_money(self, at: int) -> bool:
        """Returns True when a word of money is near, in the same sentence."""
        near = self._sentence(at, -1, 10) + self._sentence(at, 1, 10)
        return any(self._low[i] in words.CONTEXT for i in near)

    def _handed_over(self, at: int) -> bool:
        """Returns True when the sentence says that something changed hands: "the 48k we sent"."""
        near = self._sentence(at, -1, 6) + self._sentence(at, 1, 6)
        return any(self._low[i] in words.HANDED_OVER for i in near)

    def _linked(self, at: int) -> bool:
        """Returns True when a word of money leads to the number: "refund of about", "we paid"."""
        for distance, i in enumerate(self._sentence(at, -1, 6)):
            if self._low[i] in words.CONTEXT:
                return distance > 0 or self._low[i] in words.TAKES_NUMBER
            if self._low[i] not in words.LINKS:
                return False
        return False

    def _plain(self, at: int) -> Quantity | None:
        """Returns a count at an index: a number that is no money itself."""
        if not 0 <= at < self._count or self._word(at - 1) in words.SYMBOLS:
            return None
        if self._kind[at] == NUMBER and self._word(at + 1) == "x" and self._touches(at + 1):
            value = words.number_value(self._raw[at], dot_is_decimal=False)
            return None if value is None else Quantity(value, at, at + 1, "")
        quantity = self._quantity(at)
        if quantity is None or self._word(quantity.end) in ("%", *words.SYMBOLS):
            return None
        return quantity if quantity.value > 0 else None
