"""One of OpenAI's responses as events.

Keeps what its SDKs are strict about: a sequence number that rises from 0, ids that stay the same
from an item's first event to its last, `logprobs` in every text event, one event that ends the
stream, and no `[DONE]`. Text and reasoning go out as they come; tool calls and refusals are only
said when the answer is whole, which is when the gateway lets them go.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import TiergateError, UpstreamRateLimited
from router.types import Answer, Delta, JsonText, Sealed, TokenLogprob, ToolCall, ToolSpec
from router.wire.openai.render import to_json
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
)

# What the pieces of each kind of item are called.
_SAID = {
    "message": ("response.output_text", "text"),
    "reasoning": ("response.reasoning_text", "text"),
    "refusal": ("response.refusal", "refusal"),
}


class ResponseStream:
    """wire.exchange.AnswerStream for responses."""

    __slots__ = (
        "_compacts",
        "_head",
        "_id",
        "_kind",
        "_logprobs",
        "_number",
        "_output",
        "_said_back",
        "_seals",
        "_tools",
        "_words",
    )

    def __init__(
        self,
        *,
        id: str,
        created: int,
        model: str,
        said_back: bytes,
        tools: Mapping[str, ToolSpec] = NO_TOOLS,
        compacts: bool = False,
    ) -> None:
        self._id = id
        self._tools = tools
        self._compacts = compacts
        self._seals = 0  # sealed items that are said
        self._head = head_object(id, created, model)
        self._said_back = said_back
        self._number = 0
        self._output: list[dict[str, object]] = []  # items that are done
        self._kind: str | None = None  # of the item that is open
        self._words: list[str] = []
        self._logprobs: list[TokenLogprob] = []

    def begin(self) -> bytes:
        """The response as it stands before its first piece, twice, as the API has it."""
        response = self._unfinished("in_progress", None)
        events = ("response.created", "response.in_progress")
        return b"".join([self._response_event(event, response) for event in events])

    def delta(self, delta: Delta) -> bytes:
        """The events of one piece of text or reasoning; of a summary none before its end."""
        events: list[bytes] = []
        if self._compacts:
            return b""
        if delta.reasoning and (delta.sealed is None or delta.sealed.kind != "reasoning"):
            self._say(events, "reasoning", delta.reasoning)
        if delta.sealed is not None and delta.tool_call is None:  # calls come with the whole
            self._sealed(events, delta.sealed)
        if delta.text or delta.logprobs:
            self._say(events, "message", delta.text, delta.logprobs)
        return b"".join(events)

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """The end of what is open, what was not streamed, and the whole response."""
        choice = answer.choices[0]
        status = end_status(choice)
        events: list[bytes] = []
        if self._compacts:
            self._item(events, compaction_item(self._id, self._at, choice))
            response = response_object(self._head, answer, self._output, self._said_back, routing)
            events.append(self._response_event(f"response.{status}", response))
            return b"".join(events)
        spoken = self._kind == "message" or any(i["type"] == "message" for i in self._output)
        if says_text(choice) and not spoken:
            self._say(events, "message", choice.text, choice.logprobs)
        self._close(events, status)
        if choice.refusal:
            self._say(events, "refusal", choice.refusal)
            self._close(events, status)
        unit = bool(choice.text)
        for i, call in enumerate(choice.tool_calls):
            for sealed in choice.sealed[self._seals :]:
                if sealed.at <= unit + i:
                    self._sealed(events, sealed)
            self._call(events, call, status)
        response = response_object(self._head, answer, self._output, self._said_back, routing)
        events.append(self._response_event(f"response.{status}", response))
        return b"".join(events)

    def failure(self, error: TiergateError) -> bytes:
        """What went wrong, once as an event of its own and once as the response's end."""
        fields = {"code": error.code, "message": error.told, "param": error.param}
        limited = isinstance(error, UpstreamRateLimited)
        code = "rate_limit_exceeded" if limited else "server_error"
        if self._kind is not None:  # what had come of it, as it stands
            part = part_object(self._kind, "".join(self._words), tuple(self._logprobs))
            item = item_object(self._id, self._at, self._kind, [part], "incomplete")
            self._output.append(item)
        response = self._unfinished("failed", {"code": code, "message": error.told})
        return self._event("error", fields) + self._response_event("response.failed", response)

    # --- items ------------------------------------------------------------------------------------

    def _say(
        self,
        events: list[bytes],
        kind: str,
        words: str,
        logprobs: tuple[TokenLogprob, ...] = (),
    ) -> None:
        """One piece of an item of this kind, which is begun first unless it is open."""
        if self._kind != kind:
            self._close(events)
            self._kind = kind
            item = item_object(self._id, self._at, kind, [], "in_progress")
            events.append(self._item_event("response.output_item.added", item))
            part = part_object(kind, "")
            events.append(self._part_event("response.content_part.added", {"part": part}))
        self._words.append(words)
        self._logprobs.extend(logprobs)
        more = {"logprobs": logprob_objects(logprobs)} if kind == "message" else {}
        event, _ = _SAID[kind]
        events.append(self._part_event(f"{event}.delta", {"delta": words, **more}))

    def _close(self, events: list[bytes], status: str = "completed") -> None:
        """The end of the open item, if there is one. Thoughts that led on to words are complete."""
        kind = self._kind
        if kind is None:
            return
        words, logprobs = "".join(self._words), tuple(self._logprobs)
        part = part_object(kind, words, logprobs)
        status = "completed" if kind == "reasoning" else status
        item = item_object(self._id, self._at, kind, [part], status)
        more = {"logprobs": logprob_objects(logprobs)} if kind == "message" else {}
        event, key = _SAID[kind]
        events.append(self._part_event(f"{event}.done", {key: words, **more}))
        events.append(self._part_event("response.content_part.done", {"part": part}))
        events.append(self._item_event("response.output_item.done", item))
        self._output.append(item)
        self._kind, self._words, self._logprobs = None, [], []

    def _sealed(self, events: list[bytes], sealed: Sealed) -> None:
        """Adds what an issuer sealed, whole; whoever shows thoughts finds its summary in it."""
        self._close(events)
        self._item(events, sealed_object(self._id, self._seals, sealed))
        self._seals += 1

    def _item(self, events: list[bytes], item: dict[str, object]) -> None:
        """An item that comes at once."""
        events.append(self._item_event("response.output_item.added", item))
        events.append(self._item_event("response.output_item.done", item))
        self._output.append(item)

    def _call(self, events: list[bytes], call: ToolCall, status: str) -> None:
        tool = self._tools.get(call.name)
        whole = call_object(self._id, self._at, call, call.arguments, status, tool)
        custom = whole["type"] == "custom_tool_call"
        key = "input" if custom else "arguments"
        said = f"response.{'custom_tool_call_input' if custom else 'function_call_arguments'}"
        at = {"item_id": whole["id"], "output_index": self._at}
        named = {} if custom else {"name": whole["name"]}
        started = {**whole, key: "", "status": "in_progress"}
        events.append(self._item_event("response.output_item.added", started))
        events.append(self._event(f"{said}.delta", {**at, "delta": whole[key]}))
        events.append(self._event(f"{said}.done", {**at, **named, key: whole[key]}))
        events.append(self._item_event("response.output_item.done", whole))
        self._output.append(whole)

    @property
    def _at(self) -> int:
        """The index of the item that is open, or comes next."""
        return len(self._output)

    # --- events -----------------------------------------------------------------------------------

    def _unfinished(self, status: str, error: dict[str, object] | None) -> bytes:
        ended: dict[str, object] = {"incomplete_details": None, "usage": None}
        body = {**self._head, "status": status, "error": error, "output": self._output, **ended}
        return joined(to_json(body), self._said_back)

    def _item_event(self, event: str, item: dict[str, object]) -> bytes:
        return self._event(event, {"output_index": self._at, "item": item})

    def _part_event(self, event: str, fields: dict[str, object]) -> bytes:
        assert self._kind is not None
        item_id = id_of(self._id, self._at, self._kind)
        at = {"item_id": item_id, "output_index": self._at, "content_index": 0}
        return self._event(event, {**at, **fields})

    def _response_event(self, event: str, response: bytes) -> bytes:
        return _framed(event, self._stamp(event)[:-1] + b',"response":' + response + b"}")

    def _event(self, event: str, fields: Mapping[str, object]) -> bytes:
        return _framed(event, joined(self._stamp(event), to_json(fields)))

    def _stamp(self, event: str) -> bytes:
        number, self._number = self._number, self._number + 1
        return to_json({"type": event, "sequence_number": number})


def _framed(event: str, body: bytes) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + body + b"\n\n"
