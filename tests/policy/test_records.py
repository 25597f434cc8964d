"""Mistakes in the rows that a policy shows beside passages: whose they are must be said."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.loading import load_policy

POLICY = """
version: 1
name: records
lookups:
  - {{name: orders, kind: file, path: orders.json{typed}}}
documents:
  collections: [manual]
  records:
    - {{lookup: {lookup}, key: order_id, pattern: "{pattern}", fields: [status]}}
tiers: [{{name: papers, level: 2, answerers: [{{name: quotes, kind: documents}}]}}]
"""
OWNED = ", typed: {must_match: {customer: account_id}}"


def policy(folder: Path, **fields: str) -> Path:
    path = folder / "records.yaml"
    (folder / "orders.json").write_text("{}")
    given = {"typed": OWNED, "lookup": "orders", "pattern": "A-[0-9]{5}", **fields}
    path.write_text(POLICY.format(**given))
    return path


def test_rows_with_an_owner_may_be_shown(tmp_path: Path) -> None:
    documents = load_policy(policy(tmp_path), {}).policy.documents
    assert documents is not None
    assert [record.lookup for record in documents.records] == ["orders"]


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"typed": ""}, "must_match"),
        ({"typed": ", typed: anyone"}, "must_match"),
        ({"lookup": "invoices"}, "orders"),
        ({"pattern": "A-[0-9]*"}, "repetition"),
    ],
)
def test_rows_of_nobody_are_a_mistake(tmp_path: Path, fields: dict[str, str], mistake: str) -> None:
    with pytest.raises(PolicyError, match=mistake):
        load_policy(policy(tmp_path, **fields), {})
