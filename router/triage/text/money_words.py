"""Lists the vocabulary of money and numbers, and turns a written number into a value.

Words have the folded, lower-case form of `folding`. It knows nothing about sentences or
exchange rates.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from decimal import Decimal

from router.triage.text import money_languages as other
from router.triage.text.numerals import joined

MAX_DIGITS = 18
"""A longer run of digits is no sum that anybody means; it counts as the largest one."""

SYMBOLS = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB",
    "₺": "TRY", "₪": "ILS", "₫": "VND", "฿": "THB", "₦": "NGN", "₴": "UAH", "₱": "PHP",
}  # fmt: skip

# Letters before "$" that name another dollar (US$, A$, R$), with or without a space.
DOLLAR_PREFIXES = {
    "us": "USD", "usa": "USD", "u.s.": "USD", "a": "AUD", "au": "AUD", "c": "CAD", "ca": "CAD",
    "can": "CAD", "nz": "NZD", "hk": "HKD", "s": "SGD", "sg": "SGD", "r": "BRL", "mx": "MXN",
    "nt": "TWD",
}  # fmt: skip

# Words before "dollars", "pounds", "francs" or "kroner" that say whose.
QUALIFIERS = {
    "us": "USD", "u.s.": "USD", "american": "USD", "canadian": "CAD", "australian": "AUD",
    "singapore": "SGD", "kong": "HKD", "zealand": "NZD", "british": "GBP", "swiss": "CHF",
    "aussie": "AUD", "taiwan": "TWD", "kanadische": "CAD", "kanadischen": "CAD",
    "kanadischer": "CAD", "australische": "AUD", "australischen": "AUD", "danish": "DKK",
    "danske": "DKK", "danska": "DKK", "norwegian": "NOK", "norske": "NOK", "norska": "NOK",
    "swedish": "SEK", "svenska": "SEK", "svenske": "SEK", "czech": "CZK",
}  # fmt: skip
CROWNS_OF_COUNTRIES = frozenset({"crown", "crowns", "krona", "kronas", "krones", "koruna"})
"""Words of money behind one of these alone, as in "Czech crowns"."""
QUALIFIERS_BEHIND = {
    "canadiens": "CAD", "canadienses": "CAD", "canadesi": "CAD", "canadenses": "CAD",
    "australiens": "AUD", "australianos": "AUD", "australiani": "AUD",
}  # fmt: skip
"""The same words behind "dollars"."""

CURRENCY_WORDS = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "dolar": "USD",
    "dolares": "USD", "dollari": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP",
    "pounds": "GBP", "quid": "GBP", "sterling": "GBP", "yen": "JPY", "円": "JPY", "元": "CNY",
    "yuan": "CNY", "renminbi": "CNY", "rmb": "CNY", "rupee": "INR", "rupees": "INR", "rs": "INR",
    "bitcoin": "BTC", "bitcoins": "BTC", "btc": "BTC", "ethereum": "ETH",
    "franc": "CHF", "francs": "CHF", "franken": "CHF", "sfr": "CHF", **other.CURRENCY_WORDS,
}  # fmt: skip

COINS = frozenset({"BTC", "ETH"})
SWISS = "fr"  # "Fr. 85'000"; also a Friday, so that it counts with the Swiss mark alone

OF_AFTER_SCALE = frozenset({"de", "di", "d"})  # "5 millones de pesos"
DOTTED_SCALES = other.DOTTED_SCALES
HAN_DIGITS, HAN_TENS, HAN_MYRIADS = other.HAN_DIGITS, other.HAN_TENS, other.HAN_MYRIADS
HAN_NUMBERS, HAN_MONEY = other.HAN_NUMBERS, other.HAN_MONEY
HAN_SCALES = frozenset({*HAN_TENS, *HAN_MYRIADS})

HUNDREDTHS = {"cent": "USD", "cents": "USD", "pence": "GBP"}
WEIGHTS = frozenset({"pound", "pounds"})  # also a weight: these need money in the sentence
PREFIX_WORDS = (
    frozenset({"rs", "rmb", "sfr"}) | other.PREFIX_WORDS
)  # words, beside ISO codes, that stand before a sum

# ISO codes that are English words: they count only in capitals.
CODES_IN_CAPITALS = frozenset("all try cup mop top gel pen sos bam ron sar sek rub aed eth".split())

INDIAN_SCALES = frozenset("lakh lakhs lac lacs crore crores".split()) | other.hints(("लाख", "करोड़"))
"""Scales that only rupees are counted in: a sum without a currency is in rupees then."""

LETTER_SCALES = {
    "k": 10**3, "m": 10**6, "mm": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9, "t": 10**12,
    "tn": 10**12,
}  # fmt: skip

FUSED_CODES = tuple(
    "EUR USD GBP CHF CAD AUD SEK NOK DKK PLN CZK JPY CNY INR AED BRL eur usd gbp chf".split()
)
FUSED = frozenset(f"{scale}{code}".lower() for scale in "KTM" for code in FUSED_CODES)
"""Codes in one word with their scale: "85kUSD", "TEUR 85", "2 MEUR"."""

WORD_SCALES = {
    "thousand": 10**3, "thousands": 10**3, "tausend": 10**3, "tsd": 10**3, "mil": 10**3,
    "grand": 10**3, "lakh": 10**5, "lakhs": 10**5, "lac": 10**5, "lacs": 10**5,
    "crore": 10**7, "crores": 10**7,
    "million": 10**6, "millions": 10**6, "mio": 10**6, "mill": 10**6, "millionen": 10**6,
    "millones": 10**6, "milliard": 10**9, "milliards": 10**9, "mrd": 10**9, "milliarden": 10**9,
    "billion": 10**9, "billions": 10**9, "trillion": 10**12, "trillions": 10**12,
    **other.WORD_SCALES,
}  # fmt: skip

SCALES_BEFORE = {"k": 10**3, "t": 10**3, "m": 10**6, "tsd": 10**3, "mio": 10**6, "mrd": 10**9}
"""Scales that stand before a currency: "T" is a thousand there, as in "TEUR"."""

UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
ENGLISH_NUMBERS = frozenset({*UNITS, "a", "half", "quarter", "few", "couple"})
"""Before "mil" these make it a million; after digits and Spanish words it is a thousand."""

UNITS = {**other.UNITS, **UNITS}
SLANG_THOUSANDS = frozenset("large gs g thou kay k stacks racks".split())
"""After a number that is about money: "we owe twenty large"."""

FIGURES = frozenset({"figure", "figures"})  # "a six-figure sum" is 100,000 at least
VAGUE = {"couple": 2, "few": 3, "several": 3, "dozen": 12, "dozens": 12, "tens": 10}
HUNDREDS = frozenset({"hundred", "hundreds"})
NUMBER_WORDS = frozenset(
    {*UNITS, *VAGUE, *HUNDREDS, *WORD_SCALES, *other.HAN_NUMBERS, *joined.BEGINS, "half", "quarter"}
)

# A number without a currency is money when one of these is near.
CONTEXT = (
    frozenset(
        """budget budgets budgeted cost costs costing price prices priced pricing pay pays
    paid paying payment payments refund refunds refunded worth revenue revenues salary
    salaries invoice invoices invoiced fee fees fined fines contract contracts deposit
    loan loans mortgage debt debts owe owes owed owing charge charged charges bill
    billed bills spend spends spent spending invest invests invested investing
    investment profit profits loss losses damages settlement savings funding grant
    wage wages income earn earns earned earning bonus compensation severance rent
    purchase purchased buy buying bought sell selling sold sale sales deal valuation
    payout rebate discount claim premium donate donated donation expense expenses
    capex opex arr mrr tax taxes penalty royalty royalties payroll quote quoted cash
    money fund funds pension inheritance bid ransom budgeting turnover wire wired
    transfer transferred""".split()
    )
    | other.CONTEXT
)
HANDED_OVER = frozenset(
    "sent send sending gave give gives given lent lend borrow borrowed stole stolen lost".split()
)
"""Words beside which a number in thousands without a noun is money; alone they say nothing."""

# Of these, the ones that a bare number may follow at once ("we paid 12000"); after the others a
# number is as likely an id ("invoice 48213") unless a linking word stands between.
TAKES_NUMBER = frozenset(
    """budget cost costs costing price priced pay pays paid paying worth revenue salary
    owe owes owed owing spend spent spending invest invested earn earns earned donate
    donated transfer wire uberweise zahle zahlen payer pagar pagare transferir
    transfiere przelej""".split()
)
LINKS = (
    frozenset(
        """of is was are were be been will would to at about around approximately roughly
    approx up over under above below nearly almost exactly only just total totaling
    totalling amounting comes came exceeds exceeding than more less least most the a
    an currently by for from us them him her me you some""".split()
    )
    | other.LINKS
    | frozenset("=:~<>+")
)
YEAR_LINKS = frozenset("for in by from since until".split())

# What may follow a bare number of money; any other word makes it a count of something.
AFTER_SUM = (
    CONTEXT
    | other.AFTER_SUM
    | frozenset(
        """and or but to for in on per if this next a an the by with from as is was are were
    will would when because since so at into over within before after during until now
    today tomorrow yesterday each every all total about please annually yearly monthly
    annual back out up off that which who we i you they it not should could can may
    must more less gross net upfront plus minus then than right do does did how what
    why where even only just instead again last whether""".split()
    )
)
NOT_MONEY = frozenset(
    """step steps run runs race races marathon user users request requests token tokens
    word words follower followers row rows mile miles km people employees customers
    records files lines items messages emails tickets monitor monitors tv video videos
    resolution display screen hz mb gb tb views downloads calories meters metres
    visitors subscribers images samples""".split()
)
RUNNING = frozenset("run ran running race jog jogged walk walked marathon".split())

TIME_UNITS = {
    "day": Decimal(1), "week": Decimal(7), "month": Decimal("30.4375"),
    "quarter": Decimal("91.3125"), "year": Decimal("365.25"),
}  # in days  # fmt: skip
SOLD_BY = frozenset({*TIME_UNITS, "hour", "seat", "unit", "piece", "person", "head", "user"})
ANY_THING = frozenset({"piece", "unit"})  # "at $89 a piece": whatever is counted
UNIT_ALIASES = {
    "mo": "month", "mos": "month", "monthly": "month", "yr": "year", "yrs": "year",
    "yearly": "year", "annually": "year", "annum": "year", "hr": "hour", "hrs": "hour",
    "hourly": "hour", "wk": "week", "wks": "week", "weekly": "week", "daily": "day",
    "quarterly": "quarter", "people": "person", "persons": "person", "pcs": "piece", "pc": "piece",
    "licences": "license", "licence": "license",
}  # fmt: skip
PERIOD_LINKS = frozenset("pro im par al por per в na każdy a au".split())
PERIODS = {
    form: unit
    for unit, names in {
        "month": "monat mois mes mese maand месяц miesiac ay",
        "year": "jahr an ano anno jaar год rok",
        "week": "woche semaine semana settimana week",
    }.items()
    for form in other.hints(names.split())
}
"""Periods in other languages, after a word of PERIOD_LINKS."""

# Goods sold by measure have prices like $3.459, so that a dot before three digits is a decimal.
MEASURES = frozenset(
    """gallon gal litre liter l kg lb pound share unit kwh mwh mile km token request call
    gb mb minute hour ounce oz barrel mmbtu""".split()
)
INSTALMENTS = frozenset(
    """payment payments instalment instalments installment installments tranche tranches
    invoices cheques checks deposits transfers""".split()
)

EACH = frozenset({"a", "an", "per", "/", "each", "every"})
SIGNS = frozenset({"x", "*", "times"})
COUNT_WORDS = frozenset({*ENGLISH_NUMBERS, *HUNDREDS, "dozen", "thousand"}) - {
    "a", "half", "quarter", "few", "couple",
}  # fmt: skip
"""Words of counts: "twenty-five lamps at 400". "A few" is no count."""
ALL_COUNT_WORDS = frozenset({*COUNT_WORDS, *UNITS})
"""The same, and those of other languages, where the words around them are of these too."""
COUNTED = ALL_COUNT_WORDS | {"a", "an"}
"""Words that may stand for the count of a price: "one lamp at 400"."""
TIMES = SIGNS | {"@", "at", "costing", "of", "for", ","}  # what may stand between count and price


def singular(word: str) -> str:
    """Returns the unit a word means: "seats" -> "seat", "mo" -> "month"."""
    if word in UNIT_ALIASES:
        return UNIT_ALIASES[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def number_value(written: str, *, dot_is_decimal: bool) -> Decimal | None:
    """Returns the value of digits with separators; None for what is no number (12.05.2026, 1.2.3).

    A single dot or comma before exactly three digits separates thousands, since taking 5.000 for
    five would hide a sum and taking $1.234 for a thousand only looks once too often;
    `dot_is_decimal` says that a scale or a measure follows, so that a dot does not.

    >>> written = ("5.000,00", "1,200.5", "1,2", "5.000")
    >>> [str(number_value(number, dot_is_decimal=False)) for number in written]
    ['5000.00', '1200.5', '1.2', '5000']
    """
    digits = written.replace(" ", "").replace("'", "")
    if len(digits) > 2 * MAX_DIGITS:
        return None if "." in digits or "," in digits else Decimal(10) ** MAX_DIGITS
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        decimal, grouping = (".", ",") if digits.rfind(".") > digits.rfind(",") else (",", ".")
        if digits.count(decimal) > 1:
            return None
        return Decimal(digits.replace(grouping, "").replace(decimal, "."))
    if not dots and not commas:
        return Decimal(digits)
    separator = "." if dots else ","
    head, *groups = digits.split(separator)
    if len(groups) == 1:
        grouped = len(groups[0]) == 3 and head.strip("0") != "" and len(head) <= 3
        if (grouped and not (separator == "." and dot_is_decimal)) or (
            separator == "," and len(groups[0]) > 3
        ):
            return Decimal(head + groups[0])
        return Decimal(f"{head or 0}.{groups[0]}")
    whole = all(len(group) == 3 for group in groups)
    indian = separator == "," and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[:-1])
    return Decimal(head + "".join(groups)) if whole or indian else None
