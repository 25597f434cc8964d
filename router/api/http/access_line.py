"""Collects the facts of one request for its access line: who sent it, and its cost.

The log opens a line when a request comes, in the request's own context. Each part that learns a
fact adds it. Where no access log is kept there is no line, and nothing is added.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from router.errors import TiergateError
from router.ledger.row_reading import VECTORS
from router.types import AttemptState, CostBasis, Identity, RequestRow, exact_usd
from router.wire.public_ids import request_name


@dataclass(slots=True)
class AccessLine:
    """Holds the facts that became known of one request."""

    identity: Identity | None = None
    rows: list[RequestRow] = field(default_factory=list)  # several prompts have a row each
    told: dict[bytes, bytes] = field(default_factory=dict)  # the headers of the response
    code: str = ""  # of the error that the client got, also in a stream

    def fields(self) -> dict[str, object]:
        """Returns the request's id, error, tenant and key, and its tier and cost where known.

        Endpoints without a ladder (vectors of our own, moderations, analyses) report theirs only
        in headers.
        """
        fields = self._headers(("request_id", b"x-request-id"))
        if not fields and self.rows:  # its client left before there were headers
            fields["request_id"] = request_name(self.rows[0].request_id)
        if self.code:
            fields["code"] = self.code
        if self.identity is not None:
            caller = self.identity
            fields |= {"tenant": caller.tenant, "key": caller.key_name or caller.key_id}
        if not self.rows:
            tier, cost = b"x-tiergate-tier", b"x-tiergate-cost-usd"
            return fields | self._headers(("tier", tier), ("cost_usd", cost))
        # The vector of a question to documents has a row too, before its answer's.
        answered = (row.tier for row in self.rows if row.endpoint != VECTORS)
        fields["tier"] = next(answered, self.rows[0].tier)
        # Part of a sum would look like the whole cost.
        if all(map(_cost_is_known, self.rows)):
            fields["cost_usd"] = exact_usd(sum(row.cost_nano_usd for row in self.rows))
        return fields

    def _headers(self, *named: tuple[str, bytes]) -> dict[str, object]:
        values = ((name, self.told.get(header)) for name, header in named)
        return {name: value.decode("latin-1") for name, value in values if value is not None}


# A context variable, so that no function between must pass the line on.
_LINE: ContextVar[AccessLine | None] = ContextVar("access_line", default=None)


def begin() -> AccessLine:
    """Opens and returns a new line for the code that runs in this context."""
    line = AccessLine()
    _LINE.set(line)
    return line


def current() -> AccessLine | None:
    """Returns the line of the request under way; None where no access log is kept."""
    return _LINE.get()


def note_error(error: TiergateError) -> None:
    """Notes the error that the client of the request under way gets."""
    line = _LINE.get()
    if line is not None:
        line.code = error.code


def _cost_is_known(row: RequestRow) -> bool:
    return not any(
        a.cost_basis is CostBasis.UNKNOWN or a.state is AttemptState.UNKNOWN_COST
        for a in row.attempts
    )
