"""Reads an upstream's answer in OpenAI's responses format, whole or as events.

Reasoning sealed by the upstream is kept unchanged, with its issuer. Clients of other formats see
its summary. This module knows nothing about sockets and time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from router.errors import StreamCut, UpstreamError, UpstreamInvalid, UpstreamTooMuch
from router.types import (
    BETWEEN_PARTS,
    Answer,
    Choice,
    Citation,
    Delta,
    Sealed,
    SummaryPlace,
    TokenLogprob,
    ToolCall,
    Usage,
    utf8_size,
)
from router.wire.openai.answers import (
    MAX_TOOL_CALLS,
    note_charge,
    parse_logprobs,
    short_text,
    upstream_object,
    written,
)
from router.wire.openai.citations import MAX_CITATIONS, parse_annotations
from router.wire.openai.streams.split_characters import SplitCharacters
from router.wire.openai.upstream_errors import error_sent, raise_for_error
from router.wire.openai.upstream_events import DONE
from router.wire.openai.usage import parse_provider_cost, parse_usage
from router.wire.responses.tools import custom_call

_CALL_PIECES = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")
_CUT = {"max_output_tokens": "length", "content_filter": "content_filter"}


def parse_response(body: bytes, issuer: str) -> Answer:
    """Returns a whole `response` as an Answer; `issuer` sealed its items.

    Raises UpstreamInvalid for anything else, UpstreamError for a failed response.
    """
    return _answer(upstream_object(body), issuer, ())


def _answer(response: dict[str, object], issuer: str, items: tuple[object, ...]) -> Answer:
    """Returns the Answer; `items` are a stream's items, if its last event repeats none."""
    try:
        return _read(response, issuer, items)
    except UpstreamError as error:
        note_charge(error, response, _usage(response.get("usage")))
        raise


def _read(response: dict[str, object], issuer: str, items: tuple[object, ...]) -> Answer:
    raise_for_error(response)
    status, output = response.get("status"), response.get("output") or list(items)
    if status not in ("completed", "incomplete") or type(output) is not list:
        raise UpstreamInvalid("The upstream's response is neither completed nor incomplete.")
    folded = _Output(issuer)
    for item in output:
        folded.add(item)
    usage, details = response.get("usage"), response.get("incomplete_details")
    reason = details.get("reason") if type(details) is dict else None
    finish = "tool_calls" if folded.calls else "stop"
    if status == "incomplete":
        finish = _CUT.get(str(reason), "length")
    return Answer(
        choices=(folded.choice(finish),),
        model=short_text(response.get("model")),
        usage=_usage(usage),
        provider_cost_nano_usd=parse_provider_cost(usage),
        upstream_id=short_text(response.get("id")),
        service_tier=short_text(response.get("service_tier")),
    )


@dataclass(slots=True)
class _Output:
    """Folds the items of a response into one choice."""

    issuer: str
    text: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    sealed: list[Sealed] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    length: int = 0  # of the text so far
    phase: str = ""  # of the last message that states one

    @property
    def place(self) -> int:
        """Returns the next item's place: the number of texts (at most one) and calls so far."""
        return bool(self.text) + len(self.calls)

    def add(self, value: object) -> None:
        """Adds one item. Items of tools that a provider ran itself were not requested: left out."""
        if type(value) is not dict:
            raise UpstreamInvalid("The upstream sent an item that is no object.")
        kind = value.get("type")
        if kind == "message":
            self._message(value)
        elif kind in ("function_call", "custom_tool_call"):
            self.calls.append(_call(value))
            if len(self.calls) > MAX_TOOL_CALLS:
                raise UpstreamTooMuch(f"The upstream sent more than {MAX_TOOL_CALLS} tool calls.")
        elif kind == "reasoning":
            words = reasoning_words(value)
            if words:
                self.reasoning.append(words)
            sealed = seal_of(value, self.issuer, self.place)
            if sealed is not None:
                self.sealed.append(sealed)

    def _message(self, item: dict[str, object]) -> None:
        parts, begun = item.get("content"), False
        self.phase = short_text(item.get("phase")) or self.phase
        for part in parts if type(parts) is list else ():
            if type(part) is not dict:
                continue
            text, refusal = part.get("text"), part.get("refusal")
            if part.get("type") == "output_text" and type(text) is str and text:
                if self.text and not begun:
                    self._say(gap_between(self.text[-1], text))
                begun = True
                self.citations += parse_annotations(part.get("annotations"), self.length)
                self._say(text)
                self.logprobs += parse_logprobs({"content": part.get("logprobs")})
            elif part.get("type") == "refusal" and type(refusal) is str:
                self.refusal.append(refusal)

    def _say(self, words: str) -> None:
        self.text.append(words)
        self.length += len(words)

    def choice(self, finish_reason: str) -> Choice:
        return Choice(
            text="".join(self.text),
            finish_reason=finish_reason,
            tool_calls=tuple(self.calls),
            refusal="".join(self.refusal) or None,
            reasoning="\n\n".join(self.reasoning) or None,
            logprobs=tuple(self.logprobs),
            sealed=tuple(self.sealed),
            citations=tuple(self.citations[:MAX_CITATIONS]),
            phase=self.phase,
        )


def gap_between(before: str, after: str) -> str:
    """Returns a blank line between the texts of two messages, "" where they have blanks already.

    Other formats have one text for all messages of a response.
    """
    return "" if before[-1:].isspace() or after[:1].isspace() else "\n\n"


def _call(item: dict[str, object]) -> ToolCall:
    name, call_id = item.get("name"), item.get("call_id") or item.get("id")
    custom = item.get("type") == "custom_tool_call"
    given = item.get("input" if custom else "arguments")
    if type(name) is not str or not name or type(call_id) is not str or type(given) is not str:
        raise UpstreamInvalid("The upstream sent a tool call without call_id, name or arguments.")
    if custom:
        return custom_call(call_id, name, given)
    return ToolCall(call_id, name, given or "{}")


def seal_of(item: dict[str, object], issuer: str, place: int) -> Sealed | None:
    """Returns the reasoning item as its issuer sealed it, or None for open thoughts."""
    seal = item.get("encrypted_content")
    if type(seal) is not str or not seal or not issuer:
        return None
    return Sealed("reasoning", written(item), issuer, place)


def reasoning_words(item: dict[str, object]) -> str:
    """Returns the thoughts that may be shown: the thoughts themselves, otherwise their summary."""
    for key in ("content", "summary"):
        parts = item.get(key)
        texts = (
            [part.get("text") for part in parts if type(part) is dict]
            if type(parts) is list
            else []
        )
        words = "\n\n".join([text for text in texts if type(text) is str and text])
        if words:
            return words
    return ""


def _usage(value: object) -> Usage:
    """Returns the counts, which have other names here than in chat completions."""
    if type(value) is not dict:
        return Usage()
    return parse_usage(
        {
            "prompt_tokens": value.get("input_tokens"),
            "completion_tokens": value.get("output_tokens"),
            "total_tokens": value.get("total_tokens"),
            "prompt_tokens_details": value.get("input_tokens_details"),
            "completion_tokens_details": value.get("output_tokens_details"),
        }
    )


class ResponseFolder:
    """Folds a response's events into Deltas and, at the end, the whole Answer."""

    __slots__ = (
        "_answer",
        "_halves",
        "_issuer",
        "_items",
        "_last_said",
        "_phase",
        "_place",
        "_spoken",
        "_streamed",
        "_summary",
        "_summary_index",
        "_thought",
        "done",
        "unsaid",
        "upstream_id",
        "usage",
    )

    def __init__(self, issuer: str) -> None:
        self.done = False
        """Turns True after the last event. Nothing after it is read."""
        self.upstream_id = ""
        """Holds the provider's id of the response once its first event came."""
        self.usage = Usage()
        """Holds what the response used; only its last event says it."""
        self._halves = SplitCharacters()
        self.unsaid = 0
        """Holds the bytes of items that are kept and were said in no Delta."""
        self._issuer = issuer
        self._items: list[object] = []
        self._spoken = False  # text or a call came, so sealed items come with the whole answer
        self._summary: SummaryPlace | None = None  # of the open item, once a piece of it came
        self._summary_index: object = None  # of that piece, as the upstream counts
        self._thought = False  # a thought came
        self._place: object = None  # of the message whose text came last
        self._phase = ""  # of the open message
        self._last_said = ""  # the last piece of text that is not empty
        self._streamed = 0  # bytes of the events that streamed the open item
        self._answer: Answer | None = None

    def fold(self, event: bytes) -> list[Delta]:
        """Returns the Deltas of one event's data.

        Raises UpstreamInvalid for malformed data, UpstreamError for a failed response.
        """
        if self.done or event.strip() == DONE:
            self.done = True
            return []
        data = upstream_object(event, halves=self._halves)
        kind = data.get("type")
        if kind == "response.output_text.delta":
            self._streamed += len(event)
            return self._text(data)
        if kind == "response.reasoning_text.delta":
            words = data.get("delta")
            self._streamed += len(event)
            self._thought = True
            return [Delta(reasoning=words)] if type(words) is str and words else []
        if kind == "response.reasoning_summary_text.delta":
            return self._summarise(data, len(event))
        if kind in _CALL_PIECES:
            self._keep_piece(data.get("delta"))
        elif kind == "response.output_item.added" and type(begun := data.get("item")) is dict:
            self._phase = short_text(begun.get("phase"))
        elif kind == "response.output_item.done":
            return self._item(data.get("item"), len(event))
        elif kind in ("response.completed", "response.incomplete"):
            response = data.get("response")
            if type(response) is not dict:
                raise UpstreamInvalid("The upstream ended a stream without its response.")
            self._answer = _answer(response, self._issuer, tuple(self._items))
            self.usage = self._answer.usage
            self.done = True
        elif kind in ("response.failed", "error"):
            raise_failed(data)
        elif kind == "response.created" and type(created := data.get("response")) is dict:
            self.upstream_id = short_text(created.get("id"))
        elif kind is None:
            raise_for_error(data)
        return []

    def finish(self) -> Answer:
        """Returns the whole answer. Raises StreamCut unless the response has come to its end."""
        if self._answer is None:
            raise StreamCut("The upstream's stream ended before the answer did.")
        return self._answer

    def _keep_piece(self, piece: object) -> None:
        """Counts a piece of a call, which comes again with its whole item."""
        if type(piece) is str:
            size = utf8_size(piece)
            self.unsaid += size
            self._streamed += size

    def _text(self, data: dict[str, object]) -> list[Delta]:
        words = data.get("delta")
        if type(words) is not str:
            raise UpstreamInvalid("The upstream sent a piece of text that is no text.")
        self._spoken = True
        if words:
            place = data.get("output_index", len(self._items))
            if self._last_said and place != self._place:
                words = gap_between(self._last_said, words) + words
            self._place, self._last_said = place, words
        logprobs = parse_logprobs({"content": data.get("logprobs")})
        return [Delta(text=words, logprobs=logprobs, phase=self._phase)]

    def _summarise(self, data: dict[str, object], event_bytes: int) -> list[Delta]:
        """Returns a piece of a summary, after a blank line where other thoughts come before it.

        One that comes after text or a call comes with the whole answer, as its item does.
        """
        words, item_id = data.get("delta"), data.get("item_id")
        if self._spoken or type(words) is not str or not words:
            return []
        before, index = self._summary, data.get("summary_index")
        if before is None:
            # Some servers name an item anew in each event, so its first name stays.
            if type(item_id) is not str or not item_id:
                return []
            place = SummaryPlace(item_id, 0)
        else:
            place = SummaryPlace(before.item_id, before.part + (index != self._summary_index))
        self._streamed += event_bytes
        gap = []
        if place != before and self._thought:
            gap = [Delta(reasoning="\n\n", summary=SummaryPlace(place.item_id, BETWEEN_PARTS))]
        self._thought, self._summary, self._summary_index = True, place, index
        return [*gap, Delta(reasoning=words, summary=place)]

    def _item(self, item: object, event_bytes: int) -> list[Delta]:
        if type(item) is not dict:
            raise UpstreamInvalid("The upstream sent an item that is no object.")
        self._items.append(item)
        # Text and thoughts mostly came in events before, which are longer than their item.
        unsaid, self._streamed = max(0, event_bytes - self._streamed), 0
        told, self._summary = self._summary is not None, None
        if item.get("type") != "reasoning" or self._spoken:
            self.unsaid += unsaid
            self._spoken = self._spoken or item.get("type") != "reasoning"
            return []
        sealed = seal_of(item, self._issuer, 0)
        # The thoughts themselves were streamed, and mostly their summary, too.
        words = "" if told or item.get("content") else reasoning_words(item)
        self._thought = self._thought or bool(words)
        if sealed is None and not words:
            self.unsaid += unsaid
            return []
        return [Delta(reasoning=words, sealed=sealed)]


def raise_failed(event: dict[str, object]) -> None:
    """Raises UpstreamError for an event of a failure.

    OpenAI documents an `error` event with its fields at the top, and sends them under `error`.
    """
    response = event.get("response")
    failed: dict[str, object] = {"error": event}
    if type(response) is dict:
        failed = response
    elif type(event.get("error")) is dict:
        failed = event
    error = error_sent(failed)
    note_charge(error, failed, _usage(failed.get("usage")))
    raise error
