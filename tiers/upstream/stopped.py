"""Ends a streamed answer at a stop sequence that its upstream was not asked for.

The stream is read to its end, for its last event has the usage.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.types import Answer, Delta, TokenLogprob, Usage
from router.wire.stop_sequences import StopScanner, stopped_answer
from tiers.upstream.wires import Folder


class StoppedFolder:
    """Implements Folder over that of a stream of one choice.

    Text waits while it may begin a stop sequence, and so does all that comes behind it; `left` has
    what waits when the stream is over.
    """

    def __init__(self, folder: Folder, stops: tuple[str, ...]) -> None:
        self._folder = folder
        self._stops = stops
        self._scanner = StopScanner(stops)
        self._waiting: list[Delta] = []  # in the order in which they came; the first has text
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
            if not self._scanner.stop:
                self._waiting.append(delta)
                self._tokens += delta.logprobs
                deltas += self._freed(self._scanner.feed(delta.text))
        return deltas

    def left(self) -> list[Delta]:
        """Returns what was held back and is behind no stop sequence, since nothing comes."""
        if self._scanner.stop:
            return []
        deltas, tokens = self._freed(self._scanner.rest()), tuple(self._tokens)
        self._tokens.clear()
        return [*deltas, Delta(logprobs=tokens)] if tokens else deltas

    def finish(self) -> Answer:
        """Returns the whole answer, which ends where its text did."""
        return stopped_answer(self._folder.finish(), self._stops)

    def _freed(self, said: str) -> list[Delta]:
        """Returns what waits up to the end of this text, which can be said now."""
        deltas: list[Delta] = []
        while self._waiting:
            first, more = self._waiting[0], len(said)
            text, said = first.text[:more], said[len(first.text) :]
            if first.text and not text:
                break
            delta = replace(first, text=text, logprobs=self._begun(len(text)))
            self._kept -= delta.said_bytes
            if delta != Delta(phase=first.phase):
                deltas.append(delta)
            if text != first.text:
                self._waiting[0] = Delta(text=first.text[more:], phase=first.phase)
                break
            del self._waiting[0]
        return deltas

    def _begun(self, letters: int) -> tuple[TokenLogprob, ...]:
        """Returns the tokens that begin within the next letters of the text."""
        self._ahead += letters
        begun = 0
        while begun < len(self._tokens) and self._ahead > 0:
            self._ahead -= len(self._tokens[begun].token)
            begun += 1
        tokens, self._tokens = tuple(self._tokens[:begun]), self._tokens[begun:]
        return tokens
