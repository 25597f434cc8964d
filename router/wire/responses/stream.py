"""Renders one of OpenAI's responses as events.

It keeps the rules that SDKs depend on: a sequence number that rises from 0, ids that stay the same
from an item's first event to its last, `logprobs` in every text event, one event that ends the
stream, and no `[DONE]`. Text, reasoning and its summary are sent as they arrive. Tool calls and
refusals are sent only when the answer is complete, since the gateway releases them then.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import (
    QUOTA_EXHAUSTED,
    BudgetExceeded,
    NoUsableAnswer,
    RateLimited,
    TiergateError,
    UpstreamRateLimited,
    UpstreamRejected,
)
from router.types import (
    BETWEEN_PARTS,
    Answer,
    Citation,
    Delta,
    JsonText,
    Sealed,
    SummaryPlace,
    TokenLogprob,
    ToolCall,
    ToolSpec,
)
from router.wire.growing_text import GrowingText
from router.wire.openai.citations import part_annotations
from router.wire.openai.render import named_event, to_json, told_code
from router.wire.responses.compaction import compaction_item
from router.wire.responses.render import (
    NO_TOOLS,
    call_object,
    end_status,
    head_object,
    id_of,
    item_object,
    joined,
    logprob_objects,
    part_object,
    response_object,
    says_text,
    sealed_object,
    summary_texts,
)

# Names the events and the key of the pieces, for each kind of item.
_PIECE_NAMES = {
    "message": ("response.output_text", "text"),
    "reasoning": ("response.reasoning_text", "text"),
    "refusal": ("response.refusal", "refusal"),
}


def failure_code(error: TiergateError) -> str:
    """Returns the code of a failed response: a word of OpenAI's, by which agents know what to do.

    Codex compacts a conversation that is too long, gives up where money is spent or the prompt is
    invalid, and asks five times more in any other case.
    """
    if error.code == "context_length_exceeded":
        return error.code
    held = isinstance(error, BudgetExceeded) and error.retry_after_s is not None
    if error.code in ("insufficient_quota", QUOTA_EXHAUSTED) and not held:
        return "insufficient_quota"
    if held or isinstance(error, UpstreamRateLimited | RateLimited):
        return "rate_limit_exceeded"
    # Another try would be refused again, or would be paid again on every rung.
    if isinstance(error, NoUsableAnswer | UpstreamRejected | BudgetExceeded):
        return "invalid_prompt"
    return "server_error"


class _Summary:
    """Holds the parts of a summary that a stream has told so far, the last of them open."""

    __slots__ = ("id", "parts")

    def __init__(self, id: object) -> None:
        self.id = id
        self.parts: list[GrowingText] = []

    def part_objects(self) -> list[dict[str, object]]:
        """Returns the parts as their item has them."""
        return [{"type": "summary_text", "text": part.whole} for part in self.parts]

    def item(self, status: str) -> dict[str, object]:
        """Returns the item of a summary that no seal follows."""
        parts = self.part_objects()
        return {"id": self.id, "type": "reasoning", "summary": parts, "status": status}


class ResponseStream:
    """Implements wire.protocols.AnswerStream for responses."""

    __slots__ = (
        "_citations",
        "_compacts",
        "_echoed",
        "_head",
        "_id",
        "_kind",
        "_logprobs",
        "_number",
        "_output",
        "_phase",
        "_sealed_sent",
        "_summary",
        "_tools",
        "_words",
    )

    def __init__(
        self,
        *,
        id: str,
        created: int,
        model: str,
        echoed: bytes,
        tools: Mapping[str, ToolSpec] = NO_TOOLS,
        compacts: bool = False,
    ) -> None:
        self._id = id
        self._tools = tools
        self._compacts = compacts
        self._sealed_sent = 0  # the number of sealed items that were sent
        self._head = head_object(id, created, model)
        self._echoed = echoed
        self._number = 0
        self._output: list[dict[str, object]] = []  # the finished items
        self._kind: str | None = None  # of the open item
        self._words = GrowingText()
        self._logprobs: list[TokenLogprob] = []
        self._citations: tuple[Citation, ...] = ()  # of the open message, known at its end
        self._phase = ""  # of the text
        self._summary: _Summary | None = None  # of the open item, which has no kind

    def begin(self) -> bytes:
        """Returns the response before its first piece, twice, as the API requires."""
        response = self._unfinished("in_progress", None)
        events = ("response.created", "response.in_progress")
        return b"".join([self._response_event(event, response) for event in events])

    def delta(self, delta: Delta) -> bytes:
        """Returns the events of one piece; a summary that no piece told comes with its item."""
        events: list[bytes] = []
        if self._compacts:
            return b""
        if delta.summary is not None:
            self._summarise(events, delta.summary, delta.reasoning)
        # OpenAI's sealed reasoning already contains these words.
        elif delta.reasoning and (delta.sealed is None or delta.sealed.kind != "reasoning"):
            self._say(events, "reasoning", delta.reasoning)
        # Calls come with the whole answer, and so does what was sealed between them.
        if delta.sealed and delta.tool_call is None and delta.sealed.at <= self._has_message:
            self._sealed(events, delta.sealed)
        self._phase = delta.phase or self._phase
        if delta.text or delta.logprobs:
            self._say(events, "message", delta.text, delta.logprobs)
        return b"".join(events)

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """Returns the end of the open item, the rest of the answer, and the whole response."""
        choice = answer.choices[0]
        status = end_status(choice)
        events: list[bytes] = []
        self._phase = choice.phase or self._phase
        if self._compacts:
            self._item(events, compaction_item(self._id, self._index, choice))
            response = response_object(self._head, answer, self._output, self._echoed, routing)
            events.append(self._response_event(f"response.{status}", response))
            return b"".join(events)
        if says_text(choice) and not self._has_message:
            self._say(events, "message", choice.text, choice.logprobs)
        self._citations = choice.citations
        self._close(events, status)
        if choice.refusal:
            self._say(events, "refusal", choice.refusal)
            self._close(events, status)
        unit = bool(choice.text)
        for i, call in enumerate(choice.tool_calls):
            # Items before this call go first; the slice skips those already sent.
            for sealed in choice.sealed[self._sealed_sent :]:
                if sealed.at <= unit + i:
                    self._sealed(events, sealed)
            self._call(events, call, status)
        response = response_object(self._head, answer, self._output, self._echoed, routing)
        events.append(self._response_event(f"response.{status}", response))
        return b"".join(events)

    def failure(self, error: TiergateError) -> bytes:
        """Returns the error, once as an event of its own and once as the response's end."""
        code, kind = told_code(error)
        told = {"code": code, "message": error.told, "param": error.param}
        # OpenAI documents these at the top, and sends them under `error`: there its SDKs look for
        # them, and raise.
        fields: dict[str, object] = {**told, "error": {"type": kind, **told}}
        if self._kind is not None:  # the part of it that has arrived
            part = part_object(self._kind, self._words.whole, tuple(self._logprobs))
            item = self._of_kind(self._kind, [part], "incomplete")
            self._output.append(item)
        if self._summary is not None:
            self._output.append(self._summary.item("incomplete"))
        response = self._unfinished("failed", {"code": failure_code(error), "message": error.told})
        return self._event("error", fields) + self._response_event("response.failed", response)

    def _say(
        self,
        events: list[bytes],
        kind: str,
        words: str,
        logprobs: tuple[TokenLogprob, ...] = (),
    ) -> None:
        """Adds one piece of an item of this kind, and begins the item if it is not open."""
        if self._kind != kind:
            self._close(events)
            self._kind = kind
            item = self._of_kind(kind, [], "in_progress")
            events.append(self._item_event("response.output_item.added", item))
            part = part_object(kind, "")
            events.append(self._part_event("response.content_part.added", {"part": part}))
        self._words.add(words)
        self._logprobs.extend(logprobs)
        more = {"logprobs": logprob_objects(logprobs)} if kind == "message" else {}
        event, _ = _PIECE_NAMES[kind]
        events.append(self._part_event(f"{event}.delta", {"delta": words, **more}))

    def _close(self, events: list[bytes], status: str = "completed") -> None:
        """Ends the open item, if there is one. Thoughts that led to text are complete."""
        if self._summary is not None:  # its item came without a seal
            self._end_summary(events, self._summary.item("completed"))
        kind = self._kind
        if kind is None:
            return
        words, logprobs = self._words.whole, tuple(self._logprobs)
        part = part_object(kind, words, logprobs, self._citations)
        if kind == "message":
            self._cite(events)
        status = "completed" if kind == "reasoning" else status
        item = self._of_kind(kind, [part], status)
        more = {"logprobs": logprob_objects(logprobs)} if kind == "message" else {}
        event, key = _PIECE_NAMES[kind]
        events.append(self._part_event(f"{event}.done", {key: words, **more}))
        events.append(self._part_event("response.content_part.done", {"part": part}))
        events.append(self._item_event("response.output_item.done", item))
        self._output.append(item)
        self._kind, self._words, self._logprobs, self._citations = None, GrowingText(), [], ()

    def _of_kind(
        self, kind: str, content: list[dict[str, object]], status: str
    ) -> dict[str, object]:
        """Returns the open item."""
        return item_object(self._id, self._index, kind, content, status, self._phase)

    def _cite(self, events: list[bytes]) -> None:
        """Adds an event for each citation of the open message."""
        for i, annotation in enumerate(part_annotations(self._citations)):
            fields = {"annotation_index": i, "annotation": annotation}
            events.append(self._part_event("response.output_text.annotation.added", fields))

    def _sealed(self, events: list[bytes], sealed: Sealed) -> None:
        """Adds a whole sealed item, with the events of its summary that no piece told."""
        item = sealed_object(self._id, self._sealed_sent, sealed)
        self._sealed_sent += 1
        texts = summary_texts(item)
        if self._summary is None or sealed.kind != "reasoning":
            self._close(events)
            if not texts:
                self._item(events, item)
                return
            self._begin_summary(events, item)
        assert self._summary is not None
        for part in range(len(self._summary.parts), len(texts)):
            self._tell(events, part, texts[part])
        self._end_summary(events, item)

    def _summarise(self, events: list[bytes], place: SummaryPlace, words: str) -> None:
        """Adds a piece of a summary whose item is not whole yet."""
        if place.part == BETWEEN_PARTS:
            return
        if self._summary is None or self._summary.id != place.item_id:
            self._close(events)
            self._begin_summary(events, {"id": place.item_id, "type": "reasoning", "summary": []})
        self._tell(events, place.part, words)

    def _begin_summary(self, events: list[bytes], item: dict[str, object]) -> None:
        """Begins an item whose summary comes part by part; clients show thoughts from these."""
        begun = {**item, "summary": []}
        if "status" in item:
            begun["status"] = "in_progress"
        self._summary = _Summary(item["id"])
        events.append(self._item_event("response.output_item.added", begun))

    def _tell(self, events: list[bytes], part: int, words: str) -> None:
        """Adds a piece of this part of the open summary, after what ends the part before it."""
        summary = self._summary
        assert summary is not None
        if part >= len(summary.parts):
            self._end_part(events)
            summary.parts.append(GrowingText())
            empty = {"type": "summary_text", "text": ""}
            events.append(self._summary_event("part.added", {"part": empty}))
        summary.parts[-1].add(words)
        events.append(self._summary_event("text.delta", {"delta": words}))

    def _end_part(self, events: list[bytes]) -> None:
        if self._summary is not None and self._summary.parts:
            part = self._summary.part_objects()[-1]
            events.append(self._summary_event("text.done", {"text": part["text"]}))
            events.append(self._summary_event("part.done", {"part": part}))

    def _end_summary(self, events: list[bytes], item: dict[str, object]) -> None:
        """Ends the open summary with its whole item."""
        self._end_part(events)
        self._summary = None
        events.append(self._item_event("response.output_item.done", item))
        self._output.append(item)

    def _summary_event(self, event: str, fields: dict[str, object]) -> bytes:
        summary = self._summary
        assert summary is not None
        index = len(summary.parts) - 1
        place = {"item_id": summary.id, "output_index": self._index, "summary_index": index}
        return self._event(f"response.reasoning_summary_{event}", {**place, **fields})

    def _item(self, events: list[bytes], item: dict[str, object]) -> None:
        """Adds an item that comes at once."""
        events.append(self._item_event("response.output_item.added", item))
        events.append(self._item_event("response.output_item.done", item))
        self._output.append(item)

    def _call(self, events: list[bytes], call: ToolCall, status: str) -> None:
        tool = self._tools.get(call.name)
        whole = call_object(self._id, self._index, call, call.arguments, status, tool)
        custom = whole["type"] == "custom_tool_call"
        key = "input" if custom else "arguments"
        event = f"response.{'custom_tool_call_input' if custom else 'function_call_arguments'}"
        place = {"item_id": whole["id"], "output_index": self._index}
        named = {} if custom else {"name": whole["name"]}
        started = {**whole, key: "", "status": "in_progress"}
        events.append(self._item_event("response.output_item.added", started))
        events.append(self._event(f"{event}.delta", {**place, "delta": whole[key]}))
        events.append(self._event(f"{event}.done", {**place, **named, key: whole[key]}))
        events.append(self._item_event("response.output_item.done", whole))
        self._output.append(whole)

    @property
    def _has_message(self) -> bool:
        """Returns True when a text has begun."""
        return self._kind == "message" or any(i["type"] == "message" for i in self._output)

    @property
    def _index(self) -> int:
        """Returns the index of the open item, or of the next one."""
        return len(self._output)

    def _unfinished(self, status: str, error: dict[str, object] | None) -> bytes:
        ended: dict[str, object] = {"incomplete_details": None, "usage": None}
        body = {**self._head, "status": status, "error": error, "output": self._output, **ended}
        return joined(to_json(body), self._echoed)

    def _item_event(self, event: str, item: dict[str, object]) -> bytes:
        return self._event(event, {"output_index": self._index, "item": item})

    def _part_event(self, event: str, fields: dict[str, object]) -> bytes:
        assert self._kind is not None
        item_id = id_of(self._id, self._index, self._kind)
        place = {"item_id": item_id, "output_index": self._index, "content_index": 0}
        return self._event(event, {**place, **fields})

    def _response_event(self, event: str, response: bytes) -> bytes:
        return named_event(event, self._stamp(event)[:-1] + b',"response":' + response + b"}")

    def _event(self, event: str, fields: Mapping[str, object]) -> bytes:
        return named_event(event, joined(self._stamp(event), to_json(fields)))

    def _stamp(self, event: str) -> bytes:
        number, self._number = self._number, self._number + 1
        return to_json({"type": event, "sequence_number": number})
