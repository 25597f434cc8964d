"""Reads judged requests of an operator's own: what was asked, and which intent answers it.

They say how often level 1 is right on this operator's traffic. It knows nothing about chances.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from router.errors import Mistake, PolicyError
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import nearest
from router.policy.parsing.yaml_lines import load_yaml


class JudgedQuestion(Struct, frozen=True):
    """Holds a judged request: its intent, or None where no answer of the file is right."""

    text: str
    intent_id: str | None


def judged_files(knowledge: Path) -> Iterator[Path]:
    """Yields the file of judged requests that a knowledge file names; nothing for a malformed one,
    whose mistakes are reported where the knowledge is loaded."""
    with contextlib.suppress(PolicyError):
        text = text_of(knowledge)
        # Most knowledge files name none, and are parsed once.
        tree = load_yaml(str(knowledge), text)[0] if "judged" in text else None
        if isinstance(tree, dict) and isinstance(tree.get("judged"), str):
            yield knowledge.parent / str(tree["judged"])


def load_outcomes(path: Path, intents: Collection[str]) -> tuple[JudgedQuestion, ...]:
    """Returns the judged requests in a file of JSON lines: `{"text": ..., "intent": ...}`.

    `intent` is null where the file answers the request with nothing. Raises PolicyError with every
    mistake, also for an unreadable file.
    """
    outcomes: list[JudgedQuestion] = []
    mistakes: list[Mistake] = []
    # Some editors and spreadsheets begin UTF-8 files with a byte order mark.
    text = text_of(path).removeprefix("\ufeff")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        outcome = _outcome(line)
        known = outcome is not None and (outcome.intent_id is None or outcome.intent_id in intents)
        if outcome is not None and known:
            outcomes.append(outcome)
            continue
        expected = 'an object with "text", and "intent": an id or null'
        if outcome is not None:
            expected = f"an intent of the file{nearest(str(outcome.intent_id), intents)}"
        mistakes.append(Mistake(str(path), number, "intent", line[:80], expected))
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return tuple(outcomes)


def _outcome(line: str) -> JudgedQuestion | None:
    """Returns the outcome in a line, None for a malformed one."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or "intent" not in row or not isinstance(row.get("text"), str):
        return None
    intent = row["intent"]
    return (
        JudgedQuestion(row["text"], intent) if intent is None or isinstance(intent, str) else None
    )
