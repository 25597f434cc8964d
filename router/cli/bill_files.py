"""A provider's bill by model and day from a file, and the dated rates that its currency has.

Of a bill no line is passed over: it is money. Each mistake names the file, the line, what was found
and what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from router.cli.outcome_files import BadLines, rows_of

if TYPE_CHECKING:
    from router.analysis.invoice import BillLine

DAYS = ("date", "day")
MODELS = ("model",)
AMOUNTS = ("amount", "cost", "amount_usd", "cost_usd")
CALLS = ("calls", "requests")
USD = "USD"
NANO = 10**9
RATE = re.compile(r"([A-Z]{3})=([0-9.]+)@(\d{4}-\d{2}-\d{2})")


class Refusing(BadLines):
    """Of a bill no line is passed over: it is money."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def add(self, line: int, why: str) -> None:
        """Raises typer.BadParameter."""
        raise typer.BadParameter(f"{self._path}:{line}: {why}")


def exact(line: str) -> object:
    """JSON whose numbers stay as they are written: a float would not be exact."""
    return json.loads(line, parse_float=str, parse_int=str)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in dollars from a day on."""

    currency: str
    usd: Decimal
    since: date


class Rates:
    """Rates by currency and day: the latest one that had begun."""

    def __init__(self, rates: Sequence[Rate] = ()) -> None:
        self._rates = sorted(rates, key=lambda rate: rate.since)
        self.used: set[Rate] = set()

    def find(self, currency: str, day: date) -> Decimal | None:
        """Dollars of one unit on that day; None where no rate had begun."""
        if currency == USD:
            return Decimal(1)
        begun = [r for r in self._rates if r.currency == currency and r.since <= day]
        if not begun:
            return None
        self.used.add(begun[-1])
        return begun[-1].usd


def read_rates(texts: Sequence[str]) -> Rates:
    """Rates as EUR=1.0840@2026-11-01. Raises typer.BadParameter."""
    rates = []
    for text in texts:
        fits = RATE.fullmatch(text.strip())
        try:
            if fits is None:
                raise ValueError
            rate = Rate(fits[1], Decimal(fits[2]), date.fromisoformat(fits[3]))
            if not rate.usd:
                raise ValueError
        except (ValueError, InvalidOperation) as error:
            raise typer.BadParameter(
                f"{text!r} is no rate; expected what one unit is worth in dollars from a day on, "
                "as EUR=1.0840@2026-11-01",
                param_hint="--rate",
            ) from error
        rates.append(rate)
    return Rates(rates)


def read_names(texts: Sequence[str]) -> dict[str, str]:
    """The ledger's names of models by the bill's, from BILL=LEDGER. Raises typer.BadParameter."""
    names = {}
    for text in texts:
        bill, equals, ledger = text.partition("=")
        if not equals or not bill.strip() or not ledger.strip():
            raise typer.BadParameter(
                f"{text!r} maps no model; expected the bill's name and the ledger's, as "
                "gpt-5.5-2026-03-05=gpt-5.5",
                param_hint="--map",
            )
        names[bill.strip()] = ledger.strip()
    return names


def read_invoice(path: Path, currency: str, rates: Rates) -> list[BillLine]:
    """The lines of a bill. Raises typer.BadParameter that names file, line, found and expected."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise typer.BadParameter(f"{path}: expected a file that ends with .csv or .jsonl")
    lines = []
    for number, row in rows_of(path, Refusing(path), exact):
        named = {str(name).strip().lower(): value for name, value in row.items()}
        if not any(value not in (None, "") for value in named.values()):
            continue
        lines.append(_line(f"{path}:{number}", named, currency, rates))
    if not lines:
        raise typer.BadParameter(f"{path}: no line with an amount")
    return lines


def _line(where: str, row: Mapping[str, object], currency: str, rates: Rates) -> BillLine:
    from router.analysis.invoice import BillLine

    columns = f"found the columns {', '.join(row) or '(none)'}"
    if "upstream_id" in row:
        raise typer.BadParameter(
            f"{where}: {columns}; expected a bill by model and day. A bill of single calls is "
            "settled with --from"
        )
    day = _day(where, _told(where, row, DAYS, columns))
    model = str(row.get("model") or "").strip()
    if "model" not in row:
        raise typer.BadParameter(f"{where}: {columns}; expected one named model")
    column, text = next(
        ((name, str(row[name]).strip()) for name in AMOUNTS if row.get(name) not in (None, "")),
        ("", ""),
    )
    if not column:
        raise typer.BadParameter(
            f"{where}: {columns}, and no amount; expected one of {', '.join(AMOUNTS)}"
        )
    unit = USD if column.endswith("_usd") else str(row.get("currency") or currency).strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", unit):
        raise typer.BadParameter(
            f"{where}: the currency is {unit!r}; expected three letters such as EUR"
        )
    amount = _amount(where, text)
    rate = rates.find(unit, day)
    if rate is None:
        raise typer.BadParameter(
            f"{where}: {unit} has no rate on {day}; give one that began then or before, as "
            f"--rate {unit}=1.0840@{day}"
        )
    exponent = amount.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1) if isinstance(exponent, int) else Decimal(0)
    return BillLine(day, model, _nano(amount * rate), abs(_nano(half * rate)), _calls(where, row))


def _told(where: str, row: Mapping[str, object], names: Sequence[str], columns: str) -> str:
    for name in names:
        if row.get(name) not in (None, ""):
            return str(row[name]).strip()
    raise typer.BadParameter(f"{where}: {columns}; expected a value of {' or '.join(names)}")


def _day(where: str, text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise typer.BadParameter(
            f"{where}: {text!r} is no day; expected one like 2026-11-20, in UTC"
        ) from error


def _amount(where: str, text: str) -> Decimal:
    wrong = typer.BadParameter(
        f"{where}: {text!r} is no amount; expected digits with a decimal point, as 1234.56, and "
        "the currency in a column of its own or in --currency"
    )
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise wrong from None
    if not amount.is_finite() or abs(amount) > NANO:
        raise wrong
    return amount


def _calls(where: str, row: Mapping[str, object]) -> int | None:
    text = next((str(row[n]).strip() for n in CALLS if row.get(n) not in (None, "")), "")
    if not text:
        return None
    if not text.isdecimal():
        raise typer.BadParameter(f"{where}: {text!r} calls; expected a whole number")
    return int(text)


def _nano(usd: Decimal) -> int:
    """To the nearest nano-dollar: a converted amount has decimals without end."""
    return int((usd * NANO).to_integral_value(rounding=ROUND_HALF_EVEN))
