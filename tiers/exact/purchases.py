"""Adds up purchases: how many of what at which price, with delivery, a tax or a reduction.

All of the question must fit one form, or there is no answer. A price that may be a time of day, and
a number that may be a price for all pieces together, are left alone. It knows no price itself.
"""

from __future__ import annotations

import re
from fractions import Fraction

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.numbers import (
    AMOUNT,
    NUMBER,
    SYMBOLS,
    amount,
    digits_for_words,
    looks_like_money,
    number,
    shown_money,
    written,
)
from tiers.exact.wording import FRACTIONS, Question

MOST_PIECES = 1_000_000
_UNSIGNED = "\0"
"""Stands before a price in cents without a sign, until another one tells the currency."""

_COUNT = rf"(?P<n>{NUMBER}|an?)"
_THING = r"(?P<thing>[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,2}?)"
_EACH = r"each|apiece|a piece|per piece|per item|per unit"
_PRICE = rf"(?P<price>{AMOUNT})(?! ?%)"
_BOUGHT = late_regex(
    rf"{_COUNT} {_THING},? (?:(?P<at>at|@|costing|that cost|which cost|priced at|cost) )?"
    rf"{_PRICE}(?: (?P<each>{_EACH}|(?:per|an?) (?P<per>[a-z]+)))?"
)
_FOR_EACH = late_regex(rf"{_COUNT} {_THING} for {_PRICE} (?P<each>{_EACH})")
_TIMES = late_regex(rf"(?P<n>{NUMBER}) ?(?:x|\*|times) ?{_PRICE}(?=.*[a-z])")
_EXTRA = late_regex(
    rf"(?P<joined>,? ?(?:plus|\+)|,? and|,? with|,) (?:an? |the )?(?:(?P<fee>{AMOUNT})(?! ?%)"
    rf"(?: (?:for |of |in )?(?:the )?(?P<what>FEE))?|(?P<before>FEE) (?:of )?(?P<sum>{AMOUNT}))"
    r"(?= |,|$)".replace(
        "FEE",
        r"(?:express |standard )?(?:shipping|delivery|postage|p&p|handling|packaging|packing"
        r"|gift wrap(?:ping)?|deposit|service|fees?|delivery fee|shipping costs?|booking fee)",
    )
)
_AND = late_regex(r"(?:,? ?(?:plus|\+)|,? and|,) (?=\d|an? )")
_PERCENT = rf"(?P<p>{NUMBER}) ?(?:%|percent)"
_TAX = r"(?:tax|vat|sales tax|tip|service(?: charge)?)"
_OFF = r"(?:off|discount|reduction)"
_ADDED = late_regex(
    rf"(?: plus| ?\+) {_PERCENT}(?: {_TAX})?|,? (?:with|and) (?P<p2>{NUMBER}) ?(?:%|percent) {_TAX}"
)
_TAKEN = late_regex(
    rf"(?: minus| less| ?-) (?:an? )?{_PERCENT}(?: {_OFF})?"
    rf"|,?(?: with| at)?(?: an?)? (?P<p2>{NUMBER}) ?(?:%|percent) {_OFF}"
)
_FRAME = late_regex(
    r"(?:(?:how much|what) (?:do|does|would|will|did) (?:i pay for )?"
    r"|(?:the )?(?:total|sum|price|cost)(?: price| cost)?(?: of| for| is)?:? "
    r"|(?P<bought>(?:if )?(?:i|we)) (?:buy|bought|order|ordered|get|take|have|want) )"
)
_BEGINNING = late_regex(rf"(?:{_FRAME.pattern})?(?:half |an? |[\d.])")
BEGINNINGS = (
    *("how much ", "what ", "the ", "total ", "sum ", "price ", "cost", "if ", "i ", "we "),
    *("total:", "sum:", "price:", "half ", "a ", "an "),
)
"""Begin what `_BEGINNING` fits, besides numbers."""
_TOTAL = late_regex(
    r",? (?:in total|(?:what(?:'s| is) )?(?:the |my )?total(?: price| cost)?|(?:all ?)?together"
    r"|overall|how much(?: is (?:that|it|this)| do i pay)?(?: in total| altogether| together)?"
    r"|what do i (?:have to )?pay(?: in total| altogether| together)?|costs?"
    r"|what does (?:that|it|this) cost|makes?|come to)$"
)
_DOZEN = late_regex(rf"\b(?P<half>half )?(?P<n>{NUMBER}|an?) dozens?\b(?: of)?")
SEVERAL = frozenset(
    ("bunch", "couple", "few", "group", "handful", "lot", "number", "quartet", "quintet", "trio")
)
"""Says behind an article that there are several, and not how many."""
_CENTS = late_regex(r"(?<![\w.,$€£])(\d{1,3})(?: ?¢| cents?\b)")
_TIME = late_regex(r"(?:[01]?\d|2[0-3])\.[0-5]\d")
_NO_GOODS_WORDS = (
    "am pm h hr hrs hour hours minute minutes min mins second seconds day days week weeks month "
    "months year years degree degrees km mile miles metre metres meter meters mph percent times "
    "plus minus and or of off chf jpy inr cad aud sek nok dkk pln usd eur gbp yen rupees francs "
    "pesos points point people persons guests adults kids children"
)
_NO_GOODS = frozenset(_NO_GOODS_WORDS.split())
"""What is no goods, unless the price is said to be for each: times, distances, rates, people."""


class _Bill(Struct):
    """Collects what was read, as a sum in signs and as its value."""

    value: Fraction
    shown: str
    signs: set[str]
    adds_up: bool = False  # it says "plus", so that a sum is wanted
    named_each: bool = True  # all prices are said to be for one piece
    for_each: bool = False  # it says "each": the price is no price of all
    parts: int = 1


def purchase(question: Question, *, opens: bool = False) -> str | None:
    """Returns the sum of a purchase, None for anything else.

    A price for each, and no more, may be a reply to a question, unless it opens a conversation.

    >>> purchase(Question("3 shirts at 19.95 plus 4.90, total")), purchase(Question("2 at 7.30"))
    ('3 * 19.95 + 4.90 = 64.75', None)
    """
    text = digits_for_words(question.text)
    if not (_BEGINNING.match(text) and ("dozen" in text or has_digit(text))):
        return None
    pieces, wanted = _bare(_counted(text))
    bill, rest = _goods(pieces, wanted is True)
    if bill is None or _further(bill, rest) != "" or len(bill.signs) > 1:
        return None
    if "dozen" in text and not bill.named_each:
        return None  # "3 dozen eggs at $4": a dozen of them, as a rule
    sum_of_each = bill.adds_up or (opens and bill.for_each)
    if not (question.asked or wanted or (sum_of_each and wanted is None)):
        return None
    sign = next(iter(bill.signs), "")
    return shown_money(bill.shown.replace(_UNSIGNED, sign), bill.value, sign)


def _counted(text: str) -> str:
    """Returns the text with dozens as pieces, and cents as parts of a whole.

    >>> _counted("3 dozen eggs at 42 cents each")
    '36 eggs at 0.42 each'
    """

    def pieces(match: re.Match[str]) -> str:
        count = Fraction(1) if match["n"] in ("a", "an") else number(match["n"])
        return written(count * (6 if match["half"] else 12)).replace(",", "")

    text = _DOZEN.sub(pieces, text)
    return _CENTS.sub(lambda match: f"{int(match[1]) / 100:.2f}", text)


def _bare(text: str) -> tuple[str, bool | None]:
    """Returns the purchase without the words around it, and if they ask for a sum.

    None: they leave it open. False: "I bought 3 shirts at 19.95" asks for nothing.
    """
    framed = _FRAME.match(text)
    if framed:
        text = text[framed.end() :]
    asked = _TOTAL.search(text)
    if asked is None:
        return text, None if framed is None else framed["bought"] is None
    # "3 shirts at 19.95 total" may say that all three are 19.95.
    doubtful = asked.group(0) in (" total", " in total", " altogether", " together", " overall")
    left = text[: asked.start()]
    several = re.search(rf"\b(?:plus|{_EACH})\b|\+", left) is not None
    return (text, None) if doubtful and not several and not framed else (left, True)


def _goods(text: str, certain: bool) -> tuple[_Bill | None, str]:
    """Returns the first goods of a text as a bill, and what follows; None without goods."""
    match = _TIMES.match(text) or _FOR_EACH.match(text) or _BOUGHT.match(text)
    if match is None:
        return None, text
    groups = {"at": "at", "each": None, "thing": "", "per": None, **match.groupdict()}
    count = Fraction(1) if match["n"] in ("a", "an") else number(match["n"])
    written_price = match["price"]
    price = amount(written_price)
    at, each, per, thing = groups["at"], groups["each"], groups["per"], groups["thing"] or ""
    if not each and not at:
        return None, text
    first_word = thing.partition(" ")[0]
    if first_word.removesuffix("s") in FRACTIONS:
        return None, text  # "a third of $60 each"
    if match["n"] in ("a", "an") and ((each and not per) or first_word in SEVERAL):
        return None, text  # "a pair of tyres at $45 each", "a few tubes at $7": more than one
    if at == "cost" and not each and count != 1:
        return None, text  # "3 shirts cost 19.95": all of them
    if per and not _same_thing(per, thing):
        return None, text
    if count > MOST_PIECES or (count.denominator > 1 and not per):
        return None, text
    if not each and not _NO_GOODS.isdisjoint(thing.split()):
        return None, text
    timely = not price.sign and _TIME.fullmatch(written_price.strip()) is not None
    if timely and not (each or certain or re.search(r"plus|\+", text[match.end() :])):
        return None, text
    shown = _price(written_price)
    bill = _Bill(
        value=count * price.value,
        shown=shown if count == 1 else f"{written(count)} * {shown}",
        signs={price.sign} - {""},
        named_each=bool(each),
        for_each=bool(each) and count > 1,
    )
    return bill, text[match.end() :]


def _further(bill: _Bill, rest: str) -> str | None:
    """Adds more goods, fees and one rate to a bill; returns what is left, None where unclear."""
    while rest:
        joined = _AND.match(rest)
        more = _goods(rest[joined.end() :], True) if joined else (None, rest)
        fee = _EXTRA.match(rest)
        if more[0] is not None:
            other = more[0]
            bill.value, bill.signs = bill.value + other.value, bill.signs | other.signs
            bill.shown, rest = f"{bill.shown} + {other.shown}", more[1]
            bill.named_each = bill.named_each and other.named_each
        elif fee:
            named = fee["what"] or fee["before"]
            if not named and fee["joined"].strip(" ,") not in ("plus", "+"):
                return None
            written_fee = fee["fee"] or fee["sum"]
            extra = amount(written_fee)
            bill.value, bill.signs = bill.value + extra.value, bill.signs | ({extra.sign} - {""})
            bill.shown, rest = f"{bill.shown} + {_price(written_fee)}", rest[fee.end() :]
        else:
            return _rated(bill, rest)
        bill.parts += 1
        bill.adds_up = True
    return rest


def _rated(bill: _Bill, rest: str) -> str | None:
    """Adds a tax or takes a reduction, from goods alone: with fees it is unclear what counts."""
    if bill.parts > 1:
        return None
    for form, sign, way in ((_ADDED, 1, "plus"), (_TAKEN, -1, "less")):
        match = form.fullmatch(rest)
        if match:
            rate = number(match["p"] or match["p2"])
            bill.value *= (100 + sign * rate) / 100
            bill.shown, bill.adds_up = f"{bill.shown} {way} {written(rate)}%", True
            return "" if bill.value >= 0 else None
    return None


def _same_thing(per: str, thing: str) -> bool:
    """Returns True for "a shirt" and "shirts": the price is for one of the things."""
    last = thing.split()[-1]
    return last in (per, f"{per}s", f"{per}es") or (per[-1:] == "y" and last == f"{per[:-1]}ies")


def _price(text: str) -> str:
    """Returns a price as it was written, with its sign or the mark of a missing one before it."""
    unsigned = _UNSIGNED if looks_like_money(text) else ""
    return (amount(text).sign or unsigned) + text.strip().lstrip(f"{SYMBOLS} ")
