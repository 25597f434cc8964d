"""Reads sums from tables that state their unit once: "(in millions of dollars)", "USD k", "€ m".

A unit stands in a short line, with no number before it. It holds for the numbers after it: in its
own line and in the rows below, or in its own column where cells are parted by "|". Years, shares
and rows that count people are no sums, and prose names its own units. Each line is looked at once.
A heading names a currency alone, too: as the column "Amount EUR" or "total_usd" of a Markdown table
or of CSV lines, or as a line above, "All amounts in EUR", which counts what ends the rows below.
A record names its currency in a field ("amount": 900, "currency": "EUR") or in a key (total_usd).
It knows nothing about rates.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from router.regexes.late import late_regex
from router.triage.text import money_words as words

MOST_ROWS = 400
"""Rows below one unit that are read."""

MOST_CELLS = 64
"""Numbers of one row, and units of one header, that are read."""

MOST_WORDS = 12
"""Words of a header or a row. A longer line is a sentence, unless "|" parts its cells."""

_SCALES = {**words.LETTER_SCALES, **words.WORD_SCALES, "000": 1_000, "000s": 1_000}
_SCALES |= {"百万": 10**6, "千": 10**3, "万": 10**4, "億": 10**8, "亿": 10**8}
_SYMBOLS = "".join(re.escape(symbol) for symbol in words.SYMBOLS)
_SCALE = "|".join(sorted(map(re.escape, set(_SCALES) - {"t", "b"}), key=len, reverse=True))
_MONEY = rf"(?:us|ca|hk|[car])?[{_SYMBOLS}]|u\.?s\.? dollars|[^\W\d_]{{1,10}}"

_BRACKETED = late_regex(r"[(\[][^)\]0-9\n]{0,40}[)\]]")

_UNIT = late_regex(
    rf"(?<![\w.,])(?!mrs\b)(?:"  # no million of rupees: "Mrs Agarwal"
    rf"t(?P<thousand>eur\b|€)"
    rf"|(?P<before>(?:us|ca|hk|[car])?[{_SYMBOLS}]|\b[a-z]{{3}}\b) ?(?:in )?'?"
    rf"(?P<scale>{_SCALE})\.?(?!\w)"
    rf"|(?P<first>{_SCALE})\.? ?(?:of |de |d'|di )?(?P<after>{_MONEY})?(?!\w)"
    rf"|(?<=[(\[])(?P<alone>[{_SYMBOLS}]|[a-z]{{3}})(?=[)\]])"
    rf")",
    re.IGNORECASE,
)
_CELL = late_regex(
    r"(?<![\w.,/:#-])-?\(?(?P<number>[0-9]{1,3}(?:[ '][0-9]{3})+(?![0-9])(?:[.,][0-9]{1,2})?"
    r"|[0-9]+(?:[.,][0-9]+)*)\)?(?![\w/:%]|[.,][0-9]| ?%|-[0-9])"
)
_MAY_FOLLOW = frozenset({"", "except", "unless", "and", "as"})
_ENUMERATED = re.compile(r"\s*[0-9]{1,3}[.)]\s")
_WORD = re.compile(r"[^\W\d_]+")


_FIELD = late_regex(
    r"(?<![A-Za-z_])(?P<key>[A-Za-z_]{2,40})[\"']?\s{0,3}[:=]\s{0,3}[\"']?-?"
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*)(?![\w%]|[.,:/-][0-9])"
)
_OF_CURRENCY = late_regex(
    r"(?:currency|ccy|(?<![a-z])cur)(?:_?code)?[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<code>[a-z]{3})(?![a-z])"
    r"(?:[\"'][^<>\n]{0,80}>\s{0,3}(?P<number>[0-9]+(?:[.,][0-9]+)*)(?=<))?",
    re.IGNORECASE,
)
_SUM_KEYS = late_regex("amount|amt|total|price|cost|value|balance|payment|paid|fee|salary|budget")
_FRACTION = re.compile("nano|micro|rate|per")
_IN_CENTS = late_regex(r"(?i:(?:^|_)cents?(?=_|$))|^cents?(?=[A-Z])|(?<=[a-z])Cents?(?=_|$|[A-Z])")
"""Finds the cents of `amount_cents` and `totalCents`, and none in `recent_total`, `cost_center`."""
_HEADING = late_regex(
    r"\b(?:amounts?|sums?|prices?|figures|values|totals?|costs?|betrag|betrage|angaben|preise|werte|"
    r"kosten|expenses|revenues?|sales|budget|montants?|prix|importes?|precios|gastos|importi|prezzi|"
    r"bedragen|kwoty)(?:\b[^\n0-9]{0,40}\b(?:in|en) |[ /,][(\[]?)"
    rf"(?P<money>[{_SYMBOLS}]|(?:u\.?s\.? )?[a-z]{{3,9}})[ .:)\]]{{0,3}}$",
    re.IGNORECASE,
)
_NUMBERED = (
    "order orders id no nr number numbers phone tel fax mobile call ref reference ticket part "
    "article sku iban zip plz postcode code year date qty quantity stock customer customers "
    "account serial version room bestellung bestellnummer nummer kunde kundennummer telefon "
    "artikel menge jahr commande client numero pedido cliente telefono ano invoice invoices "
    "rechnung rechnungen rechnungsnummer facture factura fattura contract vertrag vertragsnummer "
    "contrat contrato reservation reservierung booking buchung case tracking sendung ext extension "
    "durchwahl flat apartment wohnung members mitglieder mitglied pin badge"
)
_NAMES_NUMBER = frozenset(_NUMBERED.split())
"""Words of rows whose first or whole number is no sum, below a line such as "All amounts in EUR".
"Invoice 4711  1,200.00" has a sum behind it."""
BARE_DIGITS = 5
"""Digits of a sum below such a line that has no mark of thousands: a longer number is often an
identifier (20261101), and a sum of six digits has its mark, or a currency of its own."""
_COLUMN = late_regex(
    rf"(?:(?P<first>[{_SYMBOLS}]|[A-Z]{{3}}) [^\W\d_]|[^{_SYMBOLS}]{{0,40}}?(?<![^\W_])"
    rf"(?P<last>[{_SYMBOLS}]|[^\W\d_]{{3,9}})[)\].: ]{{0,3}}$)"
)
"""Finds the currency at an end of a column's name: "Amount (EUR)", "total_usd", "USD net"."""
_CURRENCY_COLUMN = re.compile(
    r"(?:currency|ccy|curr?|wahrung|devise|moneda|valuta)(?:[ _]code)?$", re.I
)
_SMALL_CODES = frozenset({"eur", "usd", "gbp", "chf"})
_SUM = late_regex(
    rf"-?\(?[{_SYMBOLS}]? ?-?(?<![0-9.,'])"
    r"(?P<number>[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]+(?:[.,][0-9]+)*)"
    rf"\)? ?[{_SYMBOLS}]?$"
)
_QUOTED = late_regex(r'"[^"\n]{0,80}"')
_HELD = "\x00"
_DIGIT = re.compile("[0-9]")
MOST_HEADER = 500
"""Characters of a header of columns."""
FIELDS_AWAY = 200
"""Characters between a sum and the field with its currency; a record's fields stand together."""


class Cell(Struct, frozen=True):
    """Holds a sum of a table: its value, its currency's code, and its characters in the text."""

    value: Decimal
    currency: str
    start: int
    end: int


class _Unit(Struct, frozen=True):
    factor: int
    currency: str  # ISO code; "" where the header names none
    end: int  # in its line
    column: int = -1  # -1: it holds for all columns
    last_only: bool = False  # only for the last number of a row


class _Head(NamedTuple):
    """Holds the columns of sums that a header names."""

    mark: str  # what parts the cells
    cells: int
    columns: dict[int, str]  # ISO code by place; "" where a column of its own says it
    codes: int = -1  # that column


def may_hold_unit(text: str) -> bool:
    """Returns False for a text that surely states no unit.

    It is one line, without a bracket that a unit may stand in and without the word "in".
    """
    return "\n" in text or " in " in text or _BRACKETED.search(text) is not None


def table_sums(text: str, codes: Mapping[str, str]) -> Iterator[Cell]:
    """Yields the sums of a folded text that stand under a unit. `codes`: ISO codes by lower case.

    >>> text = "Plan (USD k)\\nCosts  1,200\\nGrowth  4 %"
    >>> [(str(cell.value), cell.currency) for cell in table_sums(text, {"usd": "USD"})]
    [('1200000', 'USD')]
    """
    units: list[_Unit] = []
    head: _Head | None = None
    rows, begins = 0, 0
    about_money = any(symbol in text for symbol in words.SYMBOLS) or _says_money(text)
    for line in text.split("\n"):
        cells = line.count("|")
        short = cells > 0 or len(_WORD.findall(line)) <= MOST_WORDS
        if short:
            found = _units(line, codes, about_money=about_money)
            fresh = _head(line, codes) if all(unit.factor == 1 for unit in found) else None
            found = [] if fresh else found
            if found or fresh:
                units, rows, head = found, 0, fresh
                if found and found[-1].column < 0 and not found[-1].last_only:
                    yield from _row(line, begins, found, skip=found[-1].end)
            elif head is not None and rows < MOST_ROWS:
                rows += 1
                yield from _headed(line, begins, head, codes)
            elif units and rows < MOST_ROWS:
                rows += 1
                yield from _row(line, begins, units)
        elif line.strip():
            units, head = [], None
        begins += len(line) + 1


def _says_money(text: str) -> bool:
    return not words.CONTEXT.isdisjoint(word.lower() for word in _WORD.findall(text))


def _units(line: str, codes: Mapping[str, str], *, about_money: bool) -> list[_Unit]:
    """Returns the units that a line states, [] when it states none."""
    units: list[_Unit] = []
    for match in islice(_UNIT.finditer(line), MOST_CELLS):
        unit = _unit(match, line, codes, about_money=about_money)
        if unit is not None:
            units.append(unit)
    heading = None if units else _HEADING.search(line)
    currency = _currency(heading["money"], codes) if heading else ""
    return units or ([_Unit(1, currency, len(line), last_only=True)] if currency else [])


def _unit(
    match: re.Match[str], line: str, codes: Mapping[str, str], *, about_money: bool
) -> _Unit | None:
    before = line[max(0, match.start() - 12) : match.start()].rstrip().lower()
    if before[-1:].isdigit() or before.rpartition(" ")[2] in words.NUMBER_WORDS:
        return None  # "5 million dollars" is a sum, "a million" a number
    bracketed = before.endswith(("(", "[", " in", ",")) or before in ("in", "")
    bracketed = bracketed or "(" in before or "[" in before
    column = line.count("|", 0, match.start()) if "|" in line else -1
    if match["thousand"]:
        return _Unit(1_000, codes.get("eur", ""), match.end(), column)
    if match["alone"]:
        currency = _currency(match["alone"], codes)
        return _Unit(1, currency, match.end(), column) if currency else None
    if match["scale"]:
        currency = _currency(match["before"], codes)
        factor = _SCALES[match["scale"].lower()]
        return _Unit(factor, currency, match.end(), column) if currency else None
    scale = match["first"].lower()
    currency = _currency(match["after"] or "", codes)
    if currency:
        return _Unit(_SCALES[scale], currency, match.end(), column)
    other_thing = (match["after"] or "").lower() not in _MAY_FOLLOW  # "in millions of years"
    if len(scale) > 2 and bracketed and about_money and before and not other_thing:
        return _Unit(_SCALES[scale], codes.get("usd", ""), match.end("first"), column)
    return None


def _currency(written: str, codes: Mapping[str, str]) -> str:
    """Returns the ISO code of a symbol, a code or a word; "" for anything else."""
    low = written.lower().strip()
    if low[-1:] in words.SYMBOLS:
        named = words.DOLLAR_PREFIXES.get(low[:-1], "") if len(low) > 1 else ""
        return named or words.SYMBOLS[low[-1]]
    if low.endswith("dollars"):
        return "USD"
    if low in words.CODES_IN_CAPITALS and written != written.upper():
        return ""
    return codes.get(low) or words.CURRENCY_WORDS.get(low, "")


def _row(line: str, begins: int, units: list[_Unit], *, skip: int = 0) -> Iterator[Cell]:
    """Yields the sums of one row."""
    named = [word.lower() for word in _WORD.findall(line)]
    if not words.NOT_MONEY.isdisjoint(named):
        return
    numbered = not _NAMES_NUMBER.isdisjoint(named)
    enumerated = _ENUMERATED.match(line)
    numbers = _CELL.finditer(line, enumerated.end() if enumerated else skip)
    for match in islice(numbers, MOST_CELLS):
        column = line.count("|", 0, match.start())
        unit = next((unit for unit in units if unit.column in (-1, column)), None)
        written = match["number"]
        if unit is not None and unit.last_only:
            bare = written.isdigit() and (numbered or len(written) > BARE_DIGITS)
            alone = numbered and _DIGIT.search(line, 0, match.start()) is None
            if bare or alone or line[match.end() :].strip(" .,;-|)"):
                continue
        year = len(written) == 4 and written.isdigit() and 1900 <= int(written) <= 2100
        value = None if year else words.number_value(written, dot_is_decimal=False)
        if unit is not None and unit.currency and value:
            start, end = match.span("number")
            yield Cell(value * unit.factor, unit.currency, begins + start, begins + end)


def _head(line: str, codes: Mapping[str, str]) -> _Head | None:
    """Returns the columns of sums that a line names; None for a line that is no such header."""
    mark = next((mark for mark in "|\t;," if mark in line), "")
    if not mark or len(line) > MOST_HEADER or _DIGIT.search(line) is not None:
        return None
    cells = _cells(line, mark)
    if not 2 <= len(cells) <= MOST_CELLS or any(map(_is_prose, cells)):
        return None
    found = {place: match for place, cell in enumerate(cells) if (match := _COLUMN.match(cell))}
    columns = {place: _of_column(match, codes) for place, match in found.items()}
    columns = {place: code for place, code in columns.items() if code}
    if columns:
        return _Head(mark, len(cells), columns)
    own = next((place for place, cell in enumerate(cells) if _CURRENCY_COLUMN.match(cell)), -1)
    sums = {place: "" for place, cell in enumerate(cells) if _SUM_KEYS.search(cell.lower())}
    return _Head(mark, len(cells), sums, own) if own >= 0 and sums else None


def _is_prose(cell: str) -> bool:
    return len(cell.split()) > (3 if " in " in cell or "(" in cell else 2)


def _of_column(match: re.Match[str], codes: Mapping[str, str]) -> str:
    written = match["last"] or match["first"]
    # "all", "top" and other small words are codes in capitals alone.
    known = len(written) != 3 or written.isupper() or written.lower() in _SMALL_CODES
    return _currency(written, codes) if known else ""


def _cells(line: str, mark: str) -> list[str]:
    """Returns the cells of a row; quotes around a cell hold its commas together."""
    if '"' in line and mark != "|":
        line = _QUOTED.sub(lambda cell: cell[0].replace(mark, _HELD), line)
    parts = line.strip().strip("|").split("|") if mark == "|" else line.split(mark)
    return [part.replace(_HELD, mark).strip().strip('"*') for part in parts]


def _headed(line: str, begins: int, head: _Head, codes: Mapping[str, str]) -> Iterator[Cell]:
    """Yields the sums of a row below a header. `begins` is where its line begins."""
    cells = _cells(line, head.mark)
    if len(cells) != head.cells:
        return
    at = 0
    for place, cell in enumerate(cells):
        at = max(at, line.find(cell, at))
        number = _SUM.match(cell) if place in head.columns else None
        if number is not None:
            code = head.columns[place] or codes.get(cells[head.codes].lower(), "")
            value = words.number_value(number["number"], dot_is_decimal=False)
            start = begins + at + number.start("number")
            if code:
                yield from _cell(value, code, start, start + len(number["number"]))
        at += len(cell)


def record_sums(text: str, codes: Mapping[str, str]) -> Iterator[Cell]:
    """Yields the sums of records in a folded text: JSON, forms and XML.

    >>> text = '{"amount": 900, "currency": "EUR", "fee_usd": 12} <Amt Ccy="EUR">7</Amt>'
    >>> found = record_sums(text, {"usd": "USD", "eur": "EUR"})
    >>> sorted((str(cell.value), cell.currency) for cell in found)
    [('12', 'USD'), ('7', 'EUR'), ('900', 'EUR')]
    """
    if "=" not in text and ":" not in text:
        return
    named: list[tuple[int, str]] = []  # where a currency is named, and its code
    for match in islice(_OF_CURRENCY.finditer(text), MOST_ROWS):
        code = codes.get(match["code"].lower(), "")
        if code and match["number"]:
            value = words.number_value(match["number"], dot_is_decimal=False)
            yield from _cell(value, code, *match.span("number"))
        elif code:
            named.append((match.start(), code))
    for match in islice(_FIELD.finditer(text), MOST_ROWS):
        key = match["key"]
        low = key.lower()
        own = key[-4:-3] == "_" or (key[-4:-3].islower() and key[-3].isupper())
        code = codes.get(low[-3:], "") if own else ""
        if not code and _SUM_KEYS.search(low):
            code = _nearest(named, match.start())
        if code and not _FRACTION.search(low):
            value = words.number_value(match["number"], dot_is_decimal=False)
            if value is not None and _IN_CENTS.search(key):
                value /= 100
            yield from _cell(value, code, *match.span("number"))


def _nearest(named: list[tuple[int, str]], at: int) -> str:
    """Returns the currency named nearest to a place, "" where none is within FIELDS_AWAY."""
    place = bisect_left(named, (at, ""))
    near = named[max(0, place - 1) : place + 1]
    away, code = min(((abs(where - at), code) for where, code in near), default=(0, ""))
    return code if away <= FIELDS_AWAY else ""


def _cell(value: Decimal | None, code: str, start: int, end: int) -> Iterator[Cell]:
    if value:
        yield Cell(value, code, start, end)
