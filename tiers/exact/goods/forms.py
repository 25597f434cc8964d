"""Makes expressions of the words around goods and their prices. It knows nothing about sums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from router.regexes.late import late_regex
from tiers.exact.goods.words import WORDS
from tiers.exact.numbers import NUMBER
from tiers.exact.phrased.payments import change_of_goods

MONEY = (
    "€|\\$|£|₹|euros?\\b|eur\\b|dollars?\\b|dollares\\b|dolares\\b|usd\\b|pounds?\\b|gbp\\b|pfund\\b"
    "|cent\\b|ct\\b|centimos?\\b|centimes?\\b"
)
_SUM = (
    r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,2})?|[1-9]\d{0,2}(?:[. ]\d{3})+(?:,\d{1,2})?"
    r"|\d{1,9}(?:[.,]\d{1,3})?)(?![.,]?\d)"
)
_PERCENT_SIGN = "(?:%|percent|per cent|prozent|pour ?cent|por ?ciento)"
_PERCENT = rf"(?P<p>\d{{1,3}}(?:[.,]\d{{1,3}})?) ?{_PERCENT_SIGN}"
_PAPER = "(?:din )?a[0-7][ -]"  # a size has a digit that is no number
_THING = rf"(?P<thing>(?:{_PAPER})?[a-z][a-z'-]*(?: [a-z][a-z'-]*){{0,3}}?)"


class Forms(Struct, frozen=True):
    """Holds the compiled forms of one language."""

    dozen: re.Pattern[str]
    frame: re.Pattern[str]
    item: re.Pattern[str]
    joined: re.Pattern[str]
    fees: tuple[re.Pattern[str], ...]
    rates: tuple[tuple[str, re.Pattern[str]], ...]  # with what is done with them
    free: re.Pattern[str]
    paid: re.Pattern[str]
    end: re.Pattern[str]

    def all(self) -> Iterator[re.Pattern[str]]:
        """Yields every form."""
        yield from (self.dozen, self.frame, self.item, self.joined, self.free, self.paid, self.end)
        yield from self.fees
        yield from [form for _, form in self.rates]


@cache
def forms_of(language: str) -> Forms:
    """Returns the forms of a language."""
    words = WORDS[language]
    sum_ = rf"(?:{NUMBER})(?![.,]?\d)" if language == "en" else _SUM
    price = (
        rf"(?:(?P<before>{MONEY}) ?)?(?P<sum>{sum_})(?: ?(?P<after>{MONEY}))?"
        rf"(?![\w%])(?! {_PERCENT_SIGN})"
    )
    numeral = NUMBER if language == "en" else r"\d{1,6}(?:[.,]\d{1,2})?"
    links = f"(?P<each_link>{words.each_links})|(?P<link>{words.links})|{words.unclear}"
    fee = rf"(?:(?P<plus>,? ?(?:{words.plus}))|,? (?:{words.joins}|with|mit|avec|con)|,) "
    rates = (("add", words.added), ("both", words.included), ("take", words.taken))
    before, behind = (form.replace("<y>", price) for form in change_of_goods(language))
    asks = rf"(?P<asks>{words.asks}) ?[:,]?"
    return Forms(
        dozen=late_regex(rf"\b{words.dozen}"),
        frame=late_regex(rf"(?:{asks}|{words.needs}|{before}) (?:(?:{words.articles}) )?"),
        item=late_regex(
            rf"(?P<count>{numeral}|{'|'.join(words.counts)})"
            rf"(?: ?(?:(?P<times>{words.times})|(?P<by>{words.asked_times})) ?"
            rf"| (?P<alone>{words.alone}) | {_THING},? (?:(?:{links}) )?){price}"
            rf"(?:,? (?P<each>{words.each})(?!\w)"
            rf"|(?: (?:{words.per}) | l'| ?/ ?)(?P<per>[a-z]+))?"
        ),
        joined=late_regex(rf"(?P<plus>,? ?(?:{words.plus}))|,? (?:{words.joins})|,"),
        fees=tuple(
            late_regex(fee + form.replace("<kind>", words.fees).replace("<x>", price))
            for form in words.fee_forms
        ),
        rates=(
            *(
                (kind, late_regex(rf"{form.replace('<p>', _PERCENT)}(?!\w)"))
                for kind, forms in rates
                for form in forms
            ),
            *(("voucher", late_regex(form.replace("<x>", price))) for form in words.voucher),
        ),
        free=late_regex(rf",? (?:{words.free})(?!\w)"),
        paid=late_regex(behind),
        end=late_regex(
            rf"(?P<mark>[,.;:?!]?)(?: -)? (?:(?P<asks>{words.asks_after})|(?:{words.together})"
            rf"|(?P<verb>{words.verbs}))(?!\w)"
        ),
    )
