"""Finds the price of a model or an answerer on a day, the same for server, check and ledger.

The sources in their order are the policy's price for the answerer or model, the dated book
(`prices.yaml`), and the table of litellm. When the book names a model, the book decides, even
without a price: before its first day the price is unknown. litellm's table has no days and is valid
on any day. Files are read at the first question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, cached_property, lru_cache

from msgspec.structs import replace

from router.money.days import utc_day
from router.money.litellm_prices import find_price, load_litellm_prices
from router.money.model_redirects import Redirect, same_model
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.price_list import LoadedPrices
from router.policy.schema import AnswererSection, LocalAnswerer, Policy, UpstreamAnswerer
from router.policy.schema import LitellmAnswerer as Litellm
from router.policy.sections.answering.embedders import EmbedderSection
from router.policy.sections.prices import PriceSection
from router.types import AttemptRow, CostBasis, MinutePrice, Price, RequestRow, usd_to_nano


class PriceBook:
    """Finds the prices of one policy on one day."""

    def __init__(self, read: Callable[[], LoadedPolicy], day: date) -> None:
        self._read = read
        self.day = day

    @classmethod
    def of(cls, loaded: LoadedPolicy, day: date) -> PriceBook:
        """Returns the prices of a loaded policy."""
        return cls(lambda: loaded, day)

    @classmethod
    def named(cls, policy: str, environ: Mapping[str, str], day: date) -> PriceBook:
        """Returns the prices of a policy by name or path.

        A wrong policy raises PolicyError on use.
        """

        # Reading waits until the first question, so a wrong policy fails only when it is used.
        def read() -> LoadedPolicy:
            return load_policy(find_policy(policy, policies_dir()), environ)

        return cls(read, day)

    def find(self, model: str) -> Price | None:
        """Returns the price of `model`, or None without a known price. Raises PolicyError."""
        return self.stated(model) or self._listed(model)

    def stated(self, model: str) -> Price | None:
        """Returns the price by policy and book only, which is faster. Used for comparisons."""
        stated = self._loaded.policy.requested_price(model)
        if stated is not None:
            return stated.to_price()
        return self._loaded.prices.model(model, self.day)

    def answerer(self, section: AnswererSection, cores: int = 0) -> Price:
        """Returns the price of this answerer, without any class when the price is unknown.

        `cores` is the number of cores on which a local model decodes. Raises PolicyError.
        """
        own = section.price.to_price()
        # The policy's own price wins over every list.
        if is_known(own):
            return own
        if isinstance(section, LocalAnswerer):
            return by_list(self._loaded.prices, section.model, cores, self.day) or own
        if isinstance(section, UpstreamAnswerer | Litellm):
            return self._listed(section.model) or own
        return own

    def embedder(self, section: EmbedderSection) -> Price:
        """Returns the price of this embedding model, without any class when it is unknown."""
        own = section.price.to_price()
        return own if is_known(own) else self._listed(section.model) or own

    def policy(self) -> Policy:
        """Returns the policy with this day's price in each embedder that states none itself."""
        policy = self._loaded.policy
        if all(is_known(one.price.to_price()) for one in policy.embedders):
            return policy
        priced = [
            one.model_copy(update={"price": PriceSection.of(self.embedder(one))})
            for one in policy.embedders
        ]
        return policy.model_copy(update={"embedders": type(policy.embedders)(priced)})

    def redirected(self, requested: str, answered: str) -> Redirect | None:
        """Returns the redirect when another model answered than the provider's requested one.

        A dated version is another model only where the list prices it otherwise.
        """
        if not answered or answered == requested or self.find(requested) is None:
            return None
        if not same_model(requested, answered):
            return Redirect(requested, answered, self.find(answered))
        # Not by the policy's price of a requested model: calls are booked at the listed one.
        listed, dated = self._listed(requested), self._dated(requested, answered)
        if listed is None or dated is None or replace(dated, version=listed.version) == listed:
            return None
        return Redirect(requested, answered, dated)

    def _dated(self, requested: str, answered: str) -> Price | None:
        """Returns the price of this dated version, where the list of the requested model names it.

        None where the policy states a price for the model: that is the operator's own.
        """
        provider, slash, short = requested.rpartition("/")
        own = [
            section
            for _, section in self._loaded.policy.rungs()
            if getattr(section, "model", None) == requested and is_known(section.price.to_price())
        ]
        if own or not answered.startswith(short):
            return None
        name, prices = f"{provider}{slash}{answered}", self._loaded.prices
        # Prices of two lists may differ for other reasons than the version.
        if prices.key(requested) is None:
            table = litellm_table()
            return table.get(name if requested in table else name.partition("/")[2])
        named = next((one for one in (name, answered) if one in prices.file.models), None)
        return None if named is None else prices.model(named, self.day)

    def reviewer_usd_per_hour(self) -> float | None:
        """Returns the price of a reviewer's hour, or None when the book has none.

        Raises PolicyError.
        """
        return self._loaded.prices.reviewer_usd_per_hour(self.day)

    def reviewer_minute(self) -> MinutePrice | None:
        """Returns the price of a reviewer's minute, from the policy, otherwise from the book.

        None means unknown. Raises PolicyError.
        """
        stated = self._loaded.policy.review.reviewer_usd_per_minute
        if stated is not None:
            return MinutePrice(usd_to_nano(stated), "policy")
        return self._loaded.prices.reviewer_minute(self.day)

    def names(self) -> tuple[str, ...]:
        """Returns the policy's names and the book's, with unexpanded globs, then litellm's."""
        loaded = self._loaded
        return (
            *loaded.policy.report.requested_models,
            *loaded.prices.file.models,
            *litellm_table(),
        )

    def _listed(self, model: str) -> Price | None:
        """Returns the price by book or table, without the policy's own."""
        prices = self._loaded.prices
        # A model that the book names has an unknown price before its first day, never litellm's.
        if prices.key(model) is not None:
            return prices.model(model, self.day)
        return find_price(litellm_table(), model)

    @cached_property
    def _loaded(self) -> LoadedPolicy:
        return self._read()


def by_list(prices: LoadedPrices, model: str, cores: int, day: date) -> Price | None:
    """Returns this book's price of a model on some cores: token prices plus own compute.

    Returns None when the book has neither.
    """
    listed, compute = prices.model(model, day), prices.compute(cores, day)
    if listed is None or compute is None:
        return listed or compute
    version = listed.version
    if compute.version != listed.version:
        version = f"{listed.version}, compute {compute.version.rpartition(' ')[2]}"
    return replace(listed, per_second_nano_usd=compute.per_second_nano_usd, version=version)


def is_known(price: Price) -> bool:
    """Returns True when the price contains any value that is known."""
    prices = (price.input_nano_usd, price.per_request_nano_usd)
    return any(value is not None for value in prices) or price.per_second_nano_usd > 0


@cache  # it has two megabytes, and changes only with a new installation
def litellm_table() -> Mapping[str, Price]:
    """Returns litellm's table, or an empty one when litellm is missing."""
    return load_litellm_prices() or {}


class RowPrices:
    """Finds prices for the ledger's attempts: the server's own, or those of another book first."""

    def __init__(
        self,
        policy_of: Callable[[str], LoadedPolicy | None],
        shipped: LoadedPrices,
        instead: LoadedPrices | None = None,
        on: date | None = None,
        fixed: LoadedPolicy | None = None,
    ) -> None:
        """Sets the sources of prices.

        `policy_of` finds the policy that made a call by the hash that its row names, if it can be
        read. `shipped` is for rows whose policy cannot be read. `instead` goes before all of that.
        `on` is the day of the prices; None takes each attempt's own day. `fixed` prices all rows,
        whichever policy made them.
        """
        self._policy_of = cache(policy_of)
        self._shipped = shipped
        self._instead = instead
        self._on = on
        self._fixed = fixed
        self._find = lru_cache(maxsize=4096)(self._price)

    def price(self, row: RequestRow, attempt: AttemptRow) -> Price | None:
        """Returns the price of the attempt's usage, or None if unknown. Raises PolicyError."""
        day = self._on or utc_day(attempt.started_at_ms)
        policy, listed = row.policy_hash, self._was_listed(attempt)
        return self._find(policy, attempt.answerer, attempt.model, attempt.cores, day, listed)

    def policy_gone(self, row: RequestRow) -> bool:
        """Returns True where the policy that made this row's calls is needed and not readable."""
        fallback = self._fixed or self._instead
        return fallback is None and self._policy_of(row.policy_hash) is None

    def other_model(self, row: RequestRow, attempt: AttemptRow) -> tuple[str, str] | None:
        """Returns the model that made a call and the one that `fixed` has in its place.

        None where both are the same, or where the policy that made the call is not readable and
        the name that answered tells no other model.
        """
        section = None if self._fixed is None else self._fixed.policy.answerer(attempt.answerer)
        there = getattr(section, "model", None)
        if there is None or self._instead is not None:
            return None
        made_by = self._policy_of(row.policy_hash)
        before = None if made_by is None else made_by.policy.answerer(attempt.answerer)
        model = str(getattr(before, "model", attempt.model))
        if not model or same_model(str(there), model) or self._fixed is None:
            return None
        # What a list prices as another model's answer has that model's price here too.
        day = self._on or utc_day(attempt.started_at_ms)
        redirect = PriceBook.of(self._fixed, day).redirected(str(there), attempt.model)
        return (model, str(there)) if redirect is None else None

    def _was_listed(self, attempt: AttemptRow) -> bool:
        """Returns True where the shipped book or litellm's table, no policy's own, priced it.

        A price that was unknown then changes no difference.
        """
        lists = (f"{self._shipped.file.name}@", "litellm ")
        unknown = attempt.cost_basis is CostBasis.UNKNOWN
        return unknown or attempt.price_version.startswith(lists)

    def _price(
        self, policy: str, answerer: str, model: str, cores: int, day: date, listed_then: bool
    ) -> Price | None:
        loaded = self._fixed or self._policy_of(policy)
        section = None if loaded is None else loaded.policy.answerer(answerer)
        if self._instead is not None:
            # The provider may answer with another model.
            configured = str(getattr(section, "model", model))
            for name in dict.fromkeys((configured, model)):
                price = by_list(self._instead, name, cores, day)
                if price is not None or self._instead.key(name) is not None:
                    return price
        if loaded is not None and section is not None:
            book = PriceBook.of(loaded, day)
            redirect = book.redirected(str(getattr(section, "model", model)), model)
            if redirect is not None:
                return redirect.price
            price = book.answerer(section, cores)
            return price if is_known(price) else None
        embedders = () if loaded is None else loaded.policy.embedders
        embedder = next((one for one in embedders if one.name == answerer), None)
        if embedder is not None:
            price = PriceBook.of(loaded, day).embedder(embedder) if loaded else Price()
            return price if is_known(price) else None
        if loaded is None and not listed_then:
            return None  # by a price of its own, which nobody can look up any more
        # An attempt without an answerer, such as triage, was priced by the policy's own book. Own
        # compute that this book does not price was free, whatever the shipped one says of it.
        own = self._shipped if loaded is None else loaded.prices
        listed = by_list(own, model, cores, day) or self._shipped.model(model, day)
        if listed is not None:
            return listed
        in_shipped_book = self._shipped.key(model) is not None
        return None if in_shipped_book else find_price(litellm_table(), model)
