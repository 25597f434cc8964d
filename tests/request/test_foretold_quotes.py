"""A dry run knows that quoting has nothing to quote, as a call finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.types import Reason

POLICY = """version: 1
name: quotes
tiers:
  - {name: resolve, level: 1, answerers: [{name: faq, kind: resolver, knowledge: shop.yaml}]}
  - {name: quotes, level: 2, answerers: [{name: passages, kind: passages, of: faq}]}
"""
KNOWLEDGE = """version: 1
name: kite shop
intents:
  - id: repair
    domain: customer_support
    source: handbook
    answer: We mend torn sails within five days. A patch costs 18 euros.
    utterances: [Do you repair kites?, my sail is torn, price of a patch]
  - id: returns
    domain: customer_support
    source: handbook
    answer: Send it back within 30 days, unflown, and you get your money back.
    utterances: [How do I return a kite?, return policy, money back]
"""


@pytest.mark.parametrize("text", ["Name three rivers of Europe.", "Do you repair kites?"])
def test_a_dry_run_ends_as_the_call_does(text: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE, encoding="utf-8")
    (path := tmp_path / "quotes.yaml").write_text(POLICY, encoding="utf-8")
    with Gateway.from_policy(path, database=tmp_path / "ledger.db") as gateway:
        dry, called = gateway.route(text), gateway.complete(text)
    assert dry.foretold is not None
    assert not dry.foretold.asks
    assert dry.foretold.sure
    assert (dry.verdict, dry.reason) == (called.verdict, called.reason)


def test_words_go_out_where_nothing_is_near_enough_to_quote(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(KNOWLEDGE, encoding="utf-8")
    (path := tmp_path / "quotes.yaml").write_text(POLICY, encoding="utf-8")
    with Gateway.from_policy(path, database=tmp_path / "ledger.db") as gateway:
        dry = gateway.route("Name three rivers of Europe.")
    assert dry.reason is Reason.NO_MODEL
    assert dry.foretold is not None
    assert "words say" in dry.foretold.words
