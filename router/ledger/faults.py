"""Tells from a row which answerers were at fault in its calls. Pure functions of one row."""

from __future__ import annotations

import msgspec

from router.errors import (
    QUOTA_EXHAUSTED,
    AnswererError,
    AnswererNotReady,
    DeadlineExceeded,
    StreamCut,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamUnreachable,
)
from router.types import AttemptState, RequestRow, Role

FAULTS = frozenset(
    {
        AnswererError.code,
        AnswererNotReady.code,
        DeadlineExceeded.code,
        QUOTA_EXHAUSTED,
        StreamCut.code,
        UpstreamContentRefused.code,
        UpstreamError.code,
        UpstreamInvalid.code,
        UpstreamOverloaded.code,
        UpstreamRateLimited.code,
        UpstreamRejected.code,
        UpstreamUnreachable.code,
    }
)
"""Codes of calls after which somebody should look after the answerer. All others say that a limit,
an answerer's own rules, the client or this server ended the call."""

ANY_FAULT = "any"
"""Stands in place of a code where requests are counted that had any fault of an answerer."""


KEY_REFUSED = "upstream_key_refused"
REQUEST_REFUSED = "upstream_request_refused"
"""Say more of an `upstream_rejected` whose status the record has: 401 and 403 are about our key.
Neither is a code of an error."""


class _TimeLeft(msgspec.Struct, frozen=True):
    time_ms: float | None = None  # that the client's own deadline leaves; None without one


class _Step(msgspec.Struct, frozen=True):
    rung: int = 0
    left: _TimeLeft = _TimeLeft()


class _Failure(msgspec.Struct, frozen=True):
    attempt: int = -1  # the call's ordinal
    status: int | None = None


class _Steps(msgspec.Struct, frozen=True):
    steps: tuple[_Step, ...] = ()
    failures: tuple[_Failure, ...] = ()


_STEPS = msgspec.json.Decoder(_Steps)


def faults_of(row: RequestRow) -> set[str]:
    """Returns `ANSWERER CODE` of each fault in a request's calls, and `ANSWERER any` once.

    A call that the client gave no more time shows no fault, made or not. What an upstream rejected
    is told apart where the record has its status: our key, or the request.
    """
    faults = set[str]()
    for call in row.attempts:
        code = call.error_code
        if call.role is Role.TRIAGE or code not in FAULTS:
            continue
        unmade = call.state is AttemptState.RELEASED
        late = code == DeadlineExceeded.code
        if late and (unmade or call.rung in _rungs_out_of_time(row.record)):
            continue
        if code == UpstreamRejected.code:
            code = _refusal(row.record, call.ordinal)
        faults |= {f"{call.answerer} {code}", f"{call.answerer} {ANY_FAULT}"}
    return faults


def _refusal(record: str, ordinal: int) -> str:
    """Returns what the upstream of this call refused, as far as the record says its status."""
    statuses = {failure.attempt: failure.status for failure in _read(record).failures}
    status = statuses.get(ordinal)
    if status is None:
        return UpstreamRejected.code
    return KEY_REFUSED if status in (401, 403) else REQUEST_REFUSED


def _rungs_out_of_time(record: str) -> set[int]:
    """Returns the rungs during whose turn the client's own deadline passed."""
    steps = _read(record).steps
    return {step.rung for step in steps if step.left.time_ms is not None and step.left.time_ms <= 0}


def _read(record: str) -> _Steps:
    try:
        return _STEPS.decode(record)
    except (msgspec.DecodeError, UnicodeError):
        return _Steps()
