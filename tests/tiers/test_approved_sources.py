"""Which approved answers a text cites, and which of them do not bear its sentences out."""

from __future__ import annotations

import pytest

from tiers.approved_sources import cited_in

SHOWN = {"time": "Delivery takes 3 days.", "cost": "Delivery costs $4.95."}
TIME, COST, WRONG = "Delivery takes 3 days", "Delivery costs $4.95", "Delivery costs $9.95"


@pytest.mark.parametrize(
    ("text", "cited", "doubtful"),
    [
        (f"{TIME} [time].", "time", ""),
        (f"{TIME}. [time]", "time", ""),
        (f"{TIME}.  [time]", "time", ""),
        (f"{TIME}.\n[time]", "time", ""),
        (f"{TIME}.\n\n- [time]\n", "time", ""),
        (f"{TIME}. {COST}.\nSources: [time], [cost]", "time cost", ""),
        (f"{TIME}. (Source: [time])", "time", ""),
        (f"{TIME}. I hope this helps!\nSee [time].", "time", ""),
        (f"{TIME}. [time] {COST}. [cost]", "time cost", ""),
        (f"{TIME}. [time] [cost] {COST}.", "time cost", ""),
        (f"{TIME} [time]. {COST} [cost].", "time cost", ""),
        (f"[time] {TIME}.\n[cost] {COST}.", "time cost", ""),
        ("[time]", "time", ""),
        (f"{WRONG} [cost].", "cost", "cost"),
        (f"{WRONG}.\n[cost]", "cost", "cost"),
        (f"{WRONG}.  [cost] {TIME}. [time]", "cost time", "cost"),
        (f"{TIME}. [time] {WRONG}. [cost]", "time cost", "cost"),
        (f"{TIME} [time].\n[cost] {WRONG}.", "time cost", "cost"),
        (f"{TIME} [1]. [a page]", "", ""),
    ],
)
def test_a_citation_belongs_to_the_sentence_that_it_stands_beside(
    text: str, cited: str, doubtful: str
) -> None:
    assert cited_in(text, SHOWN) == (tuple(cited.split()), tuple(doubtful.split()))
