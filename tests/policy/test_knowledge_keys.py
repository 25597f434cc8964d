"""Keys of a knowledge file: read in text, explained where they are wrong or never read."""

from __future__ import annotations

import pytest
import yaml

from router.cli.policies.key_reference import knowledge_keys
from router.errors import PolicyError
from router.policy.content.key_mistakes import keys_never_read
from router.policy.content.keys import KeySection, keys_in, nearly_written
from router.policy.content.knowledge import parse_knowledge
from router.policy.schema import LookupSection
from tests import ROOT
from tests.policy.test_knowledge import SMALL

MATCHING = {"must_match": {"customer": "customer_id"}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("where is A-10442?", {"A-10442"}),
        ("A-10442, I say A-10442", {"A-10442"}),
        ("a-10442 pls", {"A-10442"}),
        ("A-10442 or A-10443", {"A-10442", "A-10443"}),
        ("AA-10442", set()),
        ("A-104421", set()),
        ("none", set()),
    ],
)
def test_keys_are_read_from_text_as_they_are_written(text: str, found: set[str]) -> None:
    assert keys_in(text, parse_knowledge("k.yaml", SMALL).content.keys["order_id"]) == found


@pytest.mark.parametrize(
    ("text", "pattern", "found"),
    [
        ("10442", "A-[0-9]{5}", "A-10442"),
        ("a 10442, thanks", "A-[0-9]{5}", "A-10442"),
        ("A10442", r"A-\d{5}", "A-10442"),
        ("A\u201310442", "A-[0-9]{5}", "A-10442"),
        ("ap 5501", "AP-[0-9]{4}", "AP-5501"),
        ("10442 or 10443", "A-[0-9]{5}", None),
        ("104421", "A-[0-9]{5}", None),
        ("B-10442", "A-[0-9]{5}", None),
        ("10442", "[0-9]{5}", None),
        ("10442", "A-[0-9]{5}X", None),
    ],
)
def test_who_was_asked_may_leave_the_beginning_out(
    text: str, pattern: str, found: str | None
) -> None:
    nearly = nearly_written(text, KeySection(pattern=pattern))
    assert (nearly and nearly[0]) == found


@pytest.mark.parametrize(
    ("old", "new", "key_path", "expected"),
    [
        ('{pattern: "A-[0-9]{5}"}', "{}", "keys.order_id", "a pattern, or with a question"),
        ('{pattern: "A-[0-9]{5}"}', "{not_found: No.}", "keys.order_id", "ask"),
        ('{pattern: "A-[0-9]{5}"}', "{ask: Which, {x}}", "keys.order_id", ""),
        ("  order_id: {p", "  account_id: {p", "keys.account_id.pattern", "vouch for what"),
        (
            '{pattern: "A-[0-9]{5}"}',
            "{ask: Which one?}\n  shop: {ask: Which  one?}",
            "keys.shop.ask",
            "keys.order_id.ask has them too",
        ),
    ],
)
def test_wrong_keys_are_explained(old: str, new: str, key_path: str, expected: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_knowledge("k.yaml", SMALL.replace(old, new, 1), ["orders"])
    told = [m for m in caught.value.mistakes if m.key_path.startswith(key_path)]
    assert told, caught.value.mistakes
    assert expected in told[0].expected


@pytest.mark.parametrize(
    ("typed", "warned"),
    [
        (None, ["keys.order_id.pattern", "keys.customer_id"]),
        (MATCHING, []),
        ("anyone", ["keys.customer_id"]),
    ],
    ids=["no", "matching", "anyone"],
)
def test_keys_that_a_policy_never_reads_are_told(typed: object, warned: list[str]) -> None:
    tree = yaml.safe_load(SMALL.replace("intents:", "  customer_id: {ask: Who is it}\nintents:", 1))
    orders = {"name": "orders", "kind": "file", "path": "o.json", "typed": typed}
    lookup = LookupSection.model_validate(orders)
    assert [path for path, _ in keys_never_read(tree, [lookup], ["orders"])] == warned


def test_every_key_of_a_knowledge_file_stands_in_its_document() -> None:
    page = ROOT / "docs" / "reference" / "knowledge-keys.md"
    assert page.read_text("utf-8") == knowledge_keys()
