"""Finds answerers whose reasoning is counted and whose policy does not say if all of it is shown.

Calls of theirs without usage are booked by the bytes that came, which may be below the bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from router.api.compose.answerers.answerer_facts import hides_its_reasoning
from router.api.compose.examined.finding import Finding, State
from router.errors import LedgerError
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database
from router.policy.schema import LitellmAnswerer, Policy, UpstreamAnswerer
from router.rendering.figures_in_words import counted

LATEST = 2_000
"""Bounds the requests that are looked at: enough for what is asked now, and read in a moment."""

_COUNTS = """\
SELECT a.answerer, SUM(CASE WHEN a.reasoning_tokens > 0 THEN 1 ELSE 0 END),
       SUM(CASE WHEN a.estimated AND a.state <> 'unknown_cost' THEN 1 ELSE 0 END)
FROM attempts AS a JOIN (
  SELECT request_id FROM requests ORDER BY created_at_ms DESC, request_id DESC LIMIT ?
) AS latest ON latest.request_id = a.request_id
GROUP BY a.answerer"""


def thoughts_findings(place: str | Path, policies: Iterable[Policy]) -> Iterator[Finding]:
    """Yields a note for each answerer that may be booked below its bill; none without a ledger."""
    asked = {
        section.name: section
        for policy in policies
        for _, section in policy.rungs()
        if isinstance(section, UpstreamAnswerer | LitellmAnswerer)
        and section.hidden_reasoning is None
        and not hides_its_reasoning(section)
    }
    counts = _counts(place) if asked else {}
    for name in sorted(asked.keys() & counts.keys()):
        thoughts, estimated = counts[name]
        if thoughts and estimated:
            yield Finding(
                f"reasoning of {name}",
                State.NOTE,
                f"{counted(thoughts, 'call', 'calls')} of its latest counted reasoning, and "
                f"{counted(estimated, 'call', 'calls')} without usage may be below the bill: "
                "state `hidden_reasoning: true` for it, or false where it shows all that it thinks",
                "costs that are never below the bill",
            )


def _counts(place: str | Path) -> dict[str, tuple[int, int]]:
    """Returns by answerer the latest calls with reasoning, and those booked by their bytes."""
    try:
        path = Address.parse(place).path
        if path is not None and not path.exists():
            return {}
        database = Database.open(place, create=False)
        try:
            with database.reading() as connection:
                rows = connection.exec_driver_sql(_COUNTS, (LATEST,)).all()
        finally:
            database.close()
    except (LedgerError, OSError):
        return {}  # the ledger has a finding of its own
    return {str(name): (int(thoughts), int(estimated)) for name, thoughts, estimated in rows}
