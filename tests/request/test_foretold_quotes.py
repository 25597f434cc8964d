"""A dry run knows that quoting has nothing to quote, as a call finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import Gateway
from router.types import Reason
from tests.kits.kite_shop import KITE_SHOP

POLICY = """version: 1
name: quotes
tiers:
  - {name: resolve, level: 1, answerers: [{name: faq, kind: resolver, knowledge: shop.yaml}]}
  - {name: quotes, level: 2, answerers: [{name: passages, kind: passages, of: faq}]}
"""


@pytest.mark.parametrize("text", ["Name three rivers of Europe.", "Do you repair kites?"])
def test_a_dry_run_ends_as_the_call_does(text: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(KITE_SHOP, encoding="utf-8")
    (path := tmp_path / "quotes.yaml").write_text(POLICY, encoding="utf-8")
    with Gateway.from_policy(path, database=tmp_path / "ledger.db") as gateway:
        dry, called = gateway.route(text), gateway.complete(text)
    assert dry.foretold is not None
    assert not dry.foretold.asks
    assert dry.foretold.sure
    assert (dry.verdict, dry.reason) == (called.verdict, called.reason)


def test_words_go_out_where_nothing_is_near_enough_to_quote(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(KITE_SHOP, encoding="utf-8")
    (path := tmp_path / "quotes.yaml").write_text(POLICY, encoding="utf-8")
    with Gateway.from_policy(path, database=tmp_path / "ledger.db") as gateway:
        dry = gateway.route("Name three rivers of Europe.")
    assert dry.reason is Reason.NO_MODEL
    assert dry.foretold is not None
    # These words do not claim that there is no answer, so it does not say that they do.
    assert dry.foretold.words == "words say that no approved answer is sure enough (unverified)"
