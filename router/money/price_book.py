"""What a model or an answerer costs on a day: one answer for server, check, plan and ledger.

In this order: what the policy states for the answerer or model, the dated book (`prices.yaml`),
the table that comes with litellm. Where the book names a model it decides, also by saying nothing:
before its first day the price is unknown. The table has no days and holds on any. Files are read
when they are first asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache

from msgspec.structs import replace

from router.money.litellm_prices import find_price, load_litellm_prices
from router.money.model_redirects import Redirect, same_model
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.price_list import LoadedPrices
from router.policy.schema import AnswererSection, LocalAnswerer, UpstreamAnswerer
from router.policy.schema import LitellmAnswerer as Litellm
from router.types import AttemptRow, MinutePrice, Price, RequestRow, usd_to_nano


class PriceBook:
    """The prices of one policy on one day."""

    def __init__(self, read: Callable[[], LoadedPolicy], day: date) -> None:
        self._read = read
        self.day = day

    @classmethod
    def of(cls, loaded: LoadedPolicy, day: date) -> PriceBook:
        """The prices of a policy that is loaded."""
        return cls(lambda: loaded, day)

    @classmethod
    def named(cls, policy: str, environ: Mapping[str, str], day: date) -> PriceBook:
        """The prices of a policy by name or path; a wrong one is a PolicyError when asked."""

        def read() -> LoadedPolicy:
            return load_policy(find_policy(policy, policies_dir()), environ)

        return cls(read, day)

    def find(self, model: str) -> Price | None:
        """The price of `model`; None where nobody states one. Raises PolicyError."""
        return self.stated(model) or self._listed(model)

    def stated(self, model: str) -> Price | None:
        """As `find`, by policy and book alone: what requests are compared with, quickly."""
        stated = self._loaded.policy.requested_price(model)
        if stated is not None:
            return stated.to_price()
        return self._loaded.prices.model(model, self.day)

    def answerer(self, section: AnswererSection, cores: int = 0) -> Price:
        """The price of this answerer, with no class known where nobody states one.

        `cores` is what a local model decodes on. Raises PolicyError.
        """
        own = section.price.to_price()
        if is_known(own):
            return own
        if isinstance(section, LocalAnswerer):
            return by_list(self._loaded.prices, section.model, cores, self.day) or own
        if isinstance(section, UpstreamAnswerer | Litellm):
            return self._listed(section.model) or own
        return own

    def redirected(self, asked: str, answered: str) -> Redirect | None:
        """The redirect, where a provider's model was asked for and another one answered."""
        if not answered or same_model(asked, answered) or self.find(asked) is None:
            return None
        return Redirect(asked, answered, self.find(answered))

    def reviewer_usd_per_hour(self) -> float | None:
        """What an hour of a reviewer costs; None where the book is silent. Raises PolicyError."""
        return self._loaded.prices.reviewer_usd_per_hour(self.day)

    def reviewer_minute(self) -> MinutePrice | None:
        """What a minute of a reviewer costs, by the policy, else by the book; None: unknown.

        Raises PolicyError.
        """
        stated = self._loaded.policy.review.reviewer_usd_per_minute
        if stated is not None:
            return MinutePrice(usd_to_nano(stated), "policy")
        return self._loaded.prices.reviewer_minute(self.day)

    def names(self) -> tuple[str, ...]:
        """The policy's names and the book's, globs as they are, then litellm's."""
        loaded = self._loaded
        return (
            *loaded.policy.report.requested_models,
            *loaded.prices.file.models,
            *litellm_table(),
        )

    def _listed(self, model: str) -> Price | None:
        """By book or table, whatever the policy states."""
        prices = self._loaded.prices
        if prices.key(model) is not None:
            return prices.model(model, self.day)
        return find_price(litellm_table(), model)

    @cached_property
    def _loaded(self) -> LoadedPolicy:
        return self._read()


def by_list(prices: LoadedPrices, model: str, cores: int, day: date) -> Price | None:
    """What this book says of a model on so many cores: its token prices, own compute beside them.

    None where it says neither.
    """
    listed, compute = prices.model(model, day), prices.compute(cores, day)
    if listed is None or compute is None:
        return listed or compute
    both = listed.version
    if compute.version != listed.version:
        both = f"{listed.version}, compute {compute.version.rpartition(' ')[2]}"
    return replace(listed, per_second_nano_usd=compute.per_second_nano_usd, version=both)


def is_known(price: Price) -> bool:
    """Whether a price says what anything costs."""
    stated = (price.input_nano_usd, price.per_request_nano_usd)
    return any(one is not None for one in stated) or price.per_second_nano_usd > 0


def utc_day(at_ms: int) -> date:
    """The day, in UTC, of a time in milliseconds since the epoch."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


@cache  # two megabytes, and it changes with an installation alone
def litellm_table() -> Mapping[str, Price]:
    """litellm's table; empty where litellm is not there."""
    return load_litellm_prices() or {}


class RowPrices:
    """Prices for the ledger's attempts: as a server would price them, or by another book first."""

    def __init__(
        self,
        policy_of: Callable[[str], LoadedPolicy | None],
        shipped: LoadedPrices,
        instead: LoadedPrices | None = None,
        on: date | None = None,
    ) -> None:
        """`policy_of` finds the policy that a row names, if it can be read; `shipped` is for rows
        where it cannot. `instead` goes before all of that. `on` is the day of the prices; None
        takes each attempt's own."""
        self._policy_of = cache(policy_of)
        self._shipped = shipped
        self._instead = instead
        self._on = on
        self._find = lru_cache(maxsize=4096)(self._price)

    def price(self, row: RequestRow, attempt: AttemptRow) -> Price | None:
        """The price of the attempt's usage; None where nobody states one. Raises PolicyError."""
        day = self._on or utc_day(attempt.started_at_ms)
        return self._find(row.policy, attempt.answerer, attempt.model, attempt.cores, day)

    def _price(self, policy: str, answerer: str, model: str, cores: int, day: date) -> Price | None:
        loaded = self._policy_of(policy)
        section = None if loaded is None else loaded.policy.answerer(answerer)
        if self._instead is not None:
            configured = str(getattr(section, "model", model))  # the provider may answer by another
            for name in dict.fromkeys((configured, model)):
                found = by_list(self._instead, name, cores, day)
                if found is not None or self._instead.key(name) is not None:
                    return found
        if loaded is not None and section is not None:
            own = PriceBook.of(loaded, day)
            redirect = own.redirected(str(getattr(section, "model", model)), model)
            if redirect is not None:
                return redirect.price
            found = own.answerer(section, cores)
            return found if is_known(found) else None
        # What is no answerer's, such as reading a request, was priced by the policy's own book.
        for prices in (self._shipped,) if loaded is None else (loaded.prices, self._shipped):
            listed = by_list(prices, model, cores, day)
            if listed is not None:
                return listed
        named_there = self._shipped.key(model) is not None
        return None if named_there else find_price(litellm_table(), model)
