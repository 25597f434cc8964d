"""Turns what an answer rests on into what the chain notes and what the policy stores of it: the
steps of a deliberation, and the words of cited passages.

The chain covers either by a digest of the text in the form that is stored: redacted where the
policy redacts. So a stored text can be held against its row, and an erasure leaves the chain whole.
"""

from __future__ import annotations

import json
from typing import Literal

import msgspec

from router.privacy.redact import redact
from router.request.progress import Candidate, Progress
from router.types import Answer, ReasoningNote, Worked


def worked_of(progress: Progress, tried: Candidate) -> Worked | None:
    """Returns the deliberation behind what goes out, or behind the draft that did not."""
    for candidate in (tried, progress.best):
        answer = None if candidate is None else candidate.answer
        if answer is not None and answer.worked is not None:
            return answer.worked
    return None


def steps_text(worked: Worked, store: Literal["none", "redacted", "full"]) -> str:
    """Returns the steps as JSON in the form that a policy stores; the whole where it stores none.

    Redaction goes through each text by itself, so that the JSON stays JSON.
    """
    document = msgspec.to_builtins(worked)
    document["steps"] = [
        {**step, "fields": json.loads(step["fields"] or "{}")} for step in document["steps"]
    ]
    kept = _redacted(document) if store == "redacted" else document
    return json.dumps(kept, ensure_ascii=False)


def passages_text(answer: Answer | None, store: Literal["none", "redacted", "full"]) -> str:
    """Returns the words of the cited passages by their ids, as JSON in the form that is stored.

    Returns "" where none is cited, or nothing is stored.
    """
    if answer is None or not answer.passages or store == "none":
        return ""
    pairs = zip(answer.sources, answer.passages, strict=True)
    cited = {note.id: words for note, words in pairs if note.cited}
    kept = _redacted(cited) if store == "redacted" else cited
    return json.dumps(kept, ensure_ascii=False) if cited else ""


def note_of(worked: Worked, steps_digest: str) -> ReasoningNote:
    """Returns what the chain covers of a deliberation, with the digest of its stored steps."""
    return ReasoningNote(
        worked.template,
        worked.digest,
        worked.profile,
        tuple((step.id, step.state) for step in worked.steps),
        steps_digest,
        worked.stated_confidence,
        worked.go_no_go,
        worked.follow_up_days,
        worked.claims,
        worked.wrong_claims,
        len(worked.marks),
    )


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_redacted(part) for part in value]
    # A number of a card is long; sums of money that reach this size are not known.
    long = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**11
    return redact(str(value)) if long else value
