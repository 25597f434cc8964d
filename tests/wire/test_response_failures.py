"""A failed response says by OpenAI's codes what an agent can do about it."""

from __future__ import annotations

import pytest

from router.errors import (
    QUOTA_EXHAUSTED,
    BudgetExceeded,
    NoUsableAnswer,
    Overloaded,
    PriceUnknown,
    RateLimited,
    StreamCut,
    TiergateError,
    UpstreamContentRefused,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
)
from router.wire.responses.stream import ResponseStream
from tests import ROOT
from tests.kits.server_kit import events_of

API = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        # Codex compacts the conversation.
        (UpstreamTooLong("The prompt is too long."), "context_length_exceeded"),
        # It gives up: another try is refused again, or paid again.
        (UpstreamRateLimited("Spent.", code=QUOTA_EXHAUSTED), "insufficient_quota"),
        (BudgetExceeded("Spent."), "insufficient_quota"),
        (PriceUnknown("Nobody states its price."), "invalid_prompt"),
        (BudgetExceeded("Too dear.", code="max_cost_exceeded"), "invalid_prompt"),
        (NoUsableAnswer("Every tier gave an unusable answer."), "invalid_prompt"),
        (UpstreamRejected("The upstream refused the request."), "invalid_prompt"),
        (UpstreamContentRefused("Its rules."), "invalid_prompt"),
        # It asks again.
        (UpstreamRateLimited("Limited."), "rate_limit_exceeded"),
        (RateLimited("Limited."), "rate_limit_exceeded"),
        (BudgetExceeded("Running calls hold it.", retry_after_s=1.0), "rate_limit_exceeded"),
        (StreamCut("It broke off."), "server_error"),
        (UpstreamOverloaded("The upstream is overloaded."), "server_error"),
        (Overloaded("Too much."), "server_error"),
    ],
)
def test_a_failed_response_has_the_code_that_agents_know(error: TiergateError, code: str) -> None:
    stream = ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')
    events = dict(events_of(stream.failure(error).decode()))
    spent = error.code == QUOTA_EXHAUSTED  # our own word for it is for the log
    assert events["error"]["code"] == ("insufficient_quota" if spent else error.code)
    assert events["response.failed"]["response"]["error"]["code"] == code
    if code == "invalid_prompt":
        assert f"`{error.code}`" in API.partition("`invalid_prompt`")[2].partition("##")[0]


def test_an_error_event_has_its_fields_where_sdks_look_and_where_they_are_documented() -> None:
    stream = ResponseStream(id="r", created=0, model="m", echoed=b'{"store":false}')
    (event, *_) = events_of(stream.failure(StreamCut("It broke off.")).decode())
    step = "Try again in a moment; if it fails again, tell who runs this gateway."
    documented = {"code": "stream_cut", "message": f"It broke off. {step}", "param": None}
    error = {**documented, "type": "server_error"}
    assert event[1] == {"type": "error", "sequence_number": 0, **documented, "error": error}
