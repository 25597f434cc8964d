"""Asks an answerer to put a request into other words, and the reviewers to approve it. Pure.

Nobody sent such a text, so it is never counted as real: its row books its cost and no request, it
stands in no dev or test part, and weighs less than a real one.
"""

from __future__ import annotations

import json

import msgspec
from msgspec import Struct

from router.learning.near_duplicates import plain
from router.learning.rows import DatasetRow, Kind, Source, Split
from router.types import Domain, ReviewItem

WEIGHT = 0.5
ASKS = "synthetic."
"""Begins the id of an item that asks a reviewer to approve a synthetic text."""
STYLES = (
    "in fewer words, as somebody in a hurry writes",
    "in more words, with a little background",
    "in plain words, as somebody who knows no technical terms",
    "politely and formally",
    "with another order of the same facts",
)
_MARK = "\nSource: "


class Seed(Struct, frozen=True):
    """Holds the real row that a text is written from."""

    row_id: str
    text: str
    answer: str
    domain: str
    expires_at_ms: int = 2**62  # what is written from it is a copy of it, and goes when it goes
    decisions: tuple[str, ...] = ()  # of the requests behind it: an erasure finds the copy by them


def seeds(rows: tuple[DatasetRow, ...], tenant: str, now_ms: int) -> list[Seed]:
    """Returns a tenant's real rows to train on whose right answer is known and time is not over."""
    rows_to_teach = []
    for row in rows:
        if row.tenant != tenant:
            continue
        real = row.source is not Source.SYNTHETIC and row.expires_at_ms > now_ms
        right = row.preferred if row.kind is Kind.CORRECTION else row.answer
        teaches = row.kind is Kind.CORRECTION or (row.kind is Kind.GRADED and row.right)
        if real and teaches and row.split is Split.TRAIN:
            rows_to_teach.append(
                Seed(row.row_id, row.text, right, row.domain, row.expires_at_ms, row.decisions)
            )
    return rows_to_teach


def instruction(seed: Seed, number: int) -> str:
    """Returns what the answerer is asked; the seed goes with it, so that the row explains itself.

    `number` chooses the style.
    """
    source = msgspec.json.encode(seed).decode()
    return (
        f"Put the customer's message `text` below into other words, {STYLES[number % len(STYLES)]}."
        " Keep its meaning, so that `answer` still answers it; change no number and no name, and "
        f"add none. Write only the new message.{_MARK}{source}"
    )


def seed_of(prompt: str) -> Seed | None:
    """Returns the seed in a kept instruction, None where it cannot be read any more."""
    try:
        return msgspec.json.decode(prompt.rpartition(_MARK)[2], type=Seed)
    except msgspec.DecodeError:
        return None


def fault_of(seed: Seed, written: str) -> str:
    """Returns why a text is not worth a reviewer's time, "" where it is."""
    if not written.strip():
        return "empty"
    if plain(written) == plain(seed.text):
        return "the same as its source"
    if len(written) > 4 * len(seed.text) + 400:
        return "much longer than its source"
    return ""


def item_of(
    seed: Seed, request_id: str, tenant: str, written: str, cost_nano_usd: int, now_ms: int
) -> ReviewItem:
    """Returns the item that asks a reviewer: approve, correct (the text), or reject."""
    return ReviewItem(
        f"{ASKS}{request_id}",
        request_id,
        tenant,
        Domain.named(seed.domain),
        now_ms,
        question=written.strip(),
        facts=(
            "synthetic text: approve it if a customer could write it and the answer fits; or "
            "correct the text",
            f"written from: {json.dumps(seed.text, ensure_ascii=False)}",
            f"answer that must fit: {json.dumps(seed.answer, ensure_ascii=False)}",
            f"it cost ${cost_nano_usd / 1e9:.6f}",
        ),
        store="redacted",
    )
