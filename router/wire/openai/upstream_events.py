"""Reads an upstream's event stream: bytes to events, events to `Delta`s, then the `Answer`.

It has two steps: `EventDecoder` (WHATWG server-sent events, bounded in each event and in all) and
`ChunkFolder` (OpenAI chunks). A stream is complete only when every choice has its finish_reason;
anything else is StreamCut. This module knows nothing about sockets and time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from router.errors import StreamCut, UpstreamError, UpstreamInvalid, UpstreamTooMuch
from router.types import Answer, Choice, Citation, Delta, TokenLogprob, Usage, utf8_size
from router.wire.growing_text import GrowingText
from router.wire.openai.answers import (
    CUT_SHORT,
    MAX_CHOICES,
    calls_of,
    content_text,
    finish_reason,
    given_reason,
    note_charge,
    parse_logprobs,
    short_text,
    upstream_object,
)
from router.wire.openai.citations import MAX_CITATIONS, parse_annotations
from router.wire.openai.returned_reasoning import reasoning_text
from router.wire.openai.streams.split_characters import SplitCharacters
from router.wire.openai.streams.streamed_calls import StreamedCalls
from router.wire.openai.thought_signatures import signed_calls
from router.wire.openai.upstream_errors import raise_for_error
from router.wire.openai.usage import covers, parse_provider_cost, parse_usage

MAX_EVENT_BYTES = 16_000_000
"""Limits one event, and all that a stream says, to what a whole answer may have in bytes. A stream
may have as many on the wire, however short its answer."""
BYTES_PER_TOKEN = 1_024
"""Adds so many bytes on the wire for each token, which may be an event of its own. Providers write
200 to 500 for one, those that filter contents up to 900."""
BYTES_PER_LOGPROB = 160
"""Adds so many bytes on the wire for each log-probability. A token of 20 letters takes 140 to 166:
it is written as text and again as numbers, and has the name of each key. Most are shorter."""
KEPT_PER_LOGPROB = 32
"""Counts so many bytes for each log-probability that a stream says, a fifth of its memory. So
23,000 tokens with the 20 likeliest of each are kept, in about 80 MB."""
DONE = b"[DONE]"
"""Ends a stream, as the data of its last event."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def stream_bound(tokens: int, logprobs: int = 0) -> int:
    """Returns the bytes that a stream of so many tokens may have on the wire.

    `logprobs` is the number of log-probabilities that come with each token.

    >>> stream_bound(8_000)
    24192000
    """
    return MAX_EVENT_BYTES + tokens * (BYTES_PER_TOKEN + logprobs * BYTES_PER_LOGPROB)


class SaidBound:
    """Bounds what a stream says, and not its frames: all of it is kept until the answer ends.

    It counts text, thoughts, calls, seals and log-probabilities.
    """

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, deltas: list[Delta], unsaid: int = 0) -> None:
        """Counts pieces, and the bytes that a folder keeps and has said in no piece so far.

        Raises UpstreamTooMuch beyond the bound.
        """
        said = self._bytes
        for delta in deltas:
            text = delta.text
            said += len(text) if text.isascii() else utf8_size(text)  # nearly every piece is one
            if delta.reasoning:
                said += utf8_size(delta.reasoning)
            if delta.tool_call is not None:
                call = delta.tool_call
                said += utf8_size(call.id) + utf8_size(call.name) + utf8_size(call.arguments)
            if delta.sealed is not None:
                said += utf8_size(delta.sealed.payload)
            if delta.logprobs:
                said += KEPT_PER_LOGPROB * sum([1 + len(token.top) for token in delta.logprobs])
        self._bytes = said
        if said + unsaid > MAX_EVENT_BYTES:
            raise UpstreamTooMuch(f"The upstream's answer is longer than {MAX_EVENT_BYTES} bytes.")


class EventDecoder:
    """Turns bytes in any pieces into the `data` of whole events.

    Skips comments, other fields and events without data. Bounds each event, since one may never
    end, and the whole stream, since it may go on without saying anything.
    """

    __slots__ = (
        "_begun",
        "_data",
        "_data_bytes",
        "_line",
        "_most_bytes",
        "_most_event_bytes",
        "_total_bytes",
    )

    def __init__(
        self, most_bytes: int = MAX_EVENT_BYTES, most_event_bytes: int = MAX_EVENT_BYTES
    ) -> None:
        """Takes `most_bytes` in all (`stream_bound`), and `most_event_bytes` in one event."""
        self._line = bytearray()
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._most_bytes = most_bytes
        self._most_event_bytes = most_event_bytes
        self._total_bytes = 0
        self._begun = False  # the first line was read; a byte order mark may begin it

    def feed(self, piece: bytes) -> list[bytes]:
        """Returns the events that this piece completes. Raises UpstreamTooMuch beyond a bound."""
        self._total_bytes += len(piece)
        if self._total_bytes > self._most_bytes:
            raise UpstreamTooMuch(f"The upstream's stream is longer than {self._most_bytes} bytes.")
        if len(self._line) + self._data_bytes + len(piece) > self._most_event_bytes:
            raise UpstreamTooMuch(
                f"An event of the upstream exceeds {self._most_event_bytes} bytes."
            )
        if b"\n" not in piece and b"\r" not in piece:
            self._line += piece
            return []
        lines = bytes(self._line) + piece if self._line else piece
        held = b""
        if b"\r" in lines:
            # A trailing CR may be half of CRLF, so it waits for the next piece.
            held = b"\r" if lines.endswith(b"\r") else b""
            lines = lines[: len(lines) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole = lines.split(b"\n")
        self._line = bytearray(whole.pop() + held)
        if whole and not self._begun:
            self._begun = True
            whole[0] = whole[0].removeprefix(_BYTE_ORDER_MARK)
        return self._events_of(whole)

    def _events_of(self, lines: list[bytes]) -> list[bytes]:
        """Returns the events that these lines end, each by an empty line after some data."""
        events: list[bytes] = []
        data, held = self._data, self._data_bytes
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[6:] if line[5:6] == b" " else line[5:])
                held += len(line)
            elif data and not line:
                event = data[0] if len(data) == 1 else b"\n".join(data)
                data.clear()
                held = 0
                # Some servers keep a connection alive by an event of nothing.
                if event and not event.isspace():
                    events.append(event)
        self._data_bytes = held
        return events


@dataclass(slots=True)
class _ChoiceSoFar:
    text: GrowingText = field(default_factory=GrowingText)
    reasoning: GrowingText = field(default_factory=GrowingText)
    refusal: GrowingText = field(default_factory=GrowingText)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    calls: StreamedCalls = field(default_factory=StreamedCalls)
    citations: list[Citation] = field(default_factory=list)
    finish_reason: str = ""
    ended: bool = False  # a server has given a reason, if an empty one
    # Bytes of refusals and citations, which come with the whole answer.
    unsaid: int = 0

    def whole(self, issuer: str) -> Choice:
        calls, text = self.calls, self.text.whole
        reason = finish_reason(self.finish_reason, bool(calls))
        return Choice(
            text=text,
            finish_reason=reason,
            tool_calls=calls.whole(cut=reason in CUT_SHORT),
            refusal=self.refusal.whole or None,
            reasoning=self.reasoning.whole or None,
            logprobs=tuple(self.logprobs),
            sealed=signed_calls(calls.signed, issuer, bool(text)),
            citations=tuple(self.citations),
        )


class ChunkFolder:
    """Folds `chat.completion.chunk` events into Deltas and, at the end, the whole Answer.

    Choices beyond the `most` that were asked for are left out: no client reads them, and nobody
    would notice that one of them never ends.
    """

    __slots__ = (
        "_choices",
        "_cost",
        "_counted",
        "_fingerprint",
        "_halves",
        "_id",
        "_issuer",
        "_model",
        "_most",
        "_said",
        "_service_tier",
        "_usage",
        "done",
    )

    def __init__(self, issuer: str = "", most: int = MAX_CHOICES) -> None:
        self._issuer = issuer
        self._most = most
        self.done = False
        """Turns True after `[DONE]`. Nothing after it is read."""
        self._choices: dict[int, _ChoiceSoFar] = {}
        self._halves = SplitCharacters()
        self._usage = Usage()
        self._said = 0  # pieces so far
        self._counted = 0  # of them, those said up to the chunk that had the usage
        self._cost: int | None = None
        self._model = ""
        self._id = ""
        self._service_tier = ""
        self._fingerprint = ""

    def fold(self, event: bytes) -> list[Delta]:
        """Returns the Deltas of one event's data.

        Raises UpstreamInvalid for malformed data, UpstreamError for an error event.
        """
        if self.done or event.strip() == DONE:
            self.done = True
            return []
        chunk = upstream_object(event, halves=self._halves)
        try:
            return self._fold_chunk(chunk)
        except UpstreamError as error:
            # Usage of an earlier chunk is of less than what has been said since.
            note_charge(error, chunk, parse_usage(chunk.get("usage")))
            raise

    def _fold_chunk(self, chunk: dict[str, object]) -> list[Delta]:
        raise_for_error(chunk)
        self._model = short_text(chunk.get("model")) or self._model
        self._id = self._id or short_text(chunk.get("id"))
        self._service_tier = short_text(chunk.get("service_tier")) or self._service_tier
        self._fingerprint = short_text(chunk.get("system_fingerprint")) or self._fingerprint
        choices = chunk.get("choices")
        if choices is not None and type(choices) is not list:
            raise UpstreamInvalid("The upstream sent a chunk whose choices are no array.")
        deltas: list[Delta] = []
        for choice in choices or ():
            self._fold_choice(choice, deltas)
        self._said += len(deltas)
        used = chunk.get("usage")
        if used is not None:
            self._take_usage(used)
        return deltas

    @property
    def upstream_id(self) -> str:
        """Returns the provider's id of the answer, "" before its first chunk."""
        return self._id

    @property
    def usage(self) -> Usage:
        """Returns the counts of the last chunk that had some; unreported before."""
        return self._usage

    @property
    def unsaid(self) -> int:
        """Returns the bytes that are kept and were said in no Delta."""
        return sum([one.unsaid + one.calls.unsaid for one in self._choices.values()])

    def finish(self) -> Answer:
        """Returns the whole answer. Raises StreamCut unless each choice has come to its end.

        Usage that came amid the words is of a part of them, so it is no report of the whole. What
        came before all words is one only where they are not more than it counts.
        """
        if not self._choices or not all(map(self._is_whole, self._choices.values())):
            cut = StreamCut("The upstream's stream ended before the answer did.")
            if self.done and self._counted == self._said:  # the server has ended what it counts
                tier = self._service_tier
                body: dict[str, object] = {
                    "model": self._model,
                    "id": self._id,
                    "service_tier": tier,
                }
                note_charge(cut, body, self._usage)
                if cut.charged is not None:
                    cut.charged = replace(cut.charged, provider_cost_nano_usd=self._cost)
            raise cut
        answer = Answer(
            choices=tuple(
                [self._choices[index].whole(self._issuer) for index in sorted(self._choices)]
            ),
            model=self._model,
            usage=self._usage,
            provider_cost_nano_usd=self._cost,
            upstream_id=self._id,
            service_tier=self._service_tier,
            system_fingerprint=self._fingerprint,
        )
        early = self._usage.reported and self._counted < self._said
        if early and (self._counted or not covers(self._usage, answer)):
            return replace(answer, usage=replace(self._usage, reported=False))
        return answer

    def _is_whole(self, choice: _ChoiceSoFar) -> bool:
        """Returns True for a choice with a finish_reason. One without was cut.

        An empty one is one where the server has counted all that it said, and ended the stream.
        """
        counted = self.done and self._usage.reported and self._counted == self._said
        return bool(choice.finish_reason) or (choice.ended and counted)

    def _take_usage(self, value: object) -> None:
        """Takes the usage of a chunk.

        Usage may come with any chunk and grow from one to the next, so the last one counts. Some
        servers end with one that says nothing.
        """
        usage = parse_usage(value)
        if usage.reported:
            self._usage, self._counted = usage, self._said
        cost = parse_provider_cost(value)
        self._cost = self._cost if cost is None else cost

    def _fold_choice(self, choice: object, deltas: list[Delta]) -> None:
        if type(choice) is not dict:
            raise UpstreamInvalid("The upstream sent a choice that is no object.")
        index = choice.get("index") or 0
        if type(index) is not int or not 0 <= index < MAX_CHOICES:
            raise UpstreamInvalid(f"The upstream sent a choice index outside 0..{MAX_CHOICES - 1}.")
        if index >= self._most:
            return
        so_far = self._choices.get(index)
        if so_far is None:
            so_far = self._choices[index] = _ChoiceSoFar()
        delta = choice.get("delta")
        if type(delta) is dict:
            said = choice.get("logprobs")
            logprobs = () if said is None else parse_logprobs(said)
            self._fold_delta(index, so_far, delta, logprobs, deltas)
        elif delta is not None:
            raise UpstreamInvalid("The upstream sent a delta that is no object.")
        ended = choice.get("finish_reason")
        if ended is not None:
            so_far.ended = True
            so_far.finish_reason = given_reason(ended) or so_far.finish_reason

    def _fold_delta(
        self,
        index: int,
        so_far: _ChoiceSoFar,
        delta: dict[str, object],
        logprobs: tuple[TokenLogprob, ...],
        deltas: list[Delta],
    ) -> None:
        text, reasoning = content_text(delta.get("content")), reasoning_text(delta)
        if text or reasoning or logprobs:
            so_far.text.add(text)
            if reasoning:
                so_far.reasoning.add(reasoning)
            if logprobs:
                so_far.logprobs.extend(logprobs)
            deltas.append(Delta(text=text, reasoning=reasoning, index=index, logprobs=logprobs))
        refusal = delta.get("refusal")
        if type(refusal) is str and refusal:
            self._said += 1
            so_far.refusal.add(refusal)
            so_far.unsaid += utf8_size(refusal)
        if delta.get("annotations"):
            _take_citations(so_far, parse_annotations(delta["annotations"]))
        calls = calls_of(delta)
        if calls is None:
            return
        if type(calls) is not list:
            raise UpstreamInvalid("The upstream sent tool_calls that are no array.")
        for position, call in enumerate(calls):
            deltas.append(so_far.calls.fold(index, call, position, self._id))


def _take_citations(so_far: _ChoiceSoFar, citations: tuple[Citation, ...]) -> None:
    """Adds the citations of one piece; their places count from the beginning of the text."""
    kept = citations[: MAX_CITATIONS - len(so_far.citations)]
    so_far.citations += kept
    so_far.unsaid += sum([utf8_size(one.url) + utf8_size(one.title) for one in kept])
