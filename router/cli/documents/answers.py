"""Asks a policy the questions of a file twice: with its documents, and over an empty store."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from router.errors import TiergateError

if TYPE_CHECKING:
    from router.documents.evaluation import Answered, Asked
    from router.library import Gateway

WITH, WITHOUT = "with documents", "without documents"


def answers_of(
    policy: str, asked: Sequence[Asked], tenant: str, documents: str, database: str
) -> dict[str, dict[str, float | None]]:
    """Returns what is right with documents and without them. Raises PolicyError.

    Without: the same policy, whose store has no document.
    """
    from router.documents.evaluation import answer_figures
    from router.library import Gateway

    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, store in ((WITH, documents), (WITHOUT, str(Path(folder) / "empty.db"))):
            with Gateway.from_policy(
                policy, database=database, documents=store, environ=os.environ
            ) as gateway:
                answered = [_answered(gateway, one, tenant) for one in asked]
            figures[name] = answer_figures(asked, answered)
    return figures


def _answered(gateway: Gateway, asked: Asked, tenant: str) -> Answered:
    """Returns the answer to a question; a question that fails has none."""
    from router.documents.evaluation import Answered
    from router.library import CALLER

    # `*` is the owner of documents for all; any caller is one of them.
    identity = CALLER if tenant == "*" else replace(CALLER, tenant=tenant)
    try:
        outcome = gateway.complete(asked.question, identity=identity)
    except TiergateError:
        return Answered()
    answer = outcome.answer
    if answer is None:
        return Answered()
    cited = tuple(note.place for note in answer.sources if note.cited)
    cost = outcome.cost_nano_usd if outcome.cost_known else None
    return Answered(answer.text, cited, cost)
