"""Reads the dated price book: prices of models, of own compute, and of reviewers.

    prices = load_prices(Path("policies/prices.yaml"))
    price = prices.model("gpt-5.5", date(2026, 11, 20))      # None: unknown on that day, never 0

This module has the schema of `policies/prices.yaml` and its loading. It knows nothing about past
spending, nor about litellm's table, which comes after the book (`router.money.price_book`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Struct
from pydantic import Field, ValidationError, model_validator

from router.errors import Mistake, PriceBookError
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import mistakes_from
from router.policy.parsing.yaml_lines import KeyPath, LineMap, load_yaml
from router.policy.sections.aliases import best_glob
from router.policy.sections.base import Name, Section, Usd
from router.policy.sections.prices import SECONDS_PER_HOUR, TokenPrices
from router.types import ASSUMED, MinutePrice, Price, usd_to_nano

HASH_CHARACTERS = 12
"""Sets the length of a book's hash, as in a policy's hash. An edited book differs from the earlier
one even with the same name."""

# Strict refuses a number: 20261120 would be a day of 1970.
Day = Annotated[date, Field(strict=True)]


class Dated(Section):
    """Holds values that are valid from a day until the next entry."""

    valid_from: Day | None = Field(
        default=None,
        description="First valid day (UTC), such as 2027-01-15. Left out: before all others.",
    )
    source: str = Field(default="", description="Source of the value, for people.")


class DatedPrice(TokenPrices, Dated):
    """Prices a model from a day on. Leave out unknown values: they never count as 0."""

    @model_validator(mode="after")
    def _is_not_empty(self) -> DatedPrice:
        if self.input_usd_per_mtok is None and self.list_price_usd is None:
            raise ValueError("input_usd_per_mtok with output_usd_per_mtok, or list_price_usd")
        return self


class DatedCompute(Dated):
    """Prices own compute from a day on."""

    usd_per_core_hour: Usd = Field(
        description="One hour of one core that decodes for a local model."
    )


class DatedReviewer(Dated):
    """Prices the people who read answers, from a day on."""

    usd_per_minute: Usd = Field(description="One minute of a reviewer, with all side costs.")
    source: str = Field(
        default="",
        description="Source of the value, for people. `assumed`: nobody stated it; `tiergate "
        "check`, reviews and reports say so.",
    )


class PriceFile(Section):
    """Holds a whole price book."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    name: Name = Field(
        description="Name of the book. Ledger rows name their price by it, a hash and the day."
    )
    as_of: Day = Field(description="Day of the last comparison with the vendors' price lists.")
    models: dict[str, Annotated[list[DatedPrice], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Prices by model, exact or glob (`gpt-4o*`), with or without its provider.",
    )
    own_compute: list[DatedCompute] = Field(
        default_factory=list,
        description="Price of core-seconds, for local models without a price in the policy.",
    )
    reviewers: list[DatedReviewer] = Field(
        default_factory=list,
        description="Rate of reviewers, for policies and plans without their own rate.",
    )


EntryT = TypeVar("EntryT", bound=Dated)


class LoadedPrices(Struct, frozen=True):
    """Holds a valid price book and its origin."""

    file: PriceFile
    path: Path
    hash: str
    text: str = ""

    def model(self, model: str, day: date) -> Price | None:
        """Returns the price of `provider/name` on `day`, or None without a price on that day."""
        key = self.key(model)
        entry = None if key is None else in_force(self.file.models[key], day)
        return None if entry is None else entry.token_price(self._version(entry))

    def key(self, model: str) -> str | None:
        """Returns the entry that names `model`, with or without its provider, or None."""
        # An entry with the provider is more exact, so the full name comes first.
        for name in dict.fromkeys((model, model.rpartition("/")[2])):
            if (key := best_glob(self.file.models, name)) is not None:
                return key
        return None

    def compute(self, cores: int, day: date) -> Price | None:
        """Returns the price of a second on these cores, or None without a price on that day.

        At $0.05 a core-hour two cores cost 27,778 nano-dollars a second, rounded up per core.
        """
        entry = in_force(self.file.own_compute, day)
        if entry is None or not cores:
            return None
        per_core = usd_to_nano(entry.usd_per_core_hour / SECONDS_PER_HOUR)
        return Price(per_second_nano_usd=cores * per_core, version=self._version(entry))

    def reviewer_usd_per_hour(self, day: date) -> float | None:
        """Returns the price of a reviewer's hour, or None without a price on that day."""
        entry = in_force(self.file.reviewers, day)
        return None if entry is None else 60 * entry.usd_per_minute

    def reviewer_minute(self, day: date) -> MinutePrice | None:
        """Returns the price of a reviewer's minute, or None without a price on that day."""
        entry = in_force(self.file.reviewers, day)
        if entry is None:
            return None
        assumed = f" {ASSUMED}" if entry.source.strip().lower() == ASSUMED else ""
        return MinutePrice(usd_to_nano(entry.usd_per_minute), f"{self._version(entry)}{assumed}")

    def newest(self, day: date) -> date | None:
        """Returns the latest day, up to this one, on which any price begins, or None."""
        return max((start for start in self._starts() if start <= day), default=None)

    def days_after(self, day: date) -> list[date]:
        """Returns the days after this one on which any price begins, the next one first."""
        return sorted({start for start in self._starts() if start > day})

    def _starts(self) -> list[date]:
        dated = (*self.file.own_compute, *self.file.reviewers)
        entries = [entry for prices in self.file.models.values() for entry in prices]
        return [entry.valid_from for entry in (*entries, *dated) if entry.valid_from is not None]

    def _version(self, entry: Dated) -> str:
        day = entry.valid_from or self.file.as_of
        return f"{self.file.name}@{self.hash} {day.isoformat()}"


def in_force(entries: Sequence[EntryT], day: date) -> EntryT | None:
    """Returns the entry that is valid on `day`, the latest begun one, or None before the first."""
    begun = [entry for entry in entries if (entry.valid_from or date.min) <= day]
    return max(begun, key=lambda entry: entry.valid_from or date.min, default=None)


def is_book(path: Path) -> bool:
    """Returns True when a file is a price book and no policy: it has models and no tiers."""
    if not path.is_file():
        return False
    tree, _ = load_yaml(str(path), text_of(path))
    return isinstance(tree, dict) and "models" in tree and "tiers" not in tree


def load_prices(path: Path) -> LoadedPrices:
    """Returns the price book in `path`. Raises PriceBookError with all mistakes, by line."""
    return read_prices(text_of(path, PriceBookError), path)


def read_prices(text: str, path: Path) -> LoadedPrices:
    """Returns the price book with this text. Raises PriceBookError, whose mistakes name `path`."""
    tree, lines = load_yaml(str(path), text)
    if not isinstance(tree, dict):
        raise PriceBookError((lines.no_mapping(tree, "version, name and models"),))
    mistakes = [*lines.mistakes, *_twice(tree, lines)]
    book: PriceFile | None = None
    try:
        book = PriceFile.model_validate(tree)
    except ValidationError as error:
        mistakes += mistakes_from(error, lines, lines.file, PriceFile, tree)
    if mistakes or book is None:
        raise PriceBookError(tuple(sorted(mistakes, key=lambda mistake: mistake.line)))
    # Comments and the order of keys do not change a book.
    canonical = json.dumps(book.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return LoadedPrices(book, path, digest[:HASH_CHARACTERS], text)


def _twice(tree: Mapping[str, object], lines: LineMap) -> Iterator[Mistake]:
    """Yields two prices of one model from the same day on: the valid one would be unclear."""
    for path, entries in _lists(tree):
        days = [entry.get("valid_from") if isinstance(entry, dict) else None for entry in entries]
        seen: Counter[str] = Counter()
        for index, day in enumerate(days):
            # The schema reports days of other types.
            if (day is None or isinstance(day, date)) and seen[str(day)]:
                expected = "a day of its own: an entry above begins on this one"
                shown = "none" if day is None else str(day)
                yield lines.mistake((*path, index, "valid_from"), shown, expected)
            seen[str(day)] += 1


def _lists(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, list[object]]]:
    models = tree.get("models")
    for model, entries in models.items() if isinstance(models, dict) else ():
        if isinstance(entries, list):
            yield ("models", str(model)), entries
    for key in ("own_compute", "reviewers"):
        if isinstance(entries := tree.get(key), list):
            yield (key,), entries
