"""Joins characters of which a stream sends one half at the end of a piece, the other in the next.

JSON may write a character beyond the first 65,536, such as an emoji, as two escapes, and servers
that send each token by itself cut between them. It knows no wire format: a piece continues the last
one that stood at the same place of its event.
"""

from __future__ import annotations

_COUNTED_BY = ("type", "index", "output_index")
"""Keys that say which choice, block, item or call an object is a piece of."""
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
"""Keys of a chunk's words, in which a half that waits goes out when its choice ends."""
MOST_WAITING = 64
"""Halves that wait at once: more than the choices and calls that a model writes side by side."""


class SplitCharacters:
    """Keeps the first halves that ended texts of a stream. It is false where none waits."""

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        self._halves: dict[int, str] = {}  # by the hash of a place, whose keys a server writes

    def __bool__(self) -> bool:
        return bool(self._halves)

    def joined(self, value: object, place: tuple[str, ...] = (), waits: bool = True) -> object:
        """Returns a value of an event with whole characters; `place` is where in it this one is.

        A half that another event may complete waits for it; any other becomes U+FFFD, in a text of
        chat completions at the latest with the event that ends its choice. Another one that waits
        when the stream ends is dropped: no event is left to carry it. Nothing waits where a choice
        ends, nor among log-probabilities, whose tokens stand for themselves.
        """
        if type(value) is list:
            return [
                self.joined(inner, place if _is_counted(inner) else (*place, str(position)), waits)
                for position, inner in enumerate(value)
            ]
        if type(value) is dict:
            place = (*place, *[str(value.get(key)) for key in _COUNTED_BY])
            if value.get("finish_reason"):
                waits = False
                if type(delta := value.get("delta")) is dict:
                    value = {**value, "delta": self._ended(delta, (*place, "delta"))}
            return {
                _whole(key): self.joined(inner, (*place, key), waits and key != "logprobs")
                for key, inner in value.items()
            }
        if type(value) is not str:
            return value
        at = hash(place)
        text = self._halves.pop(at, "") + value
        waits = waits and len(self._halves) < MOST_WAITING
        if waits and "\ud800" <= text[-1:] <= "\udbff":
            self._halves[at] = text[-1]
            text = text[:-1]
        return _whole(text)

    def _ended(self, delta: dict[str, object], place: tuple[str, ...]) -> dict[str, object]:
        """Returns the last delta of a choice, with a text for each half that still waits there."""
        place = (*place, *[str(delta.get(key)) for key in _COUNTED_BY])
        waiting = [key for key in _TEXTS if hash((*place, key)) in self._halves]
        return {**delta, **{key: delta.get(key) or "" for key in waiting}}


def _is_counted(element: object) -> bool:
    """Returns True for an element that says itself which one of its list it is."""
    return type(element) is dict and element.get("index") is not None


def _whole(text: str) -> str:
    """Returns a text whose halves are joined, with U+FFFD for each that stands alone.

    >>> _whole("\\ud83d\\ude00 \\ud83d") == "\\U0001f600 \\ufffd"
    True
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
