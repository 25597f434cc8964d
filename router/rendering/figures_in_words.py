"""Formats figures for people: dollars, shares, durations, dates, and names made safe.

This is display only: sums stay exact in nano-dollars; values shown here are rounded half to even.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from router.types import NANO_PER_USD, NO_ANSWER_MODEL, REFUSAL_MODEL, SAFE_ANSWER_MODEL

UNKNOWN = "unknown"
NOTHING = "\N{EM DASH}"
"""Fills the place of a figure that does not apply."""
NO_MODELS = {
    NO_ANSWER_MODEL: "no model: words that there is no answer",
    SAFE_ANSWER_MODEL: "no model: an approved safe text",
    REFUSAL_MODEL: "no model: a refusal",
}
NAME_LIMIT = 96
"""Bounds the length of a shown name; tenants and model names come from outside."""


def printable(text: str) -> str:
    """Returns a line with a mark for each sign that a terminal would act on."""
    return "".join([c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text])


def clean(name: str) -> str:
    """Returns `name` fit for a terminal, a page or a file: printable, bounded, never empty.

    Control, format (bidirectional overrides too), private and surrogate characters become U+FFFD.
    """
    if len(name) <= NAME_LIMIT and name.isprintable():  # nearly every name takes this fast path
        return name.strip() or "(none)"
    # One character more than the limit is enough to see that the name is too long.
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char)[0] == "C" else char
        for char in name[: NAME_LIMIT + 1]
    )
    if len(shown) > NAME_LIMIT:
        shown = shown[: NAME_LIMIT - 1] + "…"
    return shown.strip() or "(none)"


def shown_model(model: str) -> str:
    """Returns a model's name for people, and says so where none wrote the words that went out.

    >>> shown_model("gpt-5.5"), shown_model("tiergate-no-model")
    ('gpt-5.5', 'no model: words that there is no answer')
    """
    return NO_MODELS.get(model) or clean(model)


def usd(nano_usd: int | float | None) -> str:
    """Formats dollars for people, with three figures below a dollar.

    Examples: `$1,234.57`, `-$0.0042`, `$0.00`, and `unknown` for None.
    """
    if nano_usd is None:
        return UNKNOWN
    amount = Decimal(round(nano_usd)) / NANO_PER_USD
    places = Decimal("0.01")
    if amount and abs(amount) < 1:
        # Keeps three significant digits: `adjusted` is the place of the first one.
        places = min(places, Decimal(1).scaleb(amount.adjusted() - 2))
    shown = abs(amount).quantize(places, rounding=ROUND_HALF_EVEN)
    text = f"{shown:,f}"
    if places < Decimal("0.01"):
        whole, _, rest = text.partition(".")
        # At least cents, so that all amounts look like dollars.
        text = f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
    # An amount that rounds to zero has no sign.
    return f"{'-' if amount < 0 and shown else ''}${text}"


@dataclass(frozen=True, slots=True)
class Dollars:
    """Formats the amounts of one report with so many decimals, or exactly where `places` is None.

    One column then never mixes nano-dollars and whole dollars: a dollar or more has two decimals
    beside any part of a cent. An amount above zero never reads as zero.

    >>> Dollars(2)(1_234_567_891_234), Dollars(4)(-4_200_000), Dollars(2)(33), Dollars(2)(0)
    ('$1,234.57', '-$0.0042', '<$0.01', '$0.00')
    >>> Dollars(None)(33), Dollars(4)(300_000_000), Dollars(4, padded=False)(300_000_000)
    ('$0.000000033', '$0.3000', '$0.30')
    >>> Dollars(6)(10_000_000_000), Dollars(6)(1_234_560_000), Dollars(6)(0)
    ('$10.00', '$1.23', '$0.00')
    """

    places: int | None = 2
    padded: bool = True
    """False, for sentences: drops zeros behind the cents."""

    def __call__(self, nano_usd: int | float | None) -> str:
        """Formats an amount for people; `unknown` for None. Rounds half to even."""
        if nano_usd is None:
            return UNKNOWN
        amount = Decimal(round(nano_usd)) / NANO_PER_USD
        sign = "-" if amount < 0 else ""
        if self.places is None:
            whole, _, rest = f"{abs(amount):,.9f}".partition(".")
            return f"{sign}${whole}.{rest.rstrip('0').ljust(2, '0')}"
        least = Decimal(1).scaleb(-(2 if abs(amount) >= 1 else self.places))
        shown = abs(amount).quantize(least, rounding=ROUND_HALF_EVEN)
        if amount and not shown:
            return f"{sign}<${least}"
        whole, _, rest = f"{shown:,f}".partition(".")
        padded = self.padded and 0 < shown < 1
        return f"{sign}${whole}.{rest if padded else rest.rstrip('0').ljust(2, '0')}"


EXACT = Dollars(None)
"""Writes every digit, for amounts whose small differences are explained."""


def places_for(*amounts: int | None) -> int:
    """Returns the decimals for a set of amounts: two from a dollar on, otherwise four or six.

    The largest of the amounts decides.

    >>> places_for(55_000_000_000, None), places_for(42_000_000), places_for(3_000), places_for()
    (2, 4, 6, 2)
    """
    most = max((abs(amount) for amount in amounts if amount), default=NANO_PER_USD)
    return 2 if most >= NANO_PER_USD else 4 if most >= NANO_PER_USD // 100 else 6


def signed_usd(nano_usd: int) -> str:
    """Formats a difference: `+$0.0042`, `-$1.50`, `$0.00`."""
    return f"{'+' if nano_usd > 0 else ''}{usd(nano_usd)}"


def whole_usd(nano_usd: int | float | None) -> str:
    """Formats columns of large sums: `$14,600,000`; only sums below $1,000 have cents."""
    if nano_usd is None or abs(nano_usd) < 1_000 * NANO_PER_USD:
        return usd(nano_usd)
    return usd(round(nano_usd / NANO_PER_USD) * NANO_PER_USD).removesuffix(".00")


def short_usd(nano_usd: int | float) -> str:
    """Formats an amount for charts with three figures: `$14.6M`, `-$8.53k`, `$120.00`."""
    for factor, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if abs(nano_usd) >= factor * NANO_PER_USD:
            amount = abs(nano_usd) / NANO_PER_USD / factor
            # The bounds are those of rounding: 99.95 would read as 100.0, which has four figures.
            shown = f"{amount:,.{0 if amount >= 99.95 else 1 if amount >= 9.995 else 2}f}"
            return f"{'-' if nano_usd < 0 else ''}${shown}{unit}"
    return usd(nano_usd)


def percent(share: float | None, places: int = 1) -> str:
    """Formats a share: 0.9569 -> `95.7 %`; None -> a dash."""
    return NOTHING if share is None else f"{share * 100:,.{places}f} %".replace("-0.0 %", "0.0 %")


def saved_percent(share: float | None) -> str:
    """Formats a saving, rounded down so that it is never overstated.

    0.98947 -> `98.9 %`, -0.1234 -> `-12.4 %`.
    """
    if share is None:
        return NOTHING
    # The small addition undoes binary representation: 0.29 is 29.0 %, though 0.29 * 1000 < 290.
    return percent(math.floor(share * 1_000 + 1e-9) / 1_000)


def parts_in_percent(parts: Sequence[int], whole: int) -> list[str]:
    """Formats the parts of a whole, each as `percent` would format it alone.

    So a share reads the same in every table and sentence. What is shown may add up to 99.9 %.

    >>> parts_in_percent([1, 1, 1], 3), parts_in_percent([1, 2], 4)
    (['33.3 %', '33.3 %', '33.3 %'], ['25.0 %', '50.0 %'])
    """
    return [percent(share_of(part, whole)) for part in parts]


MOST_TIMES = 10
"""Bounds a shown loss: "-327,791 %" says less than that it is beyond ten times its baseline."""

BEYOND = f"below {percent(-MOST_TIMES, 0)}"


def shown_saving(share: float | None) -> str:
    """Formats a saved share for people; a loss beyond ten times the baseline by that bound.

    >>> shown_saving(-0.815), shown_saving(-3277.91)
    ('-81.5 %', 'below -1,000 %')
    """
    return BEYOND if share is not None and share < -MOST_TIMES else saved_percent(share)


def share_of(part_nano_usd: int, whole_nano_usd: int) -> float | None:
    """Returns an amount as a share of a sum; None where that says nothing.

    Corrections by bills can bring a sum below 0, or below one of its parts.

    >>> share_of(50, 200), share_of(-1, 200), share_of(50, -200), share_of(50, 40), share_of(0, 0)
    (0.25, -0.005, None, None, None)
    """
    told = whole_nano_usd > 0 and abs(part_nano_usd) <= whole_nano_usd
    return part_nano_usd / whole_nano_usd if told else None


def count(number: int) -> str:
    """Formats a whole number: 1234567 -> `1,234,567`."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """Returns a number and the counted noun, with its verb where one follows.

    >>> counted(1, "row is", "rows are"), counted(1200, "row is", "rows are")
    ('1 row is', '1,200 rows are')
    """
    return f"{count(number)} {one if number == 1 else many}"


def duration(ms: float | None) -> str:
    """Formats a duration: `0.42 ms`, `7.5 ms`, `120 ms`, `1.6 s`, `3.2 min`; None -> a dash."""
    if ms is None:
        return NOTHING
    if ms < 1:
        return f"{ms:.2f} ms"
    if ms < 10:
        return f"{ms:.1f} ms"
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f} s"
    return f"{ms / 60_000:.1f} min"


def moment(at_ms: int | None, zone: str = "UTC") -> str:
    """Formats a time as `2026-11-03 14:05 UTC`; a dash for None and outside any calendar."""
    local = _at(at_ms, zone)
    return NOTHING if local is None else f"{local:%Y-%m-%d %H:%M} {zone}"


def _at(at_ms: int | None, zone: str) -> datetime | None:
    if at_ms is None:
        return None
    try:
        local = datetime.fromtimestamp(at_ms / 1_000, UTC)
        return local if zone == "UTC" else local.astimezone(ZoneInfo(zone))
    # A ledger may hold any integer; a report must not fail on one bad row.
    except (ValueError, OverflowError, OSError):
        return None


def day(at_ms: int | None, zone: str = "UTC") -> str:
    """Formats the day of a time as `3 November 2026`."""
    local = _at(at_ms, zone)
    if local is None:
        return NOTHING
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""Lists English names; strftime would use the machine's language."""


def plain(identifier: str) -> str:
    """Formats an enum's value for people: `high_risk_legal` -> `high risk legal`."""
    return identifier.replace("_", " ")
