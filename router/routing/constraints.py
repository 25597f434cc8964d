"""Reads what a request asks of the tiers: capabilities, and the hints that its key allows. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from router.policy.schema import Policy
from router.routing.rule_conditions import fits_any
from router.types import Capability, ChatRequest, Hints


class Asked(Struct, frozen=True):
    """Holds the client's wishes, already reduced to what its key allows."""

    min_tier: int | None = None
    max_tier: int | None = None
    stakes_nano_usd: int | None = None
    may_lower: bool = False
    confidence_floor: float | None = None
    max_cost_nano_usd: int | None = None
    tool_loop_level: int | None = None
    pinned: str | None = None  # one answerer
    pinned_tier: str | None = None
    tiers: tuple[str, ...] = ()  # that the key may use; empty: all
    defends: bool = False  # the key may ask about attacks on computers
    tools: tuple[str, ...] = ()  # offered ones that a hard rule of the policy names

    @property
    def is_pinned(self) -> bool:
        """Returns True where the client names the answerer or the tier."""
        return self.pinned is not None or self.pinned_tier is not None

    @property
    def rights(self) -> tuple[bool, int | None, int | None]:
        """Returns what scopes of the key changed here: equal where its answers may be shared.

        That is whether the key defends computers, and the tier and the stakes that it lowered.
        """
        return self.defends, self.max_tier, self.stakes_nano_usd if self.may_lower else None


class Shape(Struct, frozen=True):
    """Holds the facts about a request that decide an answer's cost, apart from its signals."""

    needs: tuple[Capability, ...]
    output_cap: int | None  # tokens; None where the client gives none
    choices: int = 1
    images: int = 0
    input_bound: int = 0  # tokens at most but for images; 0 where no cost cap asked for it
    forces_tools: bool = False
    promises: bool = False  # plain text would be no answer


def asked_of(
    hints: Hints, may_lower: bool, tiers: Iterable[str] = (), *, defends: bool = False
) -> Asked:
    """Returns hints as `decide` reads them: raising is free, lowering needs `hints:lower`."""
    return Asked(
        min_tier=hints.min_tier,
        max_tier=hints.max_tier if may_lower else None,
        stakes_nano_usd=hints.stakes_nano_usd,
        may_lower=may_lower,
        confidence_floor=hints.confidence_floor,
        max_cost_nano_usd=hints.max_cost_nano_usd,
        tiers=tuple(sorted(tiers)),
        defends=defends,
    )


def ruled_tools(policy: Policy, request: ChatRequest) -> tuple[str, ...]:
    """Returns the names of offered tools that a hard rule of the policy names, sorted.

    A tool counts by the name that models get, and by the client's own. None counts where the
    request lets no tool be called.
    """
    if not request.may_call:
        return ()
    globs = {glob for rule in policy.hard_rules for glob in rule.tools}
    if not globs:
        return ()
    names = {name for tool in request.tools for name in (tool.name, tool.own_name) if name}
    return tuple(sorted([name for name in names if fits_any(globs, name)]))


def shape_of(request: ChatRequest, input_bound: int = 0) -> Shape:
    """Returns the facts by which replay prices a request elsewhere; they hold no text."""
    return Shape(
        needs=tuple(sorted(request.needs)) if request.needs else (),
        output_cap=request.sampling.max_output_tokens,
        choices=request.sampling.n,
        images=request.images,
        input_bound=input_bound,
        forces_tools=request.forces_tools,
        promises=request.needs_shape,
    )


def demanded_of(request: ChatRequest) -> Capability | None:
    """Returns what an answer must have where approved words are none; None for a mere summary."""
    if request.compacts:
        return None
    return Capability.TOOLS if request.forces_tools else Capability.JSON_SCHEMA


def level_from(policy: Policy, level: int, top: int) -> int:
    """Returns the lowest level of a tier that reaches the demanded one, `top` where none does."""
    return min([tier.level for tier in policy.tiers if level <= tier.level <= top], default=top)
