"""`tier:NAME` on a server: the tier answers, but where a rule forces a higher level."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, write_policy

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a small, a large and a deep tier; nobody measured any of their models."""
    folder = tmp_path_factory.mktemp("named")
    with Upstream(folder) as upstream:
        answerer = {"kind": "upstream", "model": "answer", "base_urls": [upstream.url]}
        tiers = [
            {"name": name, "level": level, "answerers": [{"name": f"the-{name}", **answerer}]}
            for level, name in enumerate(("small", "large", "deep"), 1)
        ]
        policy = write_policy(folder, upstream.url, tiers=tiers, aliases={"cheap": "tier:small"})
        with Served(folder, policy) as server:
            yield server


@pytest.mark.parametrize(
    ("model", "text", "tier", "reason"),
    [
        ("auto", "x", "large", "novel"),
        ("tier:small", "x", "small", "pinned"),
        ("cheap", "x", "small", "pinned"),
        ("tier:large", "x", "large", "pinned"),
        ("tier:small", "Refund the invoice of $6,000.", "small", "pinned"),
        ("tier:small", "My father has chest pain and cannot breathe.", "deep", "high_risk_medical"),
    ],
)
def test_a_named_tier_answers(
    served: Served, model: str, text: str, tier: str, reason: str
) -> None:
    response = served.chat(model, messages=[{"role": "user", "content": text}])
    told = response.headers["x-tiergate-tier"], response.headers["x-tiergate-reason"]
    assert (response.status_code, *told) == (200, tier, reason), response.text
