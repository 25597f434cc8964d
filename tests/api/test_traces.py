"""Traces and metrics of real requests, as a real collector gets them."""

from __future__ import annotations

import gzip
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from router.api.http.tracing import trace_of
from router.api.observability.otel import Telemetry, Told
from router.api.observability.spans import spans_of
from router.types import NOBODY, TRACE, AttemptState, Trace, span_id
from router.wire.public_ids import request_id_of
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace
from tests.kits.server_kit import Served, Upstream, write_behaviours, write_policy

TRACE_ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CAME = f"00-{TRACE_ID}-{PARENT}-01"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, and keeps spans and metrics."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exports)
        self.raw = b""
        self.spans: list[dict[str, object]] = []
        self.metrics: set[str] = set()
        self.services: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Exports(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.raw += body
        if self.path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.server.services |= set(_plain(group.resource.attributes).values())
                self.server.spans += [_span(x) for s in group.scope_spans for x in s.spans]
        else:
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.server.metrics |= {m.name for s in group.scope_metrics for m in s.metrics}
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _plain(attributes: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in attributes:  # type: ignore[attr-defined]
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        if kind == "array_value":
            value = [one.string_value for one in value.values]
        found[pair.key] = value
    return found


def _span(span: object) -> dict[str, object]:
    return {
        "name": span.name,  # type: ignore[attr-defined]
        "trace": span.trace_id.hex(),  # type: ignore[attr-defined]
        "id": span.span_id.hex(),  # type: ignore[attr-defined]
        "parent": span.parent_span_id.hex(),  # type: ignore[attr-defined]
        "failed": span.status.code == 2,  # type: ignore[attr-defined]
        "ms": (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,  # type: ignore[attr-defined]
        **_plain(span.attributes),  # type: ignore[attr-defined]
    }


@contextmanager
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.process
def test_collector_gets_the_decision_of_a_request_and_no_text(tmp_path: Path) -> None:
    with collector() as spans, Upstream(tmp_path) as upstream:
        policies = [
            write_policy(tmp_path, upstream.url),
            *write_behaviours(tmp_path, upstream.url, "refused"),
        ]
        with Served(tmp_path, *policies, "--otlp", spans.url) as served:
            prompt = {"model": "auto", "messages": [{"role": "user", "content": "Zanzibar quince"}]}
            answer = served.post("/v1/chat/completions", prompt, traceparent=CAME)
            assert answer.status_code == 200
            assert served.chat("auto:refused").status_code >= 500
            row = served.row(answer)
            name = answer.headers["x-request-id"]
            served.end()
    own = next(
        span for span in spans.spans if span["trace"] == TRACE_ID and span["parent"] == PARENT
    )
    assert own["id"] == span_id(request_id_of(name))
    assert own["name"] == "chat auto"
    assert own["tiergate.tier"] == "llm"
    assert own["tiergate.level"] == 2
    assert own["tiergate.policy.version"] == row["policy_hash"]
    assert own["tiergate.triage.version"]
    assert {"tiergate.stakes_usd", "tiergate.confidence", "tiergate.reasons"} <= set(own)
    (call,) = [span for span in spans.spans if span["parent"] == own["id"]]
    assert (call["tiergate.answerer"], call["failed"]) == ("mid", False)
    assert call["gen_ai.usage.output_tokens"] == own["gen_ai.usage.output_tokens"]
    assert own["ms"] >= call["ms"]  # type: ignore[operator]
    failed = [span for span in spans.spans if span["failed"]]
    assert {span["error.type"] for span in failed} >= {"upstream_overloaded"}
    assert {"gen_ai.server.request.duration", "gen_ai.client.token.usage"} <= spans.metrics
    assert "tiergate" in spans.services
    assert b"Zanzibar" not in spans.raw


def headers(**named: str) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in named.items()]


def always(_: Trace) -> bool:
    return True


def test_trace_of_the_client_goes_on() -> None:
    trace = trace_of(headers(traceparent=CAME, tracestate="a=1"), always)
    assert trace == Trace(TRACE_ID, PARENT, True, "a=1")
    assert trace.headers("r1-0") == {
        "traceparent": f"00-{TRACE_ID}-{span_id('r1-0')}-01",
        "tracestate": "a=1",
    }


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "nonsense",
        f"ff-{TRACE_ID}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID}-{PARENT}-01-more",
        CAME.upper(),
    ],
)
def test_broken_header_begins_a_new_trace(broken: str) -> None:
    trace = trace_of(headers(traceparent=broken, tracestate="a=1"), always)
    assert trace.trace_id != TRACE_ID
    assert (len(trace.trace_id), trace.parent_id, trace.state) == (32, "", "")


def test_two_headers_begin_a_new_trace() -> None:
    twice = [*headers(traceparent=CAME), *headers(traceparent=CAME)]
    assert trace_of(twice, always).parent_id == ""


def test_state_that_could_end_a_header_is_left_out() -> None:
    assert trace_of(headers(traceparent=CAME, tracestate="a=1\r\nx: y"), always).state == ""


def test_version_to_come_is_read_as_ours() -> None:
    assert (
        trace_of(headers(traceparent=f"01-{TRACE_ID}-{PARENT}-01-more"), always).trace_id
        == TRACE_ID
    )


def test_unsampled_trace_goes_on_unsampled() -> None:
    with collector() as spans:
        telemetry = Telemetry(NOBODY, spans.url)
        trace = trace_of(headers(traceparent=f"{CAME[:-2]}00"), telemetry.samples)
        token = TRACE.set(trace)
        telemetry.finished(request("r1", attempt("r1")))
        TRACE.reset(token)
        telemetry.close()
    assert trace.headers("r1-0")["traceparent"].endswith("-00")
    assert spans.spans == []
    assert "tiergate.decisions" in spans.metrics  # counted all the same


def test_collector_that_does_not_answer_delays_nobody() -> None:
    telemetry = Telemetry(NOBODY, "http://127.0.0.1:9")  # nobody listens there
    for number in range(5000):
        telemetry.finished(request(f"r{number}"))
    assert telemetry.dropped < 5000


def test_dropped_requests_are_told_at_once_and_then_once_a_minute() -> None:
    told = Told()
    assert told.due(0, 0.0) == 0
    assert told.due(3, 1.0) == 3
    assert told.due(5, 60.9) == 0
    assert told.due(9, 61.0) == 6
    assert told.due(9, 200.0) == 0
    assert told.due(10, math.inf) == 1  # the end


def test_call_that_was_never_sent_has_no_span() -> None:
    row = request("r1", attempt("r1"), attempt("r1", state=AttemptState.RELEASED))
    assert len(spans_of(row)) == 2


def test_row_that_cannot_be_read_still_has_its_spans() -> None:
    (own, _) = spans_of(replace(request("r1", attempt("r1")), record="not JSON"))
    assert own.attributes["tiergate.tier"]
