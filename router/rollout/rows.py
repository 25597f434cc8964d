"""Reads what a ledger row says of a split, and builds the row that chains a change. Pure."""

from __future__ import annotations

import msgspec

from router.errors import REFUSED_CODES, LedgerUnavailable, PriceUnknown, UpstreamTooLong
from router.ledger.row_builder import Kept, Origin, Place, Spent, Times, build_row
from router.ledger.row_reading import ROLLOUT
from router.rollout.stages import Change, encode
from router.types import JsonText, Reason, RequestRow, RequestState, RolloutNote

_OF_THE_POLICY = {PriceUnknown.code, UpstreamTooLong.code}
"""Codes of limits that a side's own policy sets: a price that it leaves out, a model's window."""

_NO_SIDES_FAULT = REFUSED_CODES - _OF_THE_POLICY | {LedgerUnavailable.code}
"""Codes of errors that say nothing of a side: neither policy chose the ledger."""

MARK = '"rollout":{"run":'
"""Text of the record of each row that was on a side of a split."""


class _Sided(msgspec.Struct):
    rollout: RolloutNote | None = None


_SIDED = msgspec.json.Decoder(_Sided)


def side_of(record: str) -> RolloutNote | None:
    """Returns the side that a row was on, None for nearly all rows."""
    if MARK not in record:
        return None  # a search is quicker than parsing
    return _SIDED.decode(record).rollout


_PAST_AN_ANSWERER = tuple(
    f'"{why.value}"'
    for why in (
        Reason.NOT_READY,
        Reason.OUTAGE_SAME_LEVEL,
        Reason.OUTAGE_HIGHER,
        Reason.OUTAGE_LOWER,
    )
)


def decided_around(reasons: str) -> bool:
    """Returns True for a request that would have gone to an answerer that was out of use.

    Once a breaker is open no call is made, so no call fails. `reasons` are those of a row, in JSON.
    Where a floor sends the request to that level, they name the floor alone; and a shadow has no
    row while its answerer is out of use. Neither counts.

    >>> decided_around('["not_ready","answer_accepted"]'), decided_around('["novel"]')
    (True, False)
    """
    return any(why in reasons for why in _PAST_AN_ANSWERER)


def has_failed(state: str, error_code: str, *, call_failed: bool) -> bool:
    """Returns True for a finished row that counts as an error of its side.

    A request that another rung answered after a call failed has failed here: the client was lucky.
    A request that the gateway declined, whose client left, or that the ledger stopped, has not.
    """
    ended_badly = state in (RequestState.FAILED, RequestState.UNKNOWN_COST) and bool(error_code)
    return call_failed or (ended_badly and error_code not in _NO_SIDES_FAULT)


def change_row(change: Change) -> RequestRow:
    """Returns the row that puts a change into the chain; booking it twice changes nothing."""
    record = JsonText(f'{{"rollout_change":{encode(change)}}}')
    origin = Origin(
        f"{change.run}-{change.version}",
        tenant="",
        key_id=change.by,
        endpoint=ROLLOUT,
        mode=ROLLOUT,
        policy=change.policy,
        policy_hash=change.candidate_hash,
        requested_model="",
    )
    return build_row(
        origin,
        Spent(RequestState.SETTLED, Place("", 0, "", ""), 0),
        Times(change.at_ms, change.at_ms),
        kept=Kept(record=record),
    )
