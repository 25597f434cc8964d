"""How an upstream answers coding agents: it reads a file, edits it, runs it, and says what came.

`next_call` is a function of the conversation alone, so one upstream serves Codex and opencode, over
chat completions and over responses. The prompt names the file as `'/path/to/file.py'`; which step
comes next follows from how many results of tools the conversation holds.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

import orjson

WRONG, RIGHT = "Hallo", "Hello"
DONE = "Done: it greets in English now."

Arguments = dict[str, str]


def steps_done(asked: str, results: int) -> int:
    """Results in the conversation, and those before the last summary of it."""
    summed_up = re.findall(r"(\d+) steps are done", asked)
    return results + (int(summed_up[-1]) if summed_up else 0)


def summary(step: int) -> str:
    """What is said of a conversation that is to be made short."""
    return f"The greeting is to be in English; {step} steps are done."


def next_call(
    asked: str, offered: AbstractSet[str], step: int
) -> tuple[str, Arguments | str] | None:
    """The next tool and its input; None where the work is done, or not to be done here.

    A custom tool's input is one text.
    """
    place = re.search(r"'(/[^'\s]+\.py)'", asked)
    if place is None:
        return None
    steps = _steps(place[1], offered)
    return steps[step] if step < len(steps) else None


def _steps(path: str, offered: AbstractSet[str]) -> list[tuple[str, Arguments | str]]:
    if "exec_command" in offered:  # Codex
        edit: tuple[str, Arguments | str] = (
            "exec_command",
            {"cmd": f"sed -i s/{WRONG}/{RIGHT}/ {path}"},
        )
        if "apply_patch" in offered:
            edit = ("apply_patch", _patch(path))
        steps: list[tuple[str, Arguments | str]] = [("exec_command", {"cmd": f"cat {path}"}), edit]
        if "multi_agent_v1__close_agent" in offered:
            steps.append(("multi_agent_v1__close_agent", {"target": "nobody"}))
        return [*steps, ("exec_command", {"cmd": f"python3 {path}"})]
    if {"read", "edit", "bash"} <= offered:  # opencode
        return [
            ("read", {"filePath": path}),
            ("edit", {"filePath": path, "oldString": WRONG, "newString": RIGHT}),
            ("bash", {"command": f"python3 {path}", "description": "Run it"}),
        ]
    return []


def _patch(path: str) -> str:
    return "\n".join(
        [
            "*** Begin Patch",
            f"*** Update File: {path}",
            "@@",
            f'-print("{WRONG}")',
            f'+print("{RIGHT}")',
            "*** End Patch",
            "",
        ]
    )


def chat_message(body: dict[str, object]) -> dict[str, object]:
    """The assistant's message to a chat completion's body."""
    messages = body["messages"]
    assert isinstance(messages, list)
    tools = body.get("tools")
    offered = {tool["function"]["name"] for tool in tools} if isinstance(tools, list) else set()
    results = [str(message["content"]) for message in messages if message["role"] == "tool"]
    asked = " ".join([str(m["content"]) for m in messages if m["role"] == "user"])
    step = steps_done(asked, len(results))
    if body.get("tool_choice") == "none":
        return {"role": "assistant", "content": summary(step)}
    found = next_call(asked, offered, step)
    if found is None:
        return {"role": "assistant", "content": f"{DONE} {' | '.join(results)}"}
    name, given = found
    arguments = orjson.dumps({"input": given} if isinstance(given, str) else given).decode()
    call = {
        "id": f"call_{step}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}
