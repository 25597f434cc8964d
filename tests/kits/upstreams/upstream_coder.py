"""Answers coding agents as an upstream: reads a file, edits it, runs it, then reports.

`turn` is a function of the request's body in either wire format. The prompt names the file as
`'/path/to/file.py'`. The number of tool results in the body decides the next step.
"""

from __future__ import annotations

import re

WRONG, RIGHT = "Hallo", "Hello"
DONE = "Done: it greets in English now."


def turn(body: dict[str, object]) -> tuple[str, str, dict[str, object]] | None:
    """Returns the next call as id, tool and input; None when the work is done or without tools."""
    # The body may hold the prompt with escaped quotes.
    place = re.search(r"'(/[^'\s]+\.py)'", str(body["messages"]).replace("\\", ""))
    offered = _names(body.get("tools"))
    if place is None or not {"Read", "Edit", "Bash"} <= offered:
        return None
    path, step = place[1], _results(body["messages"])
    steps: list[tuple[str, dict[str, object]]] = [
        ("Read", {"file_path": path}),
        ("Edit", {"file_path": path, "old_string": WRONG, "new_string": RIGHT}),
        ("Bash", {"command": f"python3 {path}", "description": "Run it"}),
    ]
    if step >= len(steps):
        return None
    return (f"toolu_{step}", *steps[step])


def _names(tools: object) -> set[str]:
    given = tools if isinstance(tools, list) else []
    return {str(tool.get("name") or tool["function"]["name"]) for tool in given}


def _results(messages: object) -> int:
    """Counts tool results in the conversation: messages of their own, or blocks of the user's."""
    assert isinstance(messages, list)
    own = sum(message["role"] == "tool" for message in messages)
    contents = [m["content"] for m in messages if isinstance(m["content"], list)]
    return own + sum(block.get("type") == "tool_result" for c in contents for block in c)
