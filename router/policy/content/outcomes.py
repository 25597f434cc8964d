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
from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.text_files import text_of
from router.policy.parsing.yaml_lines import load_yaml


class JudgedQuestion(Struct, frozen=True):
    """Holds a judged request: its intent, or None where no answer of the file is right."""

    text: str
    intent_id: str | None
    line: int = 0  # of its file; 0 for one that is in no file


def judged_files(knowledge: Path) -> Iterator[Path]:
    """Yields the file of judged requests that a knowledge file names; nothing for a malformed one,
    whose mistakes are reported where the knowledge is loaded."""
    with contextlib.suppress(PolicyError):
        text = text_of(knowledge)
        # Most knowledge files name none, and are parsed once.
        tree = load_yaml(str(knowledge), text)[0] if "judged" in text else None
        if isinstance(tree, dict) and isinstance(tree.get("judged"), str):
            yield knowledge.parent / str(tree["judged"])


def mistakes_beside(knowledge: Path) -> tuple[Mistake, ...]:
    """Returns the mistakes of the judged requests of a knowledge file that has some of its own."""
    mistakes: list[Mistake] = []
    for file in judged_files(knowledge):
        tree = load_yaml(str(knowledge), text_of(knowledge))[0]
        intents = tree.get("intents") if isinstance(tree, dict) else None
        rows = (
            [one for one in intents if isinstance(one, dict)] if isinstance(intents, list) else []
        )
        try:
            load_outcomes(file, {str(one.get("id")) for one in rows})
        except PolicyError as error:
            mistakes += error.mistakes
    return tuple(mistakes)


def load_outcomes(path: Path, intents: Collection[str]) -> tuple[JudgedQuestion, ...]:
    """Returns the judged requests in a file of JSON lines: `{"text": ..., "intent": ...}`.

    `intent` is null where the file answers the request with nothing. Raises PolicyError with every
    mistake, such as an empty text or an intent that `intents` lacks, also for an unreadable file.
    """
    outcomes: list[JudgedQuestion] = []
    mistakes: list[Mistake] = []
    # Some editors and spreadsheets begin UTF-8 files with a byte order mark.
    text = text_of(path).removeprefix("\ufeff")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        outcome = _outcome(line, number)
        key, expected = "intent", 'an object with "text", and "intent": an id or null'
        if outcome is not None:
            if not outcome.text.strip():
                key, expected = "text", "the text of a request; delete the line if it has none"
            elif outcome.intent_id is not None and outcome.intent_id not in intents:
                expected = f"an intent of the file{nearest(outcome.intent_id, intents)}"
            else:
                outcomes.append(outcome)
                continue
        mistakes.append(Mistake(str(path), number, key, line[:80], expected))
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return tuple(outcomes)


def _outcome(line: str, number: int) -> JudgedQuestion | None:
    """Returns the outcome in a line, None for a malformed one."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or "intent" not in row or not isinstance(row.get("text"), str):
        return None
    intent = row["intent"]
    if intent is not None and not isinstance(intent, str):
        return None
    return JudgedQuestion(row["text"], intent, number)
