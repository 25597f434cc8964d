"""A refusal that says what it used costs that: some providers charge for work that failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.ledger.books.verify import verify
from tests.kits.server_kit import Served, Upstream, write_ladder

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}
STATUSES = (400, 403, 429, 500, 503)
COST = 20 * 1_000 + 12 * 10_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(
                folder, f"s{status}", upstream.url, f"billed:{status}", price=PRICE, retries=2
            )
            for status in STATUSES
        ]
        with Served(folder, *policies) as server:
            yield server


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_with_usage_costs_it(served: Served, status: int, stream: bool) -> None:
    response = served.chat(f"auto:s{status}", stream=stream)
    row: dict[str, Any] = served.finished_row(response)
    (call,) = (one for one in row["attempts"] if one["answerer"] == "rung-0")
    assert (call["state"], call["estimated"]) == ("settled", False)
    assert (call["cost_nano_usd"], row["cost_nano_usd"]) == (COST, COST)
    assert call["error_code"]
    assert verify(served.database).findings == ()


@pytest.mark.process
def test_no_further_try_hides_what_the_first_one_cost(tmp_path: Path) -> None:
    """One attempt has one cost, so a paid call is not made again within it."""
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(tmp_path, "s", upstream.url, "billed:503", price=PRICE, retries=2)
        with Served(tmp_path, policy) as server:
            server.finished_row(server.chat("auto:s"))
            assert upstream.seen()["count"] == 1
