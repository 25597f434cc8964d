"""Ends a streamed answer at a stop sequence that its upstream was not asked for.

The stream is read to its end, for its last event has the usage.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.types import Answer, Delta, TokenLogprob, Usage, utf8_size
from router.wire.stop_sequences import StopScanner, stopped_answer
from tiers.upstream.wires import Folder


class StoppedFolder:
    """Implements Folder over that of a stream of one choice.

    Text waits while it may begin a stop sequence; `left` has what waits when the stream is over.
    """

    def __init__(self, folder: Folder, stops: tuple[str, ...]) -> None:
        self._folder = folder
        self._stops = stops
        self._scanner = StopScanner(stops)
        self._tokens: list[TokenLogprob] = []  # wait for their text
        self._ahead = 0  # letters that were said beyond the beginning of the first of them
        self._kept = 0  # bytes that the upstream wrote and nobody gets, or not yet

    @property
    def done(self) -> bool:
        """Returns True once the stream's last event was seen."""
        return self._folder.done

    @property
    def upstream_id(self) -> str:
        """Returns the provider's id of the answer, "" before it is known."""
        return self._folder.upstream_id

    @property
    def usage(self) -> Usage:
        """Returns what the provider said so far."""
        return self._folder.usage

    @property
    def unsaid(self) -> int:
        """Returns the bytes that are kept and that no Delta has said so far."""
        return self._folder.unsaid + self._kept

    def fold(self, event: bytes) -> list[Delta]:
        """Returns the Deltas of one event's data, but for what is held back."""
        deltas: list[Delta] = []
        for delta in self._folder.fold(event):
            self._kept += delta.said_bytes
            if delta.text or delta.logprobs:
                delta = self._cut(delta)
            elif self._scanner.stop:
                continue
            self._kept -= delta.said_bytes
            if delta.text or delta.logprobs or delta.reasoning or delta.sealed or delta.tool_call:
                deltas.append(delta)
        return deltas

    def left(self) -> list[Delta]:
        """Returns the text that was held back and begins no stop sequence, since nothing comes."""
        rest, tokens = self._scanner.rest(), tuple(self._tokens)
        self._tokens.clear()
        self._kept -= utf8_size(rest)
        if self._scanner.stop or not (rest or tokens):
            return []
        return [Delta(text=rest, logprobs=tokens)]

    def finish(self) -> Answer:
        """Returns the whole answer, which ends where its text did."""
        return stopped_answer(self._folder.finish(), self._stops)

    def _cut(self, delta: Delta) -> Delta:
        if self._scanner.stop:
            return replace(delta, text="", reasoning="", logprobs=())
        said = self._scanner.feed(delta.text)
        self._tokens += delta.logprobs
        self._ahead += len(said)
        begun = 0
        while begun < len(self._tokens) and self._ahead > 0:
            self._ahead -= len(self._tokens[begun].token)
            begun += 1
        tokens, self._tokens = tuple(self._tokens[:begun]), self._tokens[begun:]
        return replace(delta, text=said, logprobs=tokens)
