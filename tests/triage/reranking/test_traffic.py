"""Who sends the requests, `traffic` in a policy, decides which are read with the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from router import Gateway
from router.errors import PolicyError
from router.types import MatchBasis, Outcome
from tests.kits.kite_shop import KITE_SHOP

POLICY = """version: 1
name: chat
tiers:
  - name: resolve
    level: 1
    answerers:
      - {{name: desk, kind: resolver, knowledge: shop.yaml{traffic}}}
"""

Ask = Callable[[str, str], Outcome]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("traffic")
    (folder / "shop.yaml").write_text(KITE_SHOP, encoding="utf-8")
    with ExitStack() as stack:
        gateways = {}
        for traffic in ("", "mixed", "support"):
            path = folder / f"chat{traffic}.yaml"
            named = f", traffic: {traffic}" if traffic else ""
            path.write_text(POLICY.format(traffic=named), encoding="utf-8")
            opened = Gateway.from_policy(path, database=folder / f"ledger{traffic}.db")
            gateways[traffic] = stack.enter_context(opened)
        yield lambda traffic, text: gateways[traffic].route(text)


def basis(routed: Outcome) -> MatchBasis:
    match = routed.signals.match
    assert match is not None
    return match.basis


UNUSUAL = "can I bring it in, there is a hole near the tip"


def test_a_support_chat_reads_a_message_that_mixed_traffic_leaves(ask: Ask) -> None:
    assert basis(ask("mixed", UNUSUAL)) is MatchBasis.FOREIGN
    assert basis(ask("support", UNUSUAL)) is MatchBasis.RERANKED
    match = ask("support", UNUSUAL).signals.match
    assert match is not None
    assert match.intent_id == "repair"


def test_traffic_is_mixed_where_the_policy_says_nothing(ask: Ask) -> None:
    assert ask("", UNUSUAL).signals.match == ask("mixed", UNUSUAL).signals.match


def test_what_both_read_is_likelier_in_a_support_chat(ask: Ask) -> None:
    text = "what do you take for patching up a sail"
    mixed, support = (ask(traffic, text) for traffic in ("mixed", "support"))
    assert basis(mixed) is basis(support) is MatchBasis.RERANKED
    assert mixed.signals.match is not None
    assert support.signals.match is not None
    assert support.signals.match.confidence > mixed.signals.match.confidence


def test_traffic_of_no_such_kind_is_a_mistake_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(KITE_SHOP, encoding="utf-8")
    path = tmp_path / "chat.yaml"
    path.write_text(POLICY.format(traffic=", traffic: chat"), encoding="utf-8")
    with pytest.raises(
        PolicyError, match=r"traffic: found 'chat'; expected one of 'mixed' or 'support'"
    ):
        Gateway.from_policy(path, database=tmp_path / "ledger.db")
