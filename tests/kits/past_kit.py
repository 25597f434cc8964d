"""Makes finished requests with what was told of them, for tests of learning."""

from __future__ import annotations

from collections.abc import Mapping

from router.ledger.past_request import KeptText, PastRequest
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import Record, ShadowNote, encode
from router.types import RECORD_VERSION, Feedback, FeedbackSource, JsonText, RequestRow
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

LATER_MS = NOW_MS + 30 * 86_400_000
NOT_SAID = Feedback("", "acme", FeedbackSource.CLIENT, "key_1", NOW_MS)


def record(draw: float | None = None, shadow: ShadowNote | None = None, **decision: object) -> str:
    """Returns the record of a request that was decided by these rules and this chance number."""
    rungs = tuple(facts())
    decided = decide(a_policy(**decision), CALM, rungs, Asked(), draw=draw)
    return encode(
        Record(RECORD_VERSION, CALM, rungs, Asked(), decided, (), draw=draw, shadow=shadow)
    )


def past(
    name: str,
    prompt: str = "Where is my order, please?",
    answer: str = "It is on its way.",
    *,
    at: int = 0,
    session: str = "",
    store: str = "redacted",
    texts: Mapping[str, str] | None = None,
    said: Mapping[str, object] | None = None,
    source: FeedbackSource = FeedbackSource.REVIEW,
    **row: object,
) -> PastRequest:
    """Returns a request made at a minute, whose texts are kept and of which `source` said this."""
    kept = {"prompt": f"user: {prompt}", "answer": answer, **(texts or {})}
    words = {} if said is None else {source: replace(NOT_SAID, source=source, **said)}
    made: RequestRow = replace(
        request(name, attempt(name)),
        created_at_ms=NOW_MS + at * 60_000,
        session_digest=session,
        **row,
    )
    return PastRequest(
        made,
        {kind: KeptText(text, store, LATER_MS) for kind, text in kept.items() if text},
        words,
    )


def shadow_of(name: str, agreement: float) -> PastRequest:
    """Returns the row of another answerer's answer to the request `name`."""
    note = ShadowNote("deep", 0.1, name, "nano", agreement)
    made = past(f"{name}-s", texts={"prompt": "", "answer": ""})
    text = JsonText(record(shadow=note))
    return replace(made, row=replace(made.row, endpoint="shadow", record=text))
