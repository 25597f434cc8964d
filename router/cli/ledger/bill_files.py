"""Reads a provider's bill by model and day from a file, and the dated rates of its currency.

A bill is money, so no line is skipped. All mistakes are reported at once; each names the file, the
line, what was found and what was expected.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from router.cli.policies.outcome_files import BadLines, need_table, rows_of
from router.money.cost import bill_amount

if TYPE_CHECKING:
    from router.analysis.prices.invoice import BillLine

DAYS = ("date", "day")
MODELS = ("model",)
AMOUNTS = ("amount", "cost", "amount_usd", "cost_usd")
CALLS = ("calls", "requests")
KNOWN = frozenset({*DAYS, *MODELS, *AMOUNTS, *CALLS, "currency"})
USD = "USD"
TOLD = 20  # mistakes that are reported one by one
NANO = 10**9
_Value = TypeVar("_Value")
RATE = re.compile(r"([A-Z]{3})=([0-9.]+)@(\d{4}-\d{2}-\d{2})")


class Mistakes(BadLines):
    """Collects the mistakes of a bill; a bill with a mistake is not used at all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def add(self, line: int, why: str) -> None:
        """Notes a mistake in a line."""
        self.note(f"{self._path}:{line}: {why}")

    def note(self, mistake: str) -> None:
        """Notes a mistake that names its own place; only the first ones are kept word for word."""
        self.count += 1
        if len(self.named) < TOLD:
            self.named.append(mistake)

    def refuse(self) -> None:
        """Raises typer.BadParameter with all mistakes, if there is one."""
        if not self.count:
            return
        more = self.count - len(self.named)
        messages = [*self.named, f"and {more:,} more mistakes"] if more else self.named
        raise typer.BadParameter("\n".join(messages))


def near(columns: Iterable[object], expected: Iterable[str]) -> str:
    """Names the column that is nearly an expected one; "" where none is.

    >>> near(("date", "modell"), ("model",))
    " ('modell' is nearly 'model')"
    """
    wanted = list(expected)
    for column in columns:
        like = difflib.get_close_matches(str(column).strip().lower(), wanted, n=1, cutoff=0.7)
        if like:
            return f" ({str(column)!r} is nearly {like[0]!r})"
    return ""


def exact(line: str) -> object:
    """Decodes JSON whose numbers stay text as they are written: a float would not be exact."""
    return json.loads(line, parse_float=str, parse_int=str)


@dataclass(frozen=True, slots=True)
class Rate:
    """States the dollars of one unit of a currency from a day on."""

    currency: str
    usd: Decimal
    since: date


class Rates:
    """Finds rates by currency and day: the latest one that had begun."""

    def __init__(self, rates: Sequence[Rate] = ()) -> None:
        self._rates = sorted(rates, key=lambda rate: rate.since)
        self.used: set[Rate] = set()

    def find(self, currency: str, day: date) -> Decimal | None:
        """Returns the dollars of one unit on that day; None where no rate had begun."""
        if currency == USD:
            return Decimal(1)
        begun = [r for r in self._rates if r.currency == currency and r.since <= day]
        if not begun:
            return None
        self.used.add(begun[-1])
        return begun[-1].usd


def read_rates(texts: Sequence[str]) -> Rates:
    """Reads rates such as EUR=1.0840@2026-11-01. Raises typer.BadParameter."""
    rates = []
    for text in texts:
        fits = RATE.fullmatch(text.strip())
        try:
            if fits is None:
                raise ValueError
            rate = Rate(fits[1], Decimal(fits[2]), date.fromisoformat(fits[3]))
            # A rate of 0 would make every line of that currency free.
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
    """Reads BILL=LEDGER into the ledger's names of models by the bill's names.

    Raises typer.BadParameter.
    """
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
    """Reads the lines of a bill.

    Raises typer.BadParameter that names file, line, found and expected.
    """
    need_table(path)
    lines, bad, checked = [], Mistakes(path), ""
    for number, row in rows_of(path, bad, exact):
        where = f"{path}:{number}"
        named = {str(name).strip().lower(): value for name, value in row.items()}
        # Spreadsheets leave rows of empty cells at the end of a file.
        if not any(value not in (None, "") for value in named.values()):
            continue
        columns = ", ".join(named)
        lacking = _lacking(named)
        if lacking and columns != checked:  # report it once for all lines of the same columns
            bad.note(f"{where}: found the columns {columns}; {lacking}")
        checked = columns
        line = _line(where, named, currency, rates, bad)
        if line is not None:
            lines.append(line)
    bad.refuse()
    if not lines:
        raise typer.BadParameter(
            f"{path}: no line with an amount; expected the columns date, model and amount"
        )
    return lines


def _lacking(row: Mapping[str, object]) -> str:
    """Names the columns that a line lacks, and what it has instead; "" where it lacks none."""
    if "upstream_id" in row:
        return "expected a bill by model and day. A bill of single calls is settled with --from"
    others = [name for name in row if name not in KNOWN]
    needed = ((DAYS, "date or day"), (MODELS, "model"), (AMOUNTS, ", ".join(AMOUNTS)))
    reasons = [
        f"expected one of {names}{near(others, known)}"
        if len(known) > 2
        else f"expected one named {names}{near(others, known)}"
        for known, names in needed
        if not any(name in row for name in known)
    ]
    if "currency" not in row and (hint := near(others, ("currency",))):
        reasons.append(f"expected the currency in one named currency{hint}")  # else: dollars
    return "; ".join(reasons)


def _line(
    where: str, row: Mapping[str, object], currency: str, rates: Rates, bad: Mistakes
) -> BillLine | None:
    """Returns the line; None where it has mistakes, which are all noted in `bad`."""
    from router.analysis.prices.invoice import BillLine

    # All mistakes of a line are noted before it is given up.
    before = bad.count
    day = _noting(bad, lambda: _day(where, row))
    column, amount = _noting(bad, lambda: _amount(where, row)) or ("", None)
    calls = _noting(bad, lambda: _calls(where, row))
    # A column that names its currency needs no other statement of it.
    unit = USD if column.endswith("_usd") else str(row.get("currency") or currency).strip().upper()
    rate = None
    if not re.fullmatch(r"[A-Z]{3}", unit):
        bad.note(f"{where}: the currency is {unit!r}; expected three letters such as EUR")
    elif day is not None:
        rate = rates.find(unit, day)
        if rate is None:
            bad.note(
                f"{where}: {unit} has no rate on {day}; give one that began then or before, as "
                f"--rate {unit}=1.0840@{day}"
            )
    if bad.count > before or day is None or amount is None or rate is None or _lacking(row):
        return None
    model = str(row.get("model") or "").strip()
    exponent = amount.as_tuple().exponent
    # Half of the last decimal is the most that rounding can hide.
    half = Decimal(5).scaleb(int(exponent) - 1) if isinstance(exponent, int) else Decimal(0)
    return BillLine(day, model, _nano(amount * rate), abs(_nano(half * rate)), calls)


def _noting(bad: Mistakes, read: Callable[[], _Value]) -> _Value | None:
    try:
        return read()
    except typer.BadParameter as error:
        bad.note(error.message)
        return None


def _first(row: Mapping[str, object], names: Sequence[str]) -> tuple[str, str]:
    """Returns the first of these columns with a value, and the value; "" for both without one."""
    filled = ((name, str(row[name]).strip()) for name in names if row.get(name) not in (None, ""))
    return next(filled, ("", ""))


def _day(where: str, row: Mapping[str, object]) -> date | None:
    if not any(name in row for name in DAYS):
        return None  # reported with the columns
    _, text = _first(row, DAYS)
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise typer.BadParameter(
            f"{where}: {text!r} is no day; expected one like 2026-11-20, in UTC"
        ) from error


def _amount(where: str, row: Mapping[str, object]) -> tuple[str, Decimal] | None:
    if not any(name in row for name in AMOUNTS):
        return None  # reported with the columns
    column, text = _first(row, AMOUNTS)
    wrong = typer.BadParameter(
        f"{where}: {text!r} is no amount; expected digits with a decimal point, as 1234.56, and "
        "the currency in a column of its own or in --currency"
    )
    try:
        amount = bill_amount(text)
    except InvalidOperation:
        raise wrong from None
    # Decimal accepts "NaN" and "1e999", which no bill holds.
    if not amount.is_finite():
        raise wrong
    if abs(amount) > NANO:
        raise typer.BadParameter(f"{where}: {text!r} is too large; expected at most {NANO:,}")
    return column, amount


def _calls(where: str, row: Mapping[str, object]) -> int | None:
    _, text = _first(row, CALLS)
    if not text:
        return None
    if not text.isdecimal():
        raise typer.BadParameter(f"{where}: {text!r} calls; expected a whole number")
    return int(text)


def _nano(usd: Decimal) -> int:
    """Rounds to the nearest nano-dollar: a converted amount may have endless decimals."""
    return int((usd * NANO).to_integral_value(rounding=ROUND_HALF_EVEN))
