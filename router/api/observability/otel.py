"""Exports spans and metrics by OTLP over HTTP, in a thread of its own. The extra is `otel`.

A request pays for its trace's ids and for one entry of a queue. Where the queue is full the entry
is dropped and counted: a collector that does not answer slows nobody. OpenTelemetry's own variables
(`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` and others) hold as ever.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from typing import TYPE_CHECKING

from router.api.observability.log import Log
from router.api.observability.spans import Span, is_call, operation_of, spans_of
from router.api.release import own_version
from router.errors import LedgerError
from router.errors.installing import pip_install
from router.types import (
    NANO_PER_USD,
    TRACE,
    AttemptRow,
    AttemptState,
    Event,
    Events,
    RequestRow,
    Trace,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

MOST_WAITING = 4096
CLOSES_S = 5.0
TELLS_S = 60.0  # between two lines about dropped requests
NAME = "tiergate"
# GenAI's metrics name their own bounds, in seconds and in tokens.
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)

_NO_TRACE = Trace("")
Entry = tuple[RequestRow, Trace]


class Telemetry:
    """Implements types.Events: passes everything on, and exports each finished request."""

    def __init__(self, listener: Events, endpoint: str) -> None:
        """Begins to export to the collector at `endpoint`, such as http://127.0.0.1:4318.

        Raises LedgerError without the extra `otel`.
        """
        self._listener = listener
        self._tracing = _Tracing(endpoint)
        self._rows: queue.Queue[Entry | None] = queue.Queue(MOST_WAITING)
        self.dropped = 0
        self._told = Told()
        self._thread = threading.Thread(target=self._export, name="otlp", daemon=True)
        self._thread.start()

    def samples(self, trace: Trace) -> bool:
        """Returns True for a trace whose spans are exported: as the client says, or by the ratio
        of `OTEL_TRACES_SAMPLER_ARG`.
        """
        return self._tracing.samples(trace)

    def happened(self, event: Event) -> None:
        """Passes an event on."""
        self._listener.happened(event)

    def finished(self, row: RequestRow) -> None:
        """Passes a request on, and puts it into the queue of the exporting thread."""
        self._listener.finished(row)
        try:
            self._rows.put_nowait((row, TRACE.get() or _NO_TRACE))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Exports what waits, within five seconds. Blocks."""
        try:
            self._rows.put(None, timeout=CLOSES_S)
        except queue.Full:
            return
        self._thread.join(CLOSES_S)

    def _export(self) -> None:
        log = Log("tiergate.otlp")
        while (entry := self._rows.get()) is not None:
            try:
                self._tracing.export(*entry)
            # The thread is the outermost: a fault of one row must not end the export of all.
            except Exception as error:
                log.warning("not_exported", request=entry[0].request_id, reason=repr(error))
            if dropped := self._told.due(self.dropped, time.monotonic()):
                log.warning("spans_dropped", requests=dropped)
        if dropped := self._told.due(self.dropped, math.inf):
            log.warning("spans_dropped", requests=dropped)
        self._tracing.close()


class Told:
    """Knows how many dropped requests the log has told of."""

    def __init__(self) -> None:
        self._requests = 0
        self._next_s = -math.inf

    def due(self, dropped: int, now_s: float) -> int:
        """Returns how many to tell of now: those since the last line, which is a minute old."""
        if dropped == self._requests or now_s < self._next_s:
            return 0
        since, self._requests, self._next_s = dropped - self._requests, dropped, now_s + TELLS_S
        return since


class _Tracing:
    """Holds OpenTelemetry's providers: the only place that knows its classes."""

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.resources import OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise LedgerError(
                f"traces need OpenTelemetry; install it with {pip_install('otel')}"
            ) from error
        base, version = endpoint.rstrip("/"), own_version()
        # Variables win over our own names.
        resource = Resource.create({"service.name": NAME, "service.version": version})
        resource = resource.merge(OTELResourceDetector().detect())
        self._ids = _Ids()
        self._traces: TracerProvider = TracerProvider(
            resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces")
        self._traces.add_span_processor(BatchSpanProcessor(spans))
        self._tracer = self._traces.get_tracer(NAME, version)
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics"))
        self._metrics: MeterProvider = MeterProvider(
            [reader], resource=resource, shutdown_on_exit=False
        )
        meter = self._metrics.get_meter(NAME, version)
        seconds, tokens = list(SECONDS), list(TOKENS)
        self._requests = meter.create_histogram(
            "gen_ai.server.request.duration",
            "s",
            "Whole time of a request.",
            explicit_bucket_boundaries_advisory=seconds,
        )
        self._first_token = meter.create_histogram(
            "gen_ai.server.time_to_first_token",
            "s",
            "Time until the client had the first piece.",
            explicit_bucket_boundaries_advisory=seconds,
        )
        self._calls = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "Time of a call of an answerer.",
            explicit_bucket_boundaries_advisory=seconds,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Tokens of a call of an answerer.",
            explicit_bucket_boundaries_advisory=tokens,
        )
        self._cost = meter.create_counter("tiergate.cost", "{USD}", "Spend.")
        self._decided = meter.create_counter(
            "tiergate.decisions", "{request}", "Why a tier answered."
        )

    def samples(self, trace: Trace) -> bool:
        given = self._traces.sampler.should_sample(
            _parent(trace), int(trace.trace_id, 16), "request"
        )
        return bool(given.decision.is_sampled())

    def export(self, row: RequestRow, trace: Trace) -> None:
        self._measure(row)
        if trace.trace_id and not trace.sampled:
            return
        own: Context | None = None
        for span in spans_of(row):
            context = self._span(span, _parent(trace) if own is None else own, trace)
            own = own or context

    def _span(self, span: Span, parent: Context, trace: Trace) -> Context:
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        self._ids.span_id, self._ids.trace_id = span.span_id, trace.trace_id
        made = self._tracer.start_span(
            span.name,
            parent,
            SpanKind.SERVER if span.server else SpanKind.CLIENT,
            span.attributes,
            start_time=round(span.started_ms * 1e6),
        )
        if span.error:
            made.set_status(Status(StatusCode.ERROR, span.error))
        made.end(round(span.ended_ms * 1e6))
        return set_span_in_context(made, parent)

    def _measure(self, row: RequestRow) -> None:
        """Counts a request. Labels are names of the policy and codes: clients make no series."""
        about = {"gen_ai.operation.name": operation_of(row), "gen_ai.provider.name": NAME}
        error = {"error.type": row.error_code} if row.error_code else {}
        if row.model:
            about["gen_ai.response.model"] = row.model
        self._requests.record(row.latency_ms / 1000.0, {**about, **error})
        if row.first_token_ms is not None:
            self._first_token.record(row.first_token_ms / 1000.0, about)
        where = {"tiergate.policy.name": row.policy, "tiergate.tier": row.tier}
        self._cost.add(row.cost_nano_usd / NANO_PER_USD, where)
        why = {"tiergate.reason": row.reason, "tiergate.verdict": row.verdict}
        self._decided.add(1, {**where, **why})
        for attempt in row.attempts:
            if is_call(attempt):
                self._measure_call(row, attempt)

    def _measure_call(self, row: RequestRow, attempt: AttemptRow) -> None:
        about = {
            "gen_ai.operation.name": operation_of(row),
            "gen_ai.provider.name": attempt.answerer,
            "gen_ai.request.model": attempt.model,
        }
        error = {"error.type": attempt.error_code} if attempt.error_code else {}
        self._calls.record(attempt.latency_ms / 1000.0, {**about, **error})
        if attempt.state is AttemptState.SETTLED:
            usage = attempt.usage
            for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                self._tokens.record(tokens, {**about, "gen_ai.token.type": kind})

    def close(self) -> None:
        self._traces.shutdown()
        self._metrics.shutdown()


class _Ids:
    """Implements OpenTelemetry's IdGenerator: the ids that `spans` derived; else, chance's."""

    span_id = ""
    trace_id = ""

    def generate_span_id(self) -> int:
        return int(self.span_id, 16)

    def generate_trace_id(self) -> int:
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        return int(self.trace_id, 16) if self.trace_id else RandomIdGenerator().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return False


def _parent(trace: Trace) -> Context:
    """Returns the client's span as OpenTelemetry names a parent; without one, nothing."""
    from opentelemetry.context import Context
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        TraceState,
        set_span_in_context,
    )

    if not trace.parent_id:
        return Context()
    parent = SpanContext(
        int(trace.trace_id, 16),
        int(trace.parent_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(trace.sampled),
        trace_state=TraceState.from_header([trace.state]) if trace.state else None,
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())
