"""Puts requests on a side of a split: sticky, by one hash, and never where a rule governs. Pure.

A conversation or tenant gets a number in [0, 1) from a hash with the rollout's own salt, and the
candidate has those below its share. So a side needs no memory, outlives restarts, is the same on
all servers, and one that has the candidate keeps it while the share grows.

What a hard rule, a refusal, residency or stakes decide, and what a client pins, is always the
base's: such requests are on no side, and in no estimate. What governs is read from the base's own
decision, which is alike for both sides, so that leaving them out favours neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from msgspec import Struct

from router.rollout.tallies import Arm
from router.routing.policy_runtime import PolicyRuntime
from router.routing.routed_request import RoutedRequest
from router.types import ChatRequest, Identity, Reason, RolloutNote

OPEN_TO_SPLITS = frozenset(
    {Reason.NOVEL, Reason.MULTI_FACTOR, Reason.HINT_MIN_TIER, Reason.TOOL_LOOP}
)
"""Reasons for a floor that concern neither stakes nor a rule that somebody wrote. A request that
has any other one is the base's."""

READ_CHARACTERS = 2_048
"""Characters of each message that name a conversation; with its length they tell enough apart."""


class Split(Struct, frozen=True):
    """Holds how one policy's traffic is split now."""

    run: str
    version: int
    share: float  # of the candidate; 0 in stage shadow
    by: str  # conversation | tenant
    candidate: PolicyRuntime
    rereads: bool  # the candidate reads requests in another way than the base
    shadow_share: float = 0.0  # of requests that are asked twice; 0 outside of stage shadow


class Splits:
    """Holds the splits of one process, by policy; swapped as a whole, so no request sees a mix."""

    def __init__(self) -> None:
        self._by_policy: Mapping[str, Split] = {}

    def of(self, policy: str) -> Split | None:
        """Returns the split of a policy's traffic, None for nearly all."""
        return self._by_policy.get(policy)

    def swap(self, by_policy: Mapping[str, Split]) -> None:
        """Splits the next requests like this."""
        self._by_policy = dict(by_policy)

    @property
    def now(self) -> Mapping[str, Split]:
        """Returns the splits by policy."""
        return self._by_policy


def governed(routed: RoutedRequest) -> bool:
    """Returns True where something decides that no experiment may touch."""
    decision, asked = routed.decision, routed.asked
    if routed.observed is not None or asked.pinned or asked.pinned_tier:
        return True
    if decision.refused is not None or routed.risk_domain is not None:
        return True
    if any(fact.declined is Reason.RESIDENCY for fact in routed.facts):
        return True
    if Reason.POLICY_RULE in decision.ceiling_reasons:
        return True
    reasons = set(decision.floor_reasons)
    # A rule without a named reason is one whose answer is in hand: impact may be among its causes.
    return decision.hard_rule and (not reasons or not reasons <= OPEN_TO_SPLITS)


def note_of(split: Split, routed: RoutedRequest) -> RolloutNote:
    """Returns the side of a request that nothing governs."""
    digest = blake2b(split.run.encode(), digest_size=16)
    for piece in _unit(split.by, routed.request, routed.identity):
        digest.update(str(len(piece)).encode() + b":" + piece.encode("utf-8", "surrogatepass"))
    number = int.from_bytes(digest.digest()[:8], "big") / 2**64
    share = split.shadow_share or split.share
    arm = Arm.CANDIDATE if number < share else Arm.BASE
    return RolloutNote(split.run, split.version, arm.value, _counted_as(split, routed, digest))


def _unit(by: str, request: ChatRequest, identity: Identity) -> Iterable[str]:
    """Yields what names the conversation or the tenant."""
    yield identity.tenant
    if by == "tenant":
        return
    if request.hints.session:
        yield request.hints.session
        return
    # The beginning of a conversation is in each of its turns.
    for message in request.messages:
        if message.role == "assistant":
            return
        yield message.role
        yield str(len(message.text))
        yield message.text[:READ_CHARACTERS]


def _counted_as(split: Split, routed: RoutedRequest, digest: blake2b) -> str:
    """Returns whom a request counts for in the tests.

    Two people who begin an unnamed conversation with "hi" are on one side, but are two.
    """
    request = routed.request
    nameless = split.by == "conversation" and not request.hints.session
    if nameless and all(message.role != "assistant" for message in request.messages):
        return routed.request_id[-16:]
    return digest.hexdigest()[:16]
