"""Prices by model name: what the policy states for it, else the table that comes with litellm.

The order is the one in which an answerer's price is found. A list is read when it is first asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from router.policy import Policy
from router.policy_file import find_policy, load_policy, policies_dir
from router.types import Price
from tiers.litellm_prices import find_price, load_litellm_prices


class PriceBook:
    """The prices that a policy's `report.requested_models` and litellm's table hold."""

    def __init__(self, policy: str, environ: Mapping[str, str]) -> None:
        self._name = policy
        self._environ = environ

    def find(self, model: str) -> Price | None:
        """The price of `model`; None where nobody states one. Raises PolicyError."""
        stated = self._policy.requested_price(model)
        return find_price(self._table, model) if stated is None else stated.to_price()

    def names(self) -> tuple[str, ...]:
        """The policy's names, globs as they are, then litellm's."""
        return (*self._policy.report.requested_models, *self._table)

    @cached_property
    def _policy(self) -> Policy:
        path = find_policy(self._name, policies_dir())
        return load_policy(path, self._environ).policy

    @cached_property
    def _table(self) -> dict[str, Price]:
        return load_litellm_prices() or {}
