"""Says what a label costs in minutes, and makes the items that ask reviewers for labels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from router.learning.collect import readable
from router.learning.rows import Kind, row_id
from router.ledger.past_request import PastRequest, last_turn
from router.ledger.row_reading import AFTERWARDS, EMBEDDINGS, row_names
from router.types import ASKS_LABEL, Domain, ReviewCase, ReviewItem, label_facts

WORDS_A_MINUTE = 200
CHOOSING_MINUTES = 0.2
"""Minutes of a label: reading at the usual speed (Brysbaert 2019: 238 words), then choosing."""
LEAST_TIMED = 5
"""From so many timed labels on, the reviewers' own pace counts instead of the usual one."""


class Askable(Struct, frozen=True):
    """Holds a text that may be labelled: it is kept, and nobody was asked for this head."""

    request_id: str
    tenant: str
    domain: str
    text: str
    novelty: float  # as triage read it, 0..1


def askable(past: Iterable[PastRequest], head: str) -> tuple[list[Askable], float]:
    """Returns the texts that may be labelled for a head, and the pace of its reviewers.

    Only texts that the policy let the ledger keep are there. The pace is the median of real minutes
    over those that `minutes_of` foretells; 1.0 below LEAST_TIMED labels.
    """
    texts, paces = list[Askable](), list[float]()
    for one in past:
        prompt = one.texts.get("prompt")
        if prompt is None or one.row.endpoint in AFTERWARDS or one.row.endpoint == EMBEDDINGS:
            continue
        text = last_turn(prompt.content)
        labels = [*one.reviews, *(case for case in one.withdrawn if isinstance(case, ReviewCase))]
        asked = [case for case in labels if case.item.head == head]
        paces += [
            case.reviewed.minutes / minutes_of(text)
            for case in asked
            if case.reviewed is not None and case.reviewed.minutes > 0
        ]
        if not asked:
            record = readable(one.row)
            novelty = 0.0 if record is None else record.signals.novelty
            domain, _ = row_names(one.row)
            texts.append(Askable(one.row.request_id, one.row.tenant, domain, text, novelty))
    return texts, median(paces) if len(paces) >= LEAST_TIMED else 1.0


def minutes_of(text: str, pace: float = 1.0) -> float:
    """Returns the minutes that a label of this text takes: 0.2 and a minute for 200 words.

    >>> minutes_of("word " * 100)
    0.7
    """
    return round(pace * (CHOOSING_MINUTES + len(text.split()) / WORDS_A_MINUTE), 3)


def item_of(
    text: Askable,
    head: str,
    label: str,
    confidence: float,
    minutes: float,
    now_ms: int,
    classes: Sequence[str] = (),
) -> ReviewItem:
    """Returns the item that asks for a label, with its reason. It holds no text of the request.

    `classes` are those of the head, among which the label is chosen.
    """
    return ReviewItem(
        f"{ASKS_LABEL}{head}.{text.request_id}",
        text.request_id,
        text.tenant,
        Domain.named(text.domain),
        now_ms,
        facts=(
            f"label asked: {head}",
            *label_facts(label, classes),
            f"why: the head gives it {confidence:.0%}; the text is {text.novelty:.0%} new, and "
            f"unlike the others asked for; about {minutes:.1f} minutes",
        ),
        store="redacted",
    )


def withdrawn_labels(past: PastRequest, head: str) -> list[tuple[str, str]]:
    """Returns the names and labels of the rows of a head whose labels were set aside."""
    cases = [case for case in past.withdrawn if isinstance(case, ReviewCase)]
    return [
        (row_id(Kind.LABEL, head, past.row.request_id), case.answer)
        for case in cases
        if case.item.head == head and case.answer
    ]
