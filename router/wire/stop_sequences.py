"""Ends an answer at a client's stop sequence where the upstream cannot be asked to. Pure.

OpenAI's responses know no stop sequences, and Anthropic refuses those of blanks. The upstream goes
on to write, and its usage counts, but the client reads only what comes before the sequence.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.types import Answer, Choice, TokenLogprob


class StopScanner:
    """Finds the first stop sequence of a text that comes in pieces, and holds back its beginning.

    The sequence that ends first counts, and of two that end together the longer one. Each letter
    is read once (Knuth, Morris and Pratt, 1977).
    """

    __slots__ = ("_borders", "_held", "_matched", "_stops", "stop")

    def __init__(self, stops: tuple[str, ...]) -> None:
        """Takes sequences of one character or more."""
        self.stop = ""
        """Holds the sequence that was found. No text counts after it."""
        self._stops = sorted(stops, key=len, reverse=True)
        self._borders = [_borders(stop) for stop in self._stops]
        self._matched = [0] * len(self._stops)  # letters of each that end the text so far
        self._held = ""

    def feed(self, piece: str) -> str:
        """Returns the text that can be said now that this piece has come.

        >>> scanner = StopScanner(("END",))
        >>> [scanner.feed(piece) for piece in ("an E", "ND of", " it")], scanner.stop
        (['an ', '', ''], 'END')
        """
        if self.stop:
            return ""
        text, matched = self._held + piece, self._matched
        for place, letter in enumerate(piece, start=len(self._held) + 1):
            for i, stop in enumerate(self._stops):
                count, borders = matched[i], self._borders[i]
                while count and stop[count] != letter:
                    count = borders[count - 1]
                matched[i] = count = count + (stop[count] == letter)
                if count == len(stop):
                    self.stop, self._held = stop, ""
                    return text[: place - count]
        said = len(text) - max(matched)
        self._held = text[said:]
        return text[:said]

    def rest(self) -> str:
        """Returns the text that was held back and begins no sequence, since nothing comes."""
        held, self._held = self._held, ""
        return held


def _borders(stop: str) -> list[int]:
    """Returns for each beginning of a sequence the length of the longest that also ends it.

    >>> _borders("aabaa")
    [0, 1, 0, 1, 2]
    """
    borders, count = [0], 0
    for letter in stop[1:]:
        while count and stop[count] != letter:
            count = borders[count - 1]
        count += stop[count] == letter
        borders.append(count)
    return borders


def first_stop(text: str, stops: tuple[str, ...]) -> tuple[int, str] | None:
    """Returns where the first stop sequence begins, and the sequence; None where there is none.

    >>> first_stop("one, two", ("two", ", "))
    (3, ', ')
    """
    ends = [(place + len(stop), place, stop) for stop in stops if (place := text.find(stop)) >= 0]
    if not ends:
        return None
    _, place, stop = min(ends)
    return place, stop


def stopped_answer(answer: Answer, stops: tuple[str, ...]) -> Answer:
    """Returns the answer as if its model had stopped at the first of these sequences.

    Calls and seals after it go with the text. The usage stays: all of it is paid.
    """
    if not stops:
        return answer
    return replace(answer, choices=tuple([_stopped(choice, stops) for choice in answer.choices]))


def _stopped(choice: Choice, stops: tuple[str, ...]) -> Choice:
    found = first_stop(choice.text, stops)
    if found is None:
        return choice
    place, stop = found
    return replace(
        choice,
        text=choice.text[:place],
        finish_reason="stop",
        tool_calls=(),
        logprobs=choice.logprobs[: tokens_before(choice.logprobs, place)],
        sealed=tuple([item for item in choice.sealed if not item.at]),
        citations=tuple([one for one in choice.citations if one.end <= place]),
        stop_sequence=stop,
    )


def tokens_before(tokens: tuple[TokenLogprob, ...], place: int) -> int:
    """Returns how many tokens begin before this place of their text."""
    begins = 0
    for number, token in enumerate(tokens):
        if begins >= place:
            return number
        begins += len(token.token)
    return len(tokens)
