"""A list has the price of text: what a call with sound costs is unknown until it is stated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from router.ledger.books.verify import verify
from tests.kits.books.ledger_sql import change
from tests.kits.server_kit import Served, Upstream, tiergate, write_ladder

if TYPE_CHECKING:
    from tests.kits.books.postgres_kit import Postgres

BOOK = """
version: 1
name: tests
as_of: 2026-11-20
models:
  "redirected:*": [{input_usd_per_mtok: 1, output_usd_per_mtok: 10}]
  heard: [{input_usd_per_mtok: 1, output_usd_per_mtok: 10}]
"""
TEXT = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}
OWN = {"input_usd_per_mtok": 40, "output_usd_per_mtok": 10}
STATED: dict[str, tuple[str, dict[str, float]]] = {
    "listed": ("redirected:", {}),  # its answer names no model
    "redirected": ("redirected:heard", OWN),
    "own": ("echo", OWN),
    "whole": ("echo", {"list_price_usd": 0.01}),
    "class": ("heard:15", {**TEXT, "audio_input_usd_per_mtok": 40}),
    "unsaid": ("echo", {**TEXT, "audio_input_usd_per_mtok": 40}),
    "silent": ("no-usage", {**TEXT, "audio_input_usd_per_mtok": 40}),
    "cut": ("cut", {**TEXT, "audio_input_usd_per_mtok": 40}),
}
SOUND = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is said here?"},
            {"type": "input_audio", "input_audio": {"data": "AAAA" * 100, "format": "wav"}},
        ],
    }
]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    ledger: str | Path = folder / "ledger.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        ledger = server.new_database()
    (folder / "prices.yaml").write_text(BOOK, encoding="utf-8")
    with Upstream(folder) as upstream:
        policies = [
            write_ladder(
                folder,
                name,
                upstream.url,
                model,
                price=price,
                capabilities=["audio"],
                sections={"aliases": {"heard": "auto"}},
            )
            for name, (model, price) in STATED.items()
        ]
        with Served(folder, *policies, ledger=ledger) as server:
            yield server


def attempt_of(served: Served, response: httpx.Response) -> dict[str, Any]:
    attempts: Any = served.finished_row(response)["attempts"]
    return next(dict(one) for one in attempts if one["role"] == "answer")


def heard_by(served: Served, policy: str, *, stream: bool = False) -> dict[str, Any]:
    return attempt_of(served, served.chat(f"auto:{policy}", messages=SOUND, stream=stream))


@pytest.mark.process
@pytest.mark.parametrize("policy", ["listed", "redirected"])
@pytest.mark.parametrize("stream", [False, True])
def test_sound_at_the_price_of_text_is_of_unknown_cost(
    served: Served, policy: str, stream: bool
) -> None:
    attempt = heard_by(served, policy, stream=stream)
    assert (attempt["state"], attempt["estimated"]) == ("unknown_cost", True)
    assert attempt["cost_nano_usd"] > 1_024 * 10_000  # the hold of its output


@pytest.mark.process
def test_reported_tokens_of_sound_are_no_estimate(served: Served) -> None:
    response = served.chat("auto:listed", messages=SOUND)
    assert response.json()["usage"]["total_tokens"] == 32
    assert "x-tiergate-usage" not in response.headers


@pytest.mark.process
def test_text_at_the_same_list_is_settled(served: Served) -> None:
    attempt = attempt_of(served, served.chat("auto:listed"))
    assert (attempt["state"], attempt["cost_nano_usd"]) == ("settled", 20 * 1_000 + 12 * 10_000)


@pytest.mark.process
@pytest.mark.parametrize(
    ("policy", "cost"), [("own", 20 * 40_000 + 12 * 10_000), ("whole", 10_000_000)]
)
def test_the_operators_own_price_covers_sound(served: Served, policy: str, cost: int) -> None:
    attempt = heard_by(served, policy)
    assert (attempt["state"], attempt["cost_nano_usd"]) == ("settled", cost)


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
def test_reported_sound_costs_its_own_price(served: Served, stream: bool) -> None:
    attempt = heard_by(served, "class", stream=stream)
    cost = 15 * 40_000 + 5 * 1_000 + 12 * 10_000
    assert (attempt["state"], attempt["estimated"]) == ("settled", False)
    assert (attempt["cost_nano_usd"], attempt["usage"]["audio_input_tokens"]) == (cost, 15)


@pytest.mark.process
def test_a_client_reads_how_much_was_sound(served: Served) -> None:
    usage = served.chat("auto:class", messages=SOUND).json()["usage"]
    assert usage["prompt_tokens_details"]["audio_tokens"] == 15


@pytest.mark.process
def test_all_input_may_be_sound_where_nobody_says_how_much_is(served: Served) -> None:
    attempt = heard_by(served, "unsaid")
    assert (attempt["state"], attempt["estimated"]) == ("settled", True)
    assert attempt["cost_nano_usd"] == 20 * 40_000 + 12 * 10_000
    text = attempt_of(served, served.chat("auto:unsaid"))
    assert (text["cost_nano_usd"], text["estimated"]) == (20 * 1_000 + 12 * 10_000, False)


@pytest.mark.process
@pytest.mark.parametrize("policy", ["silent", "cut"])
def test_an_estimate_has_the_bound_of_its_sound(served: Served, policy: str) -> None:
    attempt = heard_by(served, policy, stream=True)
    assert attempt["estimated"]
    assert attempt["cost_nano_usd"] > 12 * 40_000
    assert attempt["usage"]["audio_input_tokens"] == 12  # 440 characters of JSON


@pytest.mark.process
@pytest.mark.parametrize(
    ("policy", "level_2"),
    [
        ("class", 15 * 40_000 + 5 * 1_000 + 12 * 10_000),
        ("own", 20 * 40_000 + 12 * 10_000),
        ("whole", 10_000_000),
        ("unsaid", None),
        ("silent", None),
    ],
)
def test_a_baseline_of_sound_is_known_where_its_price_and_its_tokens_are(
    served: Served, policy: str, level_2: int | None
) -> None:
    model = f"auto:{policy}"
    row = served.finished_row(served.chat(model, messages=SOUND))
    assert row["baselines"]["all_level_2"] == level_2
    text = served.finished_row(served.chat(model))["baselines"]
    assert text["all_level_2"] is not None or policy == "silent"


@pytest.mark.process
def test_the_price_of_text_of_the_asked_model_is_no_baseline_of_sound(served: Served) -> None:
    hint = {"policy": "class"}
    heard, read = [
        served.finished_row(served.chat("heard", routing=hint, **more))["baselines"]
        for more in ({"messages": SOUND}, {})
    ]
    assert (heard["requested_model"], read["requested_model"]) == (None, 20 * 1_000 + 12 * 10_000)
    assert heard["all_level_2"] is not None


@pytest.mark.process
def test_the_tokens_of_sound_are_in_the_chain_and_repriced(served: Served) -> None:
    heard_by(served, "class")
    assert verify(served.database).findings == ()
    run = tiergate("ledger", "reprice", "--json", "--database", served.database)
    models = {one["model"]: one for one in json.loads(run.stdout)["models"]}
    assert models["fake-1"]["difference_nano_usd"] == 0
    edit = "UPDATE attempts SET audio_input_tokens = audio_input_tokens {} WHERE model = 'fake-1'"
    change(served.database, edit.format("+ 1"))
    assert {one.kind for one in verify(served.database).findings} == {"edited"}
    change(served.database, edit.format("- 1"))


@pytest.mark.process
def test_sound_is_left_out_of_a_repricing_and_settled_by_a_bill(served: Served) -> None:
    row = served.finished_row(served.chat("auto:listed", messages=SOUND))
    place = ("--database", served.database)
    unknown = json.loads(tiergate("ledger", "reconcile", "--json", *place).stdout)
    (name,) = (call["attempt_id"] for call in unknown if call["request_id"] == row["request_id"])
    policy = served.folder / "listed.yaml"
    run = tiergate("ledger", "reprice", "--json", "--policy", policy, *place)
    assert json.loads(run.stdout)["difference_nano_usd"] == 0
    run = tiergate("ledger", "reconcile", *place, "--attempt", name, "--cost-usd", "0.0004")
    assert run.returncode == 0, run.stderr
    assert verify(served.database).findings == ()


@pytest.mark.parametrize(("name", "warned"), [(n, n == "listed") for n in STATED])
def test_check_warns_where_only_the_price_of_text_is_known(
    tmp_path: Path, name: str, warned: bool
) -> None:
    (tmp_path / "prices.yaml").write_text(BOOK, encoding="utf-8")
    model, price = STATED[name]
    policy = write_ladder(
        tmp_path, name, "http://127.0.0.1:9/v1", model, price=price, capabilities=["audio"]
    )
    run = tiergate("check", "--json", policy)
    assert run.returncode == 0, run.stdout + run.stderr
    (checked,) = json.loads(run.stdout)["policies"]
    assert any("takes audio" in w["message"] for w in checked["warnings"]) == warned
