"""`tiergate check` says what a reviewer's minute costs, and who says so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from router.cli.ledger.review import stated_in
from router.cli.policies.check import minute_note
from router.policy.loading import load_policy, own_book, policies_dir
from router.types import KeptPolicy
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.inputs.policy_texts import GOOD, write
from tests.kits.server_kit import tiergate

BOOK = "version: 1\nname: ours\nas_of: 2026-11-01\nreviewers:\n  - {usd_per_minute: 1.5%s}\n"


@pytest.mark.parametrize(
    ("policy", "book", "told"),
    [
        ("", None, "a reviewer's minute is assumed to cost $1.00, by `reviewers` of prices.yaml"),
        ("review: {reviewer_usd_per_minute: 1.2}\n", None, "costs $1.20, by review.reviewer_usd_"),
        ("prices: ours.yaml\n", BOOK % "", "minute costs $1.50, by `reviewers` of ours"),
        ("prices: ours.yaml\n", BOOK % ", source: Assumed", "is assumed to cost $1.50"),
        ("prices: ours.yaml\n", BOOK.partition("reviewers")[0], "has no price, so reviews cost an"),
    ],
)  # fmt: skip
def test_who_says_what_a_minute_costs(
    tmp_path: Path, policy: str, book: str | None, told: str
) -> None:
    if book is not None:
        write(tmp_path, book, "ours.yaml")
    loaded = load_policy(write(tmp_path, GOOD + policy), {})
    assert told in minute_note(loaded, NOW_MS)


@pytest.mark.process
def test_a_check_notes_it() -> None:
    (checked,) = json.loads(tiergate("check", "openai", "--json").stdout)["policies"]
    assert any("a reviewer's minute is assumed to cost $1.00" in one for one in checked["notes"])


def test_a_policy_that_names_the_shipped_book_keeps_its_price_of_a_minute(tmp_path: Path) -> None:
    """Reports said that no minute is priced, and `reprice` that the policy is not readable."""
    book = policies_dir() / "prices.yaml"
    named = load_policy(write(tmp_path, f"{GOOD}prices: {book}\n"), {})
    kept = KeptPolicy(named.path.read_text(encoding="utf-8"), own_book(named), named.hash)
    price = stated_in(kept, date(2026, 11, 29), {})
    assert price is not None
    assert price.nano_usd == 10**9
    assert own_book(load_policy(write(tmp_path, GOOD), {})) == ""
