"""Calls whose price nobody states, under a budget: what a server, its log and its clients say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kits.server_kit import Served, Upstream, tiergate, write_ladder

pytestmark = pytest.mark.process


def unpriced(folder: Path, upstream: Upstream) -> Path:
    sections = {
        "budgets": {"*": {"usd_per_day": 1}},
        "embedders": [{"name": "vectors", "model": "large", "base_url": upstream.url}],
        "aliases": {"large": "embed:vectors"},
    }
    return write_ladder(folder, "p", upstream.url, "answer", sections=sections, price={})


def test_server_says_which_models_lack_a_price_and_refuses_their_calls(
    tmp_path: Path, upstream: Upstream
) -> None:
    with Served(tmp_path, unpriced(tmp_path, upstream)) as served:
        served.wait_for(
            r"warning    p: budgets refuse calls of rung-0 \(answer\), vectors \(large\): no"
        )
        before = upstream.seen()["count"]
        refused = served.chat()
        vectors = served.post("/v1/embeddings", {"model": "large", "input": "abc"})
        assert upstream.seen()["count"] == before
        for response in (refused, vectors):
            assert response.status_code == 503
            assert response.headers["x-should-retry"] == "false"
            assert response.json()["error"]["code"] == "unknown_price"
        assert "answer (answerer rung-0) has no known price" in refused.text
        served.wait_for(r'"answerer": "rung-0".*unknown_price|unknown_price.*"answerer": "rung-0"')


def test_check_names_budget_and_model(tmp_path: Path, upstream: Upstream) -> None:
    run = tiergate("check", unpriced(tmp_path, upstream))
    assert (
        "budgets.*.usd_per_day: its calls to rung-0 (answer), vectors (large) are refused"
        in run.stdout
    )
    assert "[budget_needs_price]" in run.stdout


def test_an_embedder_of_the_price_book_is_priced(tmp_path: Path, upstream: Upstream) -> None:
    path = unpriced(tmp_path, upstream)
    (path.parent / "prices.yaml").write_text(
        "version: 1\nname: ours\nas_of: 2026-11-01\nmodels:\n"
        "  large: [{input_usd_per_mtok: 2, output_usd_per_mtok: 0}]\n",
        encoding="utf-8",
    )
    assert "vectors (large)" not in tiergate("check", path).stdout
    with Served(tmp_path, path) as served:
        served.wait_for(r"warning    p: budgets refuse calls of rung-0 \(answer\): no")
        response = served.post("/v1/embeddings", {"model": "large", "input": "abc"})
        assert response.status_code == 200, response.text
        (call,) = served.row(response)["attempts"]
        assert (call["cost_basis"], call["cost_nano_usd"]) == ("token_price", 2_000_000)
