"""Reads goods and their prices in four languages: "2 queens at $38 and 3 nucs at $210".

All of a text must fit: counts, things and a price of each, then fees, a tax, a reduction or a
voucher, and words that ask for the total, or for the change of a sum. A thing may be any noun then,
as nothing is asked about it. In English a price needs no currency. What may be meant in two ways
gets no sum, or both. It knows no price itself; `words` holds the words.
"""

from __future__ import annotations

import re
from fractions import Fraction

from router.money.priced_goods import priced_goods, sum_of
from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.goods.bill import Bill, Part
from tiers.exact.goods.forms import MONEY, forms_of
from tiers.exact.goods.no_goods import (
    MEASURES,
    NO_GOODS,
    NO_PLAIN_PRICES,
    SEVERAL,
    SIZES,
    TIMES_AND_PEOPLE,
)
from tiers.exact.goods.pieces import names_a_piece
from tiers.exact.goods.words import WORDS
from tiers.exact.money_shares import SIGNS
from tiers.exact.numbers import digits_for_words, number
from tiers.exact.phrased.figures import ENDS_IN_CENTS, LEADING_ZERO, core_of
from tiers.exact.wording import FRACTIONS, Question, holds

MAX_CHARACTERS = 180
MOST_KINDS = 6
"""A question for six kinds, such as "3 queens at $38", has about 120 characters."""
MOST_PIECES = 1_000_000
_CURRENCIES = {"dollares": "$", "dolares": "$", "pound": "£", "pounds": "£", "pfund": "£"}
_HUNDREDTHS = dict.fromkeys(("cent", "ct", "centimos", "centimo", "centimes", "centime"), "€")
"""Names a hundredth in German, Spanish and French; in English it is of a dollar or a euro."""
_PRICED = late_regex(MONEY)
_UNSURE = late_regex(r"[1-9]\d{0,2}\.\d{3}")
_TIME = late_regex(r"(?:[01]?\d|2[0-3])\.[0-5]\d")
_IN_CENTS = late_regex(r"\d,\d\d(?!\d)")
"""Finds a price that other languages write without a currency: "12,90"."""
_CENTS = late_regex(r"(?<![\w.,$€£])(\d{1,3})(?: ?¢| cents?\b)")
_WITHOUT_CENTS = late_regex(r"[£₹]|\d pounds?\b(?! of)")
_COMPOUND = late_regex(r"(?<=\d)-(€|\$|euro|dollar)-(?=[a-z])")
_LETTER = late_regex("[a-z]")
_PAYING = ("pay for ", "owe for ")

_EN = WORDS["en"]
BEGINNING = late_regex(
    rf"(?:(?:(?:{_EN.asks}) ?[:,]?|{_EN.needs}) (?:the )?)?(?:half |an? |[\d.])"
    "|(?:how much|what|the) change "
)
BEGINNINGS = (
    *("how much ", "what ", "the ", "total", "sum", "price", "cost", "if ", "i ", "we ", "i'"),
    *("we'", "it ", "that ", "add up", "half ", "a ", "an "),
)
"""Begin what `BEGINNING` fits, besides numbers."""

_SURE, _ASKED, _OPEN = 2, 1, 0
"""Tell how sure a price is for one piece: by its words, where the cost is asked for, or not."""


def compile_forms() -> None:
    """Compiles the forms of all languages; otherwise the first question waits."""
    for language in WORDS:
        for form in forms_of(language).all():
            form.fullmatch("")


def cost_in_english(question: Question, *, opens: bool = False) -> str | None:
    """Returns the cost of goods in a question in English, None for anything else.

    A price for each, and no more, may be a reply to a question, unless it opens a conversation.

    >>> cost_in_english(Question("3 shirts at 19.95 plus 4.90"))
    '3 * 19.95 + 4.90 = 64.75'
    >>> cost_in_english(Question("what do 3 queens at $38 and 2 nucs at $210 cost together"))
    '3 * $38 + 2 * $210 = $534'
    """
    text = digits_for_words(question.text)
    if not has_digit(text) or len(text) > MAX_CHARACTERS or not BEGINNING.match(text):
        return None
    counted, dozens = _counted(text, "en")
    core = _CENTS.sub(lambda match: f"{int(match[1]) / 100:.2f}", counted)
    if core != counted and _WITHOUT_CENTS.search(core):
        return None
    return _Reader("en", question.asked, opens, dozens).told(core)


def cost_of_goods(text: str, *, opens: bool = False) -> str | None:
    """Returns what goods cost together in German, French or Spanish, None for anything else.

    >>> cost_of_goods("Was kosten 3 Stühle zu je 2.000 Euro?")
    '3 * 2.000 € = 6.000 €'
    >>> cost_of_goods("3 sillas a 20,50 euros cada una", opens=True)
    '3 * 20,50 € = 61,50 €'
    """
    if len(text) > MAX_CHARACTERS or not has_digit(text):
        return None
    core = core_of(text)
    if _PRICED.search(core) is None and _IN_CENTS.search(core) is None:
        return None
    goods = priced_goods(core) if opens else None
    if goods is not None and goods.language != "en" and not goods.asks:
        price = sum_of(goods.price, goods.language)
        if price is not None:  # "3 Stühle à 20 €" is no question, but everyday goods
            bill = Bill(goods.language)
            bill.add(Part(Fraction(goods.count), Fraction(price)), _sign(goods.currency))
            return bill.told()
    core = _COMPOUND.sub(r" \1 ", core)
    for language in ("de", "fr", "es"):
        counted, dozens = _counted(core, language)
        answer = _Reader(language, asked=False, opens=opens, dozens=dozens).told(counted)
        if answer is not None:
            return answer
    return None


def _counted(text: str, language: str) -> tuple[str, int]:
    """Returns the text with dozens as pieces, and how many dozens it has.

    >>> _counted("3 dozen eggs", "en")
    ('36 eggs', 3)
    """
    dozens = 0

    def pieces(match: re.Match[str]) -> str:
        nonlocal dozens
        groups = match.groupdict()
        word = WORDS[language].counts.get(groups.get("word") or "", 1)
        count = int(groups["n"]) if (groups.get("n") or "").isdecimal() else word
        dozens += count
        return str(count * (6 if match["half"] else 12)) + (" " if match[0][-1] == "'" else "")

    counted = forms_of(language).dozen.sub(pieces, text)
    return counted, dozens


def _sign(currency: str) -> str:
    return SIGNS.get(currency) or _CURRENCIES.get(currency) or currency


class _Reader:
    """Reads the goods of one text."""

    def __init__(self, language: str, asked: bool, opens: bool, dozens: int = 0) -> None:
        self._language, self._words, self._forms = language, WORDS[language], forms_of(language)
        self._asked, self._opens, self._dozens = asked, opens, dozens
        self._bill = Bill(language)
        self._sure = _SURE
        self._fees = self._plus = self._certain = False
        self._alone = False  # no thing is named
        self._times = 0  # how many prices may be times of day
        self._said_each = True  # each price is followed by words that say so
        self._plain = False  # a price has neither a currency nor cents
        self._bare = False  # such a price stands behind "at", where no thing is named
        self._unclear = False  # "3 por 12,50": three times the price, or all three for it

    def told(self, core: str) -> str | None:
        """Returns the sum of all of a text, None where one of its words is not understood."""
        frame = self._forms.frame.match(core)
        asks = frame is not None and frame["asks"] is not None
        # "What do I pay for ..." reaches this as "i pay for ...".
        paying = self._asked and frame is not None and frame[0].endswith(_PAYING)
        self._certain = asks or paying
        if frame is not None and frame["sum"] and not self._pays(frame):
            return None
        place = self._all_goods(core, 0 if frame is None else frame.end())
        if place is None:
            return None
        ended = False
        while place < len(core):
            if (after := self._fee(core, place) or self._rated(core, place)) is not None:
                place = after
            elif not asks and (free := self._forms.free.match(core, place)) is not None:
                # Who asks for the cost with delivery included may want to know both.
                place = free.end()
            elif (paid := self._forms.paid.fullmatch(core, place)) and self._pays(paid):
                break
            elif (end := self._forms.end.match(core, place)) and not ended:
                # "3 shirts at 19.95 total" may say that all three are 19.95.
                clear = end["asks"] or end["mark"] or asks or self._sure == _SURE or self._plus
                if not clear or (end["verb"] and not asks):
                    return None
                self._certain, ended, place = True, True, end.end()
            else:
                return None
        bought = frame is not None and not asks
        return self._bill.told() if self._is_wanted(bought) else None

    def _all_goods(self, core: str, place: int) -> int | None:
        """Returns the place behind all goods from a place on, None if one is unclear."""
        item = self._forms.item.match(core, place)
        if item is None or not self._item(item):
            return None
        place = item.end()
        while len(self._bill.parts) < MOST_KINDS:
            joined = self._forms.joined.match(core, place)
            item = joined and self._forms.item.match(core, joined.end() + 1)
            if not joined or not item or core[joined.end()] != " " or not self._item(item):
                return place
            self._plus, place = self._plus or joined["plus"] is not None, item.end()
        return place

    def _item(self, item: re.Match[str]) -> bool:
        """Adds goods, unless what they are or what they cost is unclear."""
        article = item["count"] in self._words.counts
        count = Fraction(self._words.counts[item["count"]]) if article else self._count(item)
        price = self._price(item)
        sure = self._sureness(item)
        thing, per, parts, core = item["thing"] or "", item["per"], self._bill.parts, item.string
        if price is None or count <= 0 or count > MOST_PIECES:
            return False
        if LEADING_ZERO.match(item["count"]) or LEADING_ZERO.match(item["sum"]):
            return False
        if thing and not self._is_goods(thing, per, sure):
            return False
        if (per and not thing) or (count.denominator > 1 and not per):
            return False
        if count != 1 and _is_size(thing):
            return False
        one = article and count == 1
        more = bool(parts) and not self._alone and item["alone"] is not None
        if parts and (thing == "") != self._alone and not more:
            return False
        self._alone = thing == "" and not more  # "3 shirts at $20 and 3 at $25": all are shirts
        if one and (item["each"] or thing.partition(" ")[0] in SEVERAL):
            return False  # "a pair of tyres at $45 each", "a few tubes at $7": more than one
        if item["link"] == "cost" and sure < _SURE and count != 1:
            return False  # "3 shirts cost 19.95": all of them
        value, sign = price
        clear = bool(sign) or ENDS_IN_CENTS.search(item["sum"]) is not None
        says = (item["each"] and clear) or _LETTER.search(core, item.end())
        if not thing and self._language == "en" and not (says or more):
            return False  # arithmetic reads it
        if sure < _SURE and not sign and _TIME.fullmatch(item["sum"]):
            self._times += 1
        self._sure = min(self._sure, sure)
        self._said_each &= bool(item["each"] or item["per"])
        self._bare |= item["alone"] is not None and not clear
        self._unclear |= sure < _SURE and item["by"] in self._words.unclear.split("|")
        self._bill.add(Part(count, value, item["sum"]), sign)
        return True

    def _sureness(self, item: re.Match[str]) -> int:
        if item["each"] or item["per"] or item["each_link"] or item["times"]:
            return _SURE
        return _ASKED if item["link"] or not item["thing"] else _OPEN

    def _count(self, item: re.Match[str]) -> Fraction:
        text = item["count"]
        return number(text) if self._language == "en" else Fraction(text.replace(",", "."))

    def _is_goods(self, thing: str, per: str | None, sure: int) -> bool:
        """Returns True for what a count and a price of each are all of."""
        words = {part for part in re.split(r"[ '-]", thing) if len(part) > 1}.union(thing.split())
        if self._language == "fr":
            words -= {"a"}  # "chambres à air"
        if thing.partition(" ")[0].removesuffix("s") in FRACTIONS:
            return False  # "a third of $60 each"
        if not NO_GOODS.isdisjoint(words) or holds(thing, NO_PLAIN_PRICES):
            return False
        if per:
            return names_a_piece(per, thing)
        return MEASURES.isdisjoint(words) and (sure == _SURE or TIMES_AND_PEOPLE.isdisjoint(words))

    def _price(self, match: re.Match[str]) -> tuple[Fraction, str] | None:
        """Returns a price and its sign; None for a price with two meanings."""
        before, after, written = match["before"], match["after"], match["sum"]
        if before and after:
            return None
        named = before or after or ""
        if self._language == "en":
            unsure = _UNSURE.fullmatch(written)  # 1.200: mostly a thousand and more
            return None if unsure or named in _HUNDREDTHS else (number(written), _sign(named))
        value = sum_of(written, self._language)
        if value is None:
            return None
        self._plain |= not named and _IN_CENTS.search(written) is None
        cents = named in _HUNDREDTHS
        return Fraction(value) / (100 if cents else 1), _HUNDREDTHS.get(named) or _sign(named)

    def _pays(self, match: re.Match[str]) -> bool:
        """Reads the sum for which change is given; False where it is unclear."""
        price, bill = self._price(match), self._bill
        if price is None or bill.rate or bill.paid is not None:
            return False
        bill.paid = price[0]
        bill.signs |= {price[1]} - {""}
        self._certain = True
        return True

    def _fee(self, core: str, place: int) -> int | None:
        """Adds a fee, and returns the place behind it; None without one."""
        for form in self._forms.fees:
            match = form.match(core, place)
            if match is None or self._bill.rate or not (match["plus"] or match["fee"]):
                continue
            price = self._price(match)
            if price is None:
                return None
            self._bill.add(Part(Fraction(1), price[0], match["sum"]), price[1])
            self._fees = self._plus = True
            return match.end()
        return None

    def _rated(self, core: str, place: int) -> int | None:
        """Reads a tax, a reduction or a voucher; None without one, and where it is unclear."""
        bill = self._bill
        for kind, form in self._forms.rates:
            match = form.match(core, place)
            if match is None or bill.rate or bill.paid is not None:
                continue
            if kind == "voucher":
                price = self._price(match)
                if price is None:
                    return None
                bill.signs |= {price[1]} - {""}
                bill.rate = (kind, price[0])
                return match.end()
            # With several prices or a fee it is unclear what counts, but a tax is on all goods.
            groups = match.groupdict()  # ", minus 10%" is of all that stands before it
            whole = kind == "both" or groups.get("all") or groups.get("apart")
            if self._fees or (len(bill.parts) > 1 and not whole):
                return None
            bill.rate = (kind, Fraction(match["p"].replace(",", ".")))
            self._plus = self._plus or kind != "both"
            return match.end()
        return None

    def _is_wanted(self, bought: bool) -> bool:
        """Returns True where a sum is asked for, and each price is surely for one piece."""
        sure, parts = self._sure, self._bill.parts
        if self._language != "en" and not self._bill.signs and not self._is_plainly_money():
            return False
        dear = any([part.price >= 1 for part in parts])
        if self._dozens and (sure < _SURE or (self._dozens > 1 and dear)):
            return False  # "3 dozen eggs at $4": a dozen of them, and "at $4 each" may be so
        single = len(parts) == 1 and parts[0].count == 1
        if sure == _OPEN or (single and not self._plus and self._bill.paid is None):
            return False
        if self._times == len(parts) and not (self._certain or self._plus):
            return False
        if self._asked or self._certain:
            return True
        if self._bare or self._unclear:
            return False  # "5 at 7 plus 3": it may be the hour, or a range in French
        adds_up = self._plus or len(parts) > 1 or self._bill.rate is not None
        if sure == _SURE:
            return not bought and (adds_up or self._opens)
        if self._language == "en":
            return not bought and adds_up
        return not bought and self._plus and self._opens

    def _is_plainly_money(self) -> bool:
        """Returns True for "7 zu 12,90 das Stück": a price in cents, and words that one has."""
        return not self._plain and (self._said_each or self._certain or self._fees)


def _is_size(thing: str) -> bool:
    """Returns True for "volt batteries", of which one has 12 volts; False for "day of work"."""
    first, _, behind = thing.partition(" ")
    return first in SIZES and behind.partition(" ")[0] not in ("", "of", "in")
