"""Usage priced again: worked by hand, what must hold for any rows, and which price is taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.prices.reprice import (
    MAX_VERSIONS,
    Again,
    PricedAs,
    Repricing,
    Sums,
    priced_again,
    reprice,
)
from router.analysis.prices.reprice_output import reprice_json
from router.money import cost
from router.money.price_book import RowPrices
from router.policy.loading import LoadedPolicy, load_policy, policies_dir
from router.policy.price_list import LoadedPrices, load_prices
from router.rendering.json_values import Json
from router.types import AttemptRow, AttemptState, CostBasis, Price, RequestRow, Role, Usage
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.changed import replace
from tests.kits.inputs.policy_texts import GOOD, write

DEAR = Price(10**9, 10**8, None, 4 * 10**9, version="then")
"""$1 a million input tokens, $0.10 cached, $4 output."""
CHEAP = Price(5 * 10**8, 5 * 10**7, None, 2 * 10**9, version="now")
"""Half of it."""
OLD_DAY, NEW_DAY = date(2026, 1, 1), date(2027, 6, 1)
CALL = replace(attempt("r"), usage=Usage(1_000, 200, 0, 50, 0, True), cost_nano_usd=1_020_000)
"""800 x 1,000 + 200 x 100 + 50 x 4,000 nano-dollars at DEAR."""


def costing(price: Price, call: AttemptRow) -> AttemptRow:
    """The call as the gateway books it at this price."""
    paid = cost.attempt_cost(price, call.usage, call.compute_ms, call.images)
    return replace(call, cost_nano_usd=paid.nano_usd, cost_basis=paid.basis)


def test_half_the_prices_cost_half_by_hand() -> None:
    assert costing(DEAR, CALL).cost_nano_usd == 1_020_000
    assert priced_again(CALL, CHEAP) == Again(PricedAs.PRICED, 510_000)


STATES = [
    pytest.param({"state": AttemptState.HELD}, PricedAs.OPEN, None, id="open"),
    pytest.param({"state": AttemptState.RELEASED, "cost_nano_usd": 0}, PricedAs.UNCHANGED, 0,
                 id="released"),
    pytest.param({"role": Role.CACHE, "cost_nano_usd": 0, "cost_basis": CostBasis.OWN_COMPUTE},
                 PricedAs.UNCHANGED, 0, id="cache"),
    pytest.param({"cost_basis": CostBasis.LIST_PRICE, "cost_nano_usd": 0}, PricedAs.UNCHANGED, 0,
                 id="covered by a list price"),
    pytest.param({"cost_basis": CostBasis.OWN_COMPUTE, "cost_nano_usd": 0}, PricedAs.UNCHANGED, 0,
                 id="no compute measured"),
    pytest.param({"state": AttemptState.UNKNOWN_COST, "estimated": True, "cost_nano_usd": 400},
                 PricedAs.NO_USAGE, None, id="at its hold"),
    pytest.param({"state": AttemptState.UNKNOWN_COST, "estimated": True, "cost_nano_usd": 0,
                  "cost_basis": CostBasis.UNKNOWN, "held_nano_usd": 0, "usage": Usage()},
                 PricedAs.NO_USAGE, None, id="at a hold of unknown price"),
    pytest.param({"cost_basis": CostBasis.UNKNOWN, "cost_nano_usd": 0,
                  "state": AttemptState.UNKNOWN_COST}, PricedAs.NEWLY_KNOWN, 510_000,
                 id="unknown then"),
    pytest.param({"cost_basis": CostBasis.LIST_PRICE, "cost_nano_usd": 10**7}, PricedAs.PRICED,
                 510_000, id="list price then"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "outcome", "nano_usd"), STATES)
def test_what_becomes_of_a_call(
    changes: dict[str, object], outcome: PricedAs, nano_usd: int | None
) -> None:
    call = replace(CALL, **changes)  # type: ignore[arg-type]
    assert priced_again(call, CHEAP) == Again(outcome, nano_usd)


def test_an_unknown_price_is_never_nothing() -> None:
    assert priced_again(CALL, None) == Again(PricedAs.NO_PRICE)
    assert priced_again(CALL, Price(version="knows nothing")) == Again(PricedAs.NO_PRICE)


def test_core_seconds_are_priced_again_at_another_rate() -> None:
    call = replace(CALL, compute_ms=2_000.0, cores=2, cost_basis=CostBasis.OWN_COMPUTE)
    assert priced_again(call, Price(per_second_nano_usd=30_000)) == Again(PricedAs.PRICED, 60_000)


def test_groups_hold_the_signed_difference() -> None:
    dearer = replace(CALL, ordinal=2, attempt_id="r/2", tier="llm", level=2, model="large")
    row = request("r", CALL, dearer)
    double = Price(2 * 10**9, 2 * 10**8, None, 8 * 10**9)
    repricing = reprice([row], lambda _row, call: double if call.model == "large" else CHEAP)
    assert {k: s.difference_nano_usd for k, s in repricing.groups["tiers"].items()} == {
        "1 fast": -510_000,
        "2 llm": 1_020_000,
    }
    assert repricing.groups["models"].keys() == {"large", "nano-1"}
    assert {k: s.difference_nano_usd for k, s in repricing.groups["tenants"].items()} == {
        "acme": 510_000
    }
    assert {k: s.calls for k, s in repricing.groups["days"].items()} == {"2026-11-18": 2}


def test_a_providers_own_cost_stands_beside_ours() -> None:
    told = replace(CALL, provider_cost_nano_usd=1_100_000)
    repricing = reprice([request("r", told), request("s", CALL)], lambda _row, _call: CHEAP)
    assert repricing.provider.figures().difference_nano_usd == 80_000
    assert repricing.provider.calls == 1


prices = st.builds(
    Price,
    input_nano_usd=st.integers(0, 10**11),
    cached_input_nano_usd=st.none() | st.integers(0, 10**11),
    cache_write_nano_usd=st.none() | st.integers(0, 10**11),
    output_nano_usd=st.integers(0, 10**11),
    per_request_nano_usd=st.none() | st.integers(1, 10**10),
    per_second_nano_usd=st.integers(0, 10**6),
    reasoning_nano_usd=st.none() | st.integers(0, 10**11),
    image_nano_usd=st.none() | st.integers(0, 10**9),
)
usages = st.tuples(*[st.integers(0, 10**6)] * 5).map(
    lambda n: Usage(n[0] + n[1] + n[2], n[1], n[2], n[3] + n[4], n[4], True)
)
calls = st.builds(
    lambda usage, ms, images, model, tier: replace(
        CALL, usage=usage, compute_ms=ms, images=images, model=model, tier=tier
    ),
    usages,
    st.floats(0, 10**5),
    st.integers(0, 5),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y", "z"]),
)
states = st.sampled_from(list(AttemptState))


@given(calls, prices)
def test_at_the_price_it_was_booked_at_a_call_costs_what_it_cost(
    call: AttemptRow, price: Price
) -> None:
    booked = costing(price, call)
    assert priced_again(booked, price).nano_usd == booked.cost_nano_usd


@given(st.lists(st.tuples(calls, states, st.booleans()), max_size=12), prices, prices)
def test_every_grouping_sums_to_the_total(
    made: list[tuple[AttemptRow, AttemptState, bool]], then: Price, now: Price
) -> None:
    rows: list[RequestRow] = []
    known: dict[str, bool] = {}
    for at, (call, state, priced) in enumerate(made):
        booked = replace(costing(then, call), request_id=f"r{at}", state=state)
        rows.append(request(f"r{at}", booked))
        known[f"r{at}"] = priced
    repricing = reprice(rows, lambda row, _call: now if known[row.request_id] else None)
    for group in repricing.groups.values():
        assert _sum(list(group.values())) == _sum([repricing.total])
    spent = sum(row.cost_nano_usd for row in rows)
    assert repricing.total.booked_nano_usd + repricing.total.left_out_nano_usd == spent
    assert repricing.outcomes.total() == len(rows)


def _sum(groups: list[Sums]) -> tuple[int, ...]:
    return tuple(
        sum(getattr(group, name) for group in groups)
        for name in (
            "calls",
            "booked_nano_usd",
            "again_nano_usd",
            "difference_nano_usd",
            "left_out",
            "left_out_nano_usd",
            "newly_known_nano_usd",
        )
    )


def test_groups_are_bounded_whatever_the_rows_say() -> None:
    found = Repricing()
    for at in range(400):
        found.add(request("r"), replace(CALL, model=f"model-{at}"), CHEAP)
    assert len(found.models) == 257
    assert found.models["(other)"].calls == 400 - 256


def test_versions_that_share_a_line_are_not_said_to_be_lost() -> None:
    found = Repricing()
    for at in range(MAX_VERSIONS + 2):
        found.add(replace(request("r"), policy_hash=f"hash-{at}"), CALL, CHEAP)
    told = reprice_json(found, "other prices", lambda version: f"kept as {version}")
    lines = {line["hash"]: line for line in cast(list[Json], told["policies"])}
    assert lines[""]["calls"] == 2
    assert lines[""]["read_from"] == "versions beyond those that are counted one by one"
    assert lines["hash-0"]["read_from"] == "kept as hash-0"


BOOK = """\
version: 1
name: ours
as_of: 2026-01-01
models:
  nano-1:
    - {input_usd_per_mtok: 1, output_usd_per_mtok: 4}
    - {valid_from: 2027-01-01, input_usd_per_mtok: 2, output_usd_per_mtok: 8}
own_compute:
  - {usd_per_core_hour: 0.036}
"""
OTHER_BOOK = BOOK.replace("name: ours", "name: other").replace("per_mtok: 1,", "per_mtok: 5,")
FAR = "{name: nano, kind: upstream, model: nano-1, base_urls: ['http://localhost:1/v1']PRICE}"


def policy(folder: Path, price: str = "") -> LoadedPolicy:
    write(folder, BOOK, "prices.yaml")
    far = FAR.replace("PRICE", price)
    return load_policy(
        write(folder, GOOD.replace("      - name: smol", f"      - {far}\n      - name: smol", 1)),
        {},
    )


def other(folder: Path) -> LoadedPrices:
    return load_prices(write(folder, OTHER_BOOK, "other.yaml"))


def shipped() -> LoadedPrices:
    return load_prices(policies_dir() / "prices.yaml")


def input_price(prices: RowPrices, call: AttemptRow = CALL) -> int | None:
    found = prices.price(request("r", call), call)
    return None if found is None else found.input_nano_usd


@pytest.mark.parametrize(("on", "usd"), [(None, 1), (OLD_DAY, 1), (NEW_DAY, 2)])
def test_the_day_is_the_calls_own_or_the_one_that_is_asked_for(
    tmp_path: Path, on: date | None, usd: int
) -> None:
    loaded = policy(tmp_path)
    assert input_price(RowPrices(lambda _hash: loaded, shipped(), on=on)) == usd * 10**9


def test_a_call_after_the_change_has_the_new_price(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    later = replace(CALL, started_at_ms=NOW_MS + 90 * 86_400_000)
    assert input_price(RowPrices(lambda _hash: loaded, shipped()), later) == 2 * 10**9


def test_a_price_in_the_policy_goes_before_its_book(tmp_path: Path) -> None:
    loaded = policy(tmp_path, ", price: {input_usd_per_mtok: 3, output_usd_per_mtok: 9}")
    assert input_price(RowPrices(lambda _hash: loaded, shipped())) == 3 * 10**9


def test_another_book_goes_before_everything(tmp_path: Path) -> None:
    loaded = policy(tmp_path, ", price: {input_usd_per_mtok: 3, output_usd_per_mtok: 9}")
    assert input_price(RowPrices(lambda _hash: loaded, shipped(), other(tmp_path))) == 5 * 10**9


def test_the_policys_name_of_a_model_finds_what_the_provider_calls_otherwise(
    tmp_path: Path,
) -> None:
    loaded = policy(tmp_path)
    renamed = replace(CALL, model="nano-1-2026-03-05")
    assert input_price(RowPrices(lambda _hash: loaded, shipped()), renamed) == 10**9
    assert input_price(RowPrices(lambda _hash: None, shipped()), renamed) is None


def test_a_row_whose_policy_is_gone_is_priced_by_its_model() -> None:
    listed = f"{shipped().file.name}@1a2b3c4d5e6f 2026-11-20"
    call = replace(CALL, model="gpt-5.5", price_version=listed)
    assert input_price(RowPrices(lambda _hash: None, shipped()), call) == 5 * 10**9


def test_a_price_of_a_policy_that_is_gone_is_not_guessed_from_a_list() -> None:
    call = replace(CALL, model="gpt-5.5", price_version="our contract")
    assert input_price(RowPrices(lambda _hash: None, shipped()), call) is None


def test_a_call_is_priced_by_the_version_of_the_policy_that_made_it(tmp_path: Path) -> None:
    price = ", price: {input_usd_per_mtok: %d, output_usd_per_mtok: 9}"
    (tmp_path / "then").mkdir()
    versions = {"ab12": policy(tmp_path, price % 3), "cd34": policy(tmp_path / "then", price % 7)}
    prices = RowPrices(versions.get, shipped())
    assert input_price(prices) == 3 * 10**9
    candidates = replace(request("r", CALL), policy_hash="cd34")
    found = prices.price(candidates, CALL)
    assert found is not None
    assert found.input_nano_usd == 7 * 10**9


def test_cores_of_the_row_are_priced_by_the_book(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    local = replace(CALL, answerer="smol", model="smollm2-135m", compute_ms=1_000.0, cores=3)
    found = RowPrices(lambda _hash: loaded, shipped()).price(request("r", local), local)
    assert found is not None
    assert found.per_second_nano_usd == 3 * 10_000  # $0.036 an hour is 10,000 a second


def test_core_seconds_of_a_row_without_cores_have_no_price(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    old = replace(CALL, answerer="smol", model="smollm2-135m", compute_ms=1_000.0)
    assert RowPrices(lambda _hash: loaded, shipped()).price(request("r", old), old) is None


def test_reading_a_request_is_priced_by_the_book_of_its_policy(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    read = replace(CALL, role=Role.TRIAGE, answerer="triage", model="minilm@1", cores=1)
    found = RowPrices(lambda _hash: loaded, shipped()).price(request("r", read), read)
    assert found is not None
    assert found.per_second_nano_usd == 10_000


def test_own_compute_that_the_policys_book_does_not_price_is_free_whatever_the_shipped_says(
    tmp_path: Path,
) -> None:
    loaded = policy(tmp_path)
    write(tmp_path, BOOK.partition("own_compute")[0], "prices.yaml")
    unpriced = load_policy(loaded.path, {})
    read = replace(CALL, role=Role.TRIAGE, answerer="triage", model="minilm@1", cores=1)
    assert shipped().compute(1, NEW_DAY) is not None
    assert RowPrices(lambda _hash: unpriced, shipped()).price(request("r", read), read) is None


def test_vectors_of_an_upstream_are_priced_by_their_embedder(tmp_path: Path) -> None:
    """The policy states the price that they are booked at; an embedder is no answerer of a tier."""
    path = policy(tmp_path).path
    embedder = (
        "embedders:\n- {name: vectors, model: embed-1, base_url: 'http://localhost:1/v1', "
        "price: {input_usd_per_mtok: 0.02, output_usd_per_mtok: 0}}\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + embedder, encoding="utf-8")
    loaded = load_policy(path, {})
    call = replace(CALL, answerer="vectors", model="embed-1")
    assert input_price(RowPrices(lambda _hash: loaded, shipped()), call) == 20_000_000
    unpriced = path.read_text(encoding="utf-8").replace("embed-1", "nano-1")
    path.write_text(
        unpriced.replace(", price: {input_usd_per_mtok: 0.02, output_usd_per_mtok: 0}", ""), "utf-8"
    )
    loaded = load_policy(path, {})  # now by the book, as an answerer of this model
    call = replace(CALL, answerer="vectors", model="nano-1")
    assert input_price(RowPrices(lambda _hash: loaded, shipped()), call) == 10**9
