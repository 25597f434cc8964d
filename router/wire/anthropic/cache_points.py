"""Places and reads cache points, up to which Anthropic keeps a prompt for the next call. Pure.

Clients of Anthropic's format set their own. Those of OpenAI's chat completions may set them on
parts of a message, and most set none, since OpenAI's models need none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.types import ChatRequest, Message

KEY = "cache_control"
POINT: Mapping[str, str] = {"type": "ephemeral"}
"""A point of five minutes. Only clients of Anthropic's own format get the hour that they want."""
POINTS_IN = ("system", "messages", "tools", KEY)
"""Names the keys of a Messages body in which cache points stand."""
MOST_POINTS = 4
"""Bounds the points of a request, as Anthropic does."""
TTL = f"{KEY}.ttl"
"""Names in `x-tiergate-dropped` the hour that a client asked for."""
IN_PARTS = f"messages[].content[].{KEY}"
"""Names there the cache points of a chat completion, where its answerer takes none."""
_FIVE_MINUTES = (None, "5m")


def forget_hours(value: object) -> None:
    """Sets the cache points inside a body's value to Anthropic's five minutes.

    So it is for an answerer whose price says nothing of writes.
    """
    for point in _points(value):
        point.pop("ttl", None)


def asks_for_hours(value: object) -> bool:
    """Returns True for a body's value with a cache point that is to last longer.

    >>> asks_for_hours([{"type": "text", "cache_control": {"type": "ephemeral", "ttl": "1h"}}])
    True
    """
    return any(point.get("ttl") not in _FIVE_MINUTES for point in _points(value))


def _points(value: object) -> list[dict[str, object]]:
    """Returns the cache points of blocks, messages, tools and the blocks of results."""
    if isinstance(value, list):
        return [point for item in value for point in _points(item)]
    if not isinstance(value, dict):
        return []
    point = value if "ttl" in value and "type" in value else value.get(KEY)
    inner = value.get("content")
    found = [point] if isinstance(point, dict) else []
    return [*found, *_points(inner)] if isinstance(inner, list) else found


def sets_points(message: Message) -> bool:
    """Returns True for a message of chat completions with a cache point on a part."""
    return any([f'"{KEY}":' in part.payload for part in message.parts])


def has_points(request: ChatRequest) -> bool:
    """Returns True where a client of chat completions has set cache points on parts."""
    return any([sets_points(message) for message in request.messages if message.parts])


def with_point(block: dict[str, object], message: Message) -> dict[str, object]:
    """Returns a block that stands for a whole message, with the cache point of its parts."""
    return {**block, KEY: dict(POINT)} if sets_points(message) else block


def settle_points(
    body: Mapping[str, object], request: ChatRequest, *, marks_turns: bool, most: int
) -> None:
    """Keeps the client's own points in a translated body, or sets some where it set none."""
    turns = body["messages"]
    assert isinstance(turns, list)
    if has_points(request):
        keep_last_points(body.get("system"), turns, most)
    elif marks_turns:
        mark_turns(turns)


def keep_last_points(system: object, turns: Sequence[dict[str, object]], most: int) -> None:
    """Leaves the last `most` cache points of a translated request, and takes the others away."""
    contents = [system, *[turn["content"] for turn in turns]]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    marked = [block for block in blocks if isinstance(block, dict) and KEY in block]
    for block in marked[: max(0, len(marked) - most)]:
        del block[KEY]


def mark_turns(turns: Sequence[dict[str, object]]) -> None:
    """Sets a cache point behind each of the user's last two turns, if an assistant spoke before.

    What comes before is sent again with the next turn, and costs a tenth then. The point behind the
    turn before finds what the last call wrote. A conversation of one turn may have no next one, and
    a write costs a quarter more than to read.
    """
    spoken = [turn for turn in turns if turn["role"] == "user"]
    if len(spoken) == len(turns):
        return
    for turn in spoken[-2:]:
        blocks = turn["content"]
        if isinstance(blocks, list) and blocks and isinstance(blocks[-1], dict):
            blocks[-1] = {**blocks[-1], KEY: dict(POINT)}
