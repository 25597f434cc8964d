"""Answers coding agents as an upstream: reads a file, edits it, runs it, and reports the output.

`next_call` is a function of the conversation only, so one upstream serves Codex and opencode, over
chat completions and over responses. The prompt names the file as `'/path/to/file.py'`. The number
of tool results in the conversation decides the next step.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

import orjson

WRONG, RIGHT = "Hallo", "Hello"
DONE = "Done: it greets in English now."

Arguments = dict[str, str]


def steps_done(asked: str, results: int) -> int:
    """Counts results in the conversation, and those before its last summary."""
    summed_up = re.findall(r"(\d+) steps are done", asked)
    return results + (int(summed_up[-1]) if summed_up else 0)


def summary(step: int) -> str:
    """Returns the summary of a conversation that a client compacts."""
    return f"The greeting is to be in English; {step} steps are done."


def next_call(
    asked: str, offered: AbstractSet[str], step: int
) -> tuple[str, Arguments | str] | None:
    """Returns the next tool and its input; None when the work is done or has no file.

    The input of a custom tool is one text.
    """
    place = re.search(r"'(/[^'\s]+\.py)'", asked)
    if place is None:
        return None
    steps = _steps(place[1], offered)
    return steps[step] if step < len(steps) else None


def _steps(path: str, offered: AbstractSet[str]) -> list[tuple[str, Arguments | str]]:
    # The names of the offered tools tell which agent is asking.
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
    """Returns the assistant's message for the body of a chat completion."""
    messages = body["messages"]
    assert isinstance(messages, list)
    tools = body.get("tools")
    offered = {tool["function"]["name"] for tool in tools} if isinstance(tools, list) else set()
    results = [str(message["content"]) for message in messages if message["role"] == "tool"]
    prompts = " ".join([str(m["content"]) for m in messages if m["role"] == "user"])
    step = steps_done(prompts, len(results))
    if body.get("tool_choice") == "none":
        return {"role": "assistant", "content": summary(step)}
    next_step = next_call(prompts, offered, step)
    if next_step is None:
        return {"role": "assistant", "content": f"{DONE} {' | '.join(results)}"}
    name, given = next_step
    arguments = orjson.dumps({"input": given} if isinstance(given, str) else given).decode()
    call = {
        "id": f"call_{step}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}
