"""The dated price book: what models cost from which day on, own compute, and people who read.

    prices = load_prices(Path("policies/prices.yaml"))
    price = prices.model("gpt-5.5", date(2026, 11, 20))      # None: unknown then, never 0

The schema of `policies/prices.yaml` and the reading of it. It knows nothing about litellm's table,
which stands behind the book (`router.money.price_book`), nor about what was spent.
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
from router.policy.parsing.yaml_lines import KeyPath, LineMap, load_yaml, mistakes_from
from router.policy.schema import best_glob
from router.policy.sections.answerers import SECONDS_PER_HOUR, TokenPrices
from router.policy.sections.base import Name, Section, Usd
from router.types import MinutePrice, Price, usd_to_nano

HASH_CHARACTERS = 12
"""As in a policy's hash: an edited book is told from the one before, whatever it calls itself."""

Day = Annotated[date, Field(strict=True)]  # not from a number: 20261120 would be a day of 1970


class Dated(Section):
    """What holds from a day on, until the next entry does."""

    valid_from: Day | None = Field(
        default=None,
        description="First day (UTC) that it holds, as 2027-01-15; left out: before all others.",
    )
    source: str = Field(default="", description="Where it is from, for people.")


class DatedPrice(TokenPrices, Dated):
    """What a model costs from a day on. Leave out what you don't know: it is never taken as 0."""

    @model_validator(mode="after")
    def _says_something(self) -> DatedPrice:
        if self.input_usd_per_mtok is None and self.list_price_usd is None:
            raise ValueError("input_usd_per_mtok with output_usd_per_mtok, or list_price_usd")
        return self


class DatedCompute(Dated):
    """What own compute costs from a day on."""

    usd_per_core_hour: Usd = Field(description="An hour of one core that a local model decodes on.")


class DatedReviewer(Dated):
    """What people who read answers cost from a day on."""

    usd_per_minute: Usd = Field(description="A minute of a reviewer, with all that comes with it.")


class PriceFile(Section):
    """A whole price book."""

    version: Literal[1] = Field(description="Of this format: 1.")
    name: Name = Field(description="Ledger rows name their price by it, a hash and the day.")
    as_of: Day = Field(description="When the prices were last compared with the vendors' lists.")
    models: dict[str, Annotated[list[DatedPrice], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="By model, exact or glob (`gpt-4o*`), with or without its provider.",
    )
    own_compute: list[DatedCompute] = Field(
        default_factory=list,
        description="For local models whose policy states no price: core-seconds cost this.",
    )
    reviewers: list[DatedReviewer] = Field(
        default_factory=list,
        description="For reviews whose policy states no rate, and for plans that state none.",
    )


EntryT = TypeVar("EntryT", bound=Dated)


class LoadedPrices(Struct, frozen=True):
    """A valid price book and where it came from."""

    file: PriceFile
    path: Path
    hash: str

    def model(self, model: str, day: date) -> Price | None:
        """The price of `provider/name` on `day`; None where the book has none for that day."""
        key = self.key(model)
        entry = None if key is None else in_force(self.file.models[key], day)
        return None if entry is None else entry.token_price(self._version(entry))

    def key(self, model: str) -> str | None:
        """The entry that names `model`, with its provider or without; None where none does."""
        for name in dict.fromkeys((model, model.rpartition("/")[2])):
            if (found := best_glob(self.file.models, name)) is not None:
                return found
        return None

    def compute(self, cores: int, day: date) -> Price | None:
        """The price of a second on so many cores; None where the book has none for that day.

        At $0.05 a core-hour two cores cost 27,778 nano-dollars a second, rounded up per core.
        """
        entry = in_force(self.file.own_compute, day)
        if entry is None or not cores:
            return None
        per_core = usd_to_nano(entry.usd_per_core_hour / SECONDS_PER_HOUR)
        return Price(per_second_nano_usd=cores * per_core, version=self._version(entry))

    def reviewer_usd_per_hour(self, day: date) -> float | None:
        """What an hour of a reviewer costs; None where the book has none for that day."""
        entry = in_force(self.file.reviewers, day)
        return None if entry is None else 60 * entry.usd_per_minute

    def reviewer_minute(self, day: date) -> MinutePrice | None:
        """What a minute of a reviewer costs; None where the book has none for that day."""
        entry = in_force(self.file.reviewers, day)
        if entry is None:
            return None
        return MinutePrice(usd_to_nano(entry.usd_per_minute), self._version(entry))

    def newest(self, day: date) -> date | None:
        """The latest day, up to this one, on which any price begins; None where none does."""
        dated = (*self.file.own_compute, *self.file.reviewers)
        entries = [entry for prices in self.file.models.values() for entry in prices]
        starts = [entry.valid_from for entry in (*entries, *dated) if entry.valid_from is not None]
        return max((start for start in starts if start <= day), default=None)

    def _version(self, entry: Dated) -> str:
        day = entry.valid_from or self.file.as_of
        return f"{self.file.name}@{self.hash} {day.isoformat()}"


def in_force(entries: Sequence[EntryT], day: date) -> EntryT | None:
    """The entry that holds on `day`: the latest that began by then; None before the first."""
    begun = [entry for entry in entries if (entry.valid_from or date.min) <= day]
    return max(begun, key=lambda entry: entry.valid_from or date.min, default=None)


def is_book(path: Path) -> bool:
    """Whether a file is a price book rather than a policy: it has models and no tiers."""
    if not path.is_file():
        return False
    tree, _ = load_yaml(str(path), text_of(path))
    return isinstance(tree, dict) and "models" in tree and "tiers" not in tree


def load_prices(path: Path) -> LoadedPrices:
    """The price book in `path`. Raises: PriceBookError with all mistakes at once, by line."""
    tree, lines = load_yaml(str(path), text_of(path, PriceBookError))
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
    canonical = json.dumps(book.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return LoadedPrices(book, path, digest[:HASH_CHARACTERS])


def _twice(tree: Mapping[str, object], lines: LineMap) -> Iterator[Mistake]:
    """Two prices of one model from the same day on: nobody could say which one holds."""
    for path, entries in _lists(tree):
        days = [entry.get("valid_from") if isinstance(entry, dict) else None for entry in entries]
        seen: Counter[str] = Counter()
        for at, day in enumerate(days):
            if (day is None or isinstance(day, date)) and seen[str(day)]:
                expected = "a day of its own: an entry above begins on this one"
                found = "none" if day is None else str(day)
                yield lines.mistake((*path, at, "valid_from"), found, expected)
            seen[str(day)] += 1


def _lists(tree: Mapping[str, object]) -> Iterator[tuple[KeyPath, list[object]]]:
    models = tree.get("models")
    for model, entries in models.items() if isinstance(models, dict) else ():
        if isinstance(entries, list):
            yield ("models", str(model)), entries
    for key in ("own_compute", "reviewers"):
        if isinstance(entries := tree.get(key), list):
            yield (key,), entries
