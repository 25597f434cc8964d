"""The dated price book: which price holds when, where it is looked for, and what breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.cli.policies.key_reference import price_keys
from router.errors import Mistake, PolicyError, PriceBookError
from router.money.days import utc_day
from router.money.price_book import PriceBook, by_list, is_known, litellm_table
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.price_list import DatedCompute, in_force, load_prices
from router.policy.sections.answerers import AnswererSection
from router.types import Price
from tests import ROOT
from tests.kits.changed import replace
from tests.kits.inputs.policy_texts import GOOD, write

BOOK = """\
version: 1
name: ours
as_of: 2026-11-01
models:
  gpt-x:
    - {input_usd_per_mtok: 2, output_usd_per_mtok: 8}
    - {valid_from: 2026-11-10, input_usd_per_mtok: 1, output_usd_per_mtok: 4}
  gpt-x-mini*:
    - {valid_from: 2026-11-10, input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.4}
own_compute:
  - {usd_per_core_hour: 0.05}
  - {valid_from: 2026-12-01, usd_per_core_hour: 0.072}
reviewers:
  - {valid_from: 2026-11-01, usd_per_minute: 1.5}
"""
BEFORE, FIRST, AFTER = date(2026, 11, 9), date(2026, 11, 10), date(2027, 6, 1)
EMBEDDERS = """
embedders:
- {name: vectors, model: gpt-x, base_url: "http://localhost:1/v1"}
- {name: own, model: gpt-x, base_url: "http://localhost:1/v1",
   price: {input_usd_per_mtok: 7, output_usd_per_mtok: 0, version: mine}}
- {name: nowhere, model: gpt-nowhere, base_url: "http://localhost:1/v1"}
"""
UPSTREAM = "{name: far, kind: upstream, model: MODEL, base_urls: ['http://localhost:1/v1']PRICE}"


def book(folder: Path, text: str = BOOK) -> Path:
    return write(folder, text, "prices.yaml")


def mistakes_of(folder: Path, text: str) -> tuple[Mistake, ...]:
    path = book(folder, text)
    with pytest.raises(PriceBookError) as caught:
        load_prices(path)
    assert all(mistake.file == str(path) for mistake in caught.value.mistakes)
    return caught.value.mistakes


def policy(folder: Path, model: str = "gpt-x", price: str = "", more: str = "") -> LoadedPolicy:
    """Writes a policy next to the book, with one upstream answerer on `model`."""
    book(folder)
    far = UPSTREAM.replace("MODEL", model).replace("PRICE", price)
    text = GOOD.replace("      - name: smol\n", f"      - {far}\n      - name: smol\n", 1)
    return load_policy(write(folder, text + more), {})


def answerer(loaded: LoadedPolicy, name: str) -> AnswererSection:
    found = loaded.policy.answerer(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answered", "price", "usd"),
    [
        ("gpt-x-2026-05-13", "", 5),  # named by the book at a price of its own
        ("gpt-x-2026-08-06", "", None),  # named at the same price
        ("gpt-x-2026-10-01", "", None),  # not named
        ("gpt-x-2026-05-13", ", price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}", None),
    ],
)
def test_a_dated_version_costs_what_the_book_says_of_it(
    tmp_path: Path, answered: str, price: str, usd: int | None
) -> None:
    loaded = policy(tmp_path, "far/gpt-x", price)
    versions = """\
  gpt-x-2026-05-13: [{input_usd_per_mtok: 5, output_usd_per_mtok: 15}]
  gpt-x-2026-08-06: [{input_usd_per_mtok: 1, output_usd_per_mtok: 4}]
own_compute:
"""
    text = BOOK.replace("own_compute:\n", versions)
    loaded = replace(loaded, prices=load_prices(book(tmp_path, text)))
    redirect = PriceBook.of(loaded, FIRST).redirected("far/gpt-x", answered)
    assert (redirect is None) == (usd is None)
    if redirect is not None and redirect.price is not None and usd is not None:
        assert redirect.price.input_nano_usd == usd * 10**9


def test_a_dated_version_is_found_in_the_table_without_its_provider(tmp_path: Path) -> None:
    """The table has `gpt-4o`, and no `openai/gpt-4o`."""
    table = litellm_table()
    if "gpt-4o" not in table:
        pytest.skip("litellm is not installed")
    prices = PriceBook.of(policy(tmp_path, "openai/gpt-4o"), FIRST)
    redirect = prices.redirected("openai/gpt-4o", "gpt-4o-2024-05-13")
    assert redirect is not None
    assert redirect.price == table["gpt-4o-2024-05-13"]


def test_a_dated_version_is_compared_with_the_price_that_calls_are_booked_at(
    tmp_path: Path,
) -> None:
    """The policy's price of a requested model is of another comparison."""
    more = (
        "report: {requested_models: {far/gpt-x: {input_usd_per_mtok: 9, output_usd_per_mtok: 9}}}\n"
    )
    text = BOOK.replace(
        "own_compute:\n",
        "  gpt-x-2026-08-06: [{input_usd_per_mtok: 1, output_usd_per_mtok: 4}]\nown_compute:\n",
    )
    loaded = replace(
        policy(tmp_path, "far/gpt-x", more=more), prices=load_prices(book(tmp_path, text))
    )
    assert PriceBook.of(loaded, FIRST).redirected("far/gpt-x", "gpt-x-2026-08-06") is None


@pytest.mark.parametrize(("day", "usd"), [(BEFORE, 2), (FIRST, 1), (AFTER, 1)])
def test_the_latest_entry_that_has_begun_holds(tmp_path: Path, day: date, usd: int) -> None:
    price = load_prices(book(tmp_path)).model("gpt-x", day)
    assert price is not None
    assert price.input_nano_usd == usd * 10**9


def test_before_its_first_day_a_price_is_unknown(tmp_path: Path) -> None:
    prices = load_prices(book(tmp_path))
    assert prices.model("gpt-x-mini-2026", BEFORE) is None
    assert prices.model("gpt-x-mini-2026", FIRST) is not None


@pytest.mark.parametrize("model", ["gpt-x", "openai/gpt-x", "router/openai/gpt-x"])
def test_a_model_is_found_with_its_provider_or_without(tmp_path: Path, model: str) -> None:
    assert load_prices(book(tmp_path)).model(model, AFTER) is not None


def test_a_version_names_book_content_and_day(tmp_path: Path) -> None:
    prices = load_prices(book(tmp_path))
    versions = [price.version for day in (BEFORE, AFTER) if (price := prices.model("gpt-x", day))]
    assert versions == [f"ours@{prices.hash} 2026-11-01", f"ours@{prices.hash} 2026-11-10"]


def test_an_edited_book_has_another_version(tmp_path: Path) -> None:
    before = load_prices(book(tmp_path)).hash
    assert load_prices(book(tmp_path, BOOK.replace("0.4}", "0.5}"))).hash != before


def test_a_comment_changes_no_version(tmp_path: Path) -> None:
    before = load_prices(book(tmp_path)).hash
    assert load_prices(book(tmp_path, "# checked\n" + BOOK)).hash == before


def test_two_cores_cost_twice_the_core_second(tmp_path: Path) -> None:
    # $0.05 an hour is 13,888.9 nano-dollars a second, rounded up to 13,889 for each core.
    price = load_prices(book(tmp_path)).compute(2, FIRST)
    assert price is not None
    assert price.per_second_nano_usd == 2 * 13_889


def test_a_minute_of_a_reviewer_is_a_sixtieth_of_the_hour(tmp_path: Path) -> None:
    prices = load_prices(book(tmp_path))
    assert prices.reviewer_usd_per_hour(FIRST) == 90.0
    assert prices.reviewer_usd_per_hour(date(2026, 10, 31)) is None


@pytest.mark.parametrize(
    ("day", "newest"),
    [(date(2026, 10, 1), None), (BEFORE, date(2026, 11, 1)), (AFTER, date(2026, 12, 1))],
)
def test_a_server_knows_when_the_newest_price_began(
    tmp_path: Path, day: date, newest: date | None
) -> None:
    assert load_prices(book(tmp_path)).newest(day) == newest


days = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(st.lists(days, unique=True, min_size=1), days)
def test_no_entry_holds_that_another_has_replaced(starts: list[date], day: date) -> None:
    entries = [DatedCompute(valid_from=start, usd_per_core_hour=1) for start in starts]
    found = in_force(entries, day)
    if found is None:
        assert min(starts) > day
    else:
        assert found.valid_from is not None
        assert not any(found.valid_from < start <= day for start in starts)


def test_a_price_in_the_policy_goes_before_the_book(tmp_path: Path) -> None:
    loaded = policy(tmp_path, price=", price: {list_price_usd: 0.5, version: agreed}")
    price = PriceBook.of(loaded, FIRST).answerer(answerer(loaded, "far"))
    assert price == Price(per_request_nano_usd=5 * 10**8, version="agreed", covers_sound=True)


def test_an_answerer_without_a_price_has_its_models(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    price = PriceBook.of(loaded, FIRST).answerer(answerer(loaded, "far"))
    assert price == loaded.prices.model("gpt-x", FIRST)


def test_a_local_model_costs_its_cores(tmp_path: Path) -> None:
    loaded = policy(tmp_path)
    smol = answerer(loaded, "smol")
    assert PriceBook.of(loaded, FIRST).answerer(smol, 4).per_second_nano_usd == 4 * 13_889
    assert PriceBook.of(loaded, AFTER).answerer(smol, 4).per_second_nano_usd == 4 * 20_000


def test_a_local_model_may_have_token_prices_beside_its_cores(tmp_path: Path) -> None:
    prices = load_prices(book(tmp_path))
    both = by_list(prices, "gpt-x", 2, FIRST)
    assert both is not None
    assert (both.input_nano_usd, both.per_second_nano_usd) == (10**9, 2 * 13_889)
    assert both.version == f"ours@{prices.hash} 2026-11-10, compute 2026-11-01"


def test_the_table_stands_behind_the_book(tmp_path: Path) -> None:
    table = litellm_table()
    if not table:
        pytest.skip("litellm is not installed")
    name = next(name for name in table if name.startswith("mistral/"))
    loaded = policy(tmp_path, model=name)
    price = PriceBook.of(loaded, FIRST).answerer(answerer(loaded, "far"))
    assert price == table[name]


def test_the_table_is_not_asked_for_a_model_that_the_book_names(tmp_path: Path) -> None:
    table: Mapping[str, Price] = litellm_table()
    if "gpt-4o" not in table:
        pytest.skip("litellm is not installed")
    text = BOOK.replace("gpt-x-mini*", "gpt-4o")
    loaded = policy(tmp_path, model="gpt-4o")
    book(tmp_path, text)
    again = load_policy(loaded.path, {})
    assert not is_known(PriceBook.of(again, BEFORE).answerer(answerer(again, "far")))


def test_nobody_states_a_price_and_none_is_made_up(tmp_path: Path) -> None:
    loaded = policy(tmp_path, model="no-such-model")
    assert not is_known(PriceBook.of(loaded, FIRST).answerer(answerer(loaded, "far")))
    assert PriceBook.of(loaded, FIRST).find("no-such-model") is None


def test_a_requested_model_that_the_policy_states_goes_before_the_book(tmp_path: Path) -> None:
    stated = "report: {requested_models: {gpt-x: {list_price_usd: 1}}}\n"
    loaded = policy(tmp_path, more=stated)
    found = PriceBook.of(loaded, FIRST).stated("gpt-x")
    assert found is not None
    assert found.per_request_nano_usd == 10**9


def test_days_begin_at_midnight_utc() -> None:
    assert utc_day(1_795_046_399_999) == date(2026, 11, 18)
    assert utc_day(1_795_046_400_000) == date(2026, 11, 19)


BROKEN = [
    pytest.param("name: ours", "name: our prices", 2, "name", "'our prices'", "a name of",
                 id="name with a space"),
    pytest.param("as_of: 2026-11-01", "as_of: 20261101", 3, "as_of", "20261101", "a date like",
                 id="day as a number"),
    pytest.param("as_of: 2026-11-01\n", "", 1, "as_of", "nothing", "required", id="no as_of"),
    pytest.param("output_usd_per_mtok: 8", "output_usd_per_mtok: -8", 6,
                 "models.gpt-x[0].output_usd_per_mtok", "-8", "a number from 0", id="negative"),
    pytest.param("output_usd_per_mtok: 8", "output_usd_per_million: 8", 6,
                 "models.gpt-x[0].output_usd_per_million", "an unknown key", "did you mean",
                 id="unknown key"),
    pytest.param("input_usd_per_mtok: 2, ", "", 6, "models.gpt-x[0]", "a mapping",
                 "come together", id="output alone"),
    pytest.param("{input_usd_per_mtok: 2, output_usd_per_mtok: 8}", "{image_usd: 1}", 6,
                 "models.gpt-x[0]", "a mapping", "list_price_usd", id="an image alone"),
    pytest.param("usd_per_core_hour: 0.05", "usd_per_core_hour: free", 11,
                 "own_compute[0].usd_per_core_hour", "'free'", "a number", id="word for a number"),
    pytest.param("- {valid_from: 2026-12-01, ", "- {", 12, "own_compute[1].valid_from", "'none'",
                 "a day of its own", id="two from the beginning"),
    pytest.param("- {input_usd", "- {valid_from: 2026-11-10, input_usd", 7,
                 "models.gpt-x[1].valid_from", "'2026-11-10'", "a day of its own",
                 id="one day twice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "found", "expected"), BROKEN)
def test_a_mistake_names_its_place_and_what_is_expected(
    tmp_path: Path, old: str, new: str, line: int, key: str, found: str, expected: str
) -> None:
    assert old in BOOK
    (mistake,) = [m for m in mistakes_of(tmp_path, BOOK.replace(old, new, 1)) if m.key_path == key]
    assert mistake.line == line
    assert found in mistake.found
    assert expected in mistake.expected


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = BOOK.replace("version: 1", "version: 2").replace("as_of: 2026-11-01", "as_of: soon")
    text = text.replace("valid_from: 2026-12-01, usd_per_core_hour: 0.072", "usd_per_core_hour: x")
    found = [(one.line, one.key_path) for one in mistakes_of(tmp_path, text)]
    assert found == [
        (1, "version"),
        (3, "as_of"),
        (12, "own_compute[1].valid_from"),
        (12, "own_compute[1].usd_per_core_hour"),
    ]


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n"])
def test_what_is_no_mapping_is_no_price_book(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes_of(tmp_path, text)
    assert "version, name and models" in mistake.expected


def test_a_policy_tells_the_mistakes_of_its_book_beside_its_own(tmp_path: Path) -> None:
    prices = book(tmp_path, BOOK.replace("version: 1", "version: 2"))
    path = write(tmp_path, GOOD.replace("kind: local", "kind: lokal"))
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    assert [m.file for m in caught.value.mistakes] == [str(path), str(prices)]


def test_a_book_that_is_not_there_is_a_mistake_of_the_policy(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "prices: nowhere.yaml\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    (mistake,) = caught.value.mistakes
    assert (mistake.key_path, mistake.found) == ("prices", "'nowhere.yaml'")


def test_every_key_of_a_price_book_stands_in_its_document() -> None:
    assert (ROOT / "docs" / "reference" / "price-keys.md").read_text("utf-8") == price_keys()


def test_an_edited_book_changes_the_policys_hash(tmp_path: Path) -> None:
    before = policy(tmp_path)
    book(tmp_path, BOOK.replace("0.4}", "0.5}"))
    assert load_policy(before.path, {}).hash != before.hash


@pytest.mark.parametrize(("day", "nano_usd"), [(BEFORE, 2 * 10**9), (FIRST, 10**9)])
def test_an_embedder_finds_its_price_in_the_book_as_an_answerer_does(
    tmp_path: Path, day: date, nano_usd: int
) -> None:
    """By check and server, from the day on; its own price goes first, and unknown is no 0."""
    found = PriceBook.of(policy(tmp_path, more=EMBEDDERS), day)
    prices = [one.price.to_price() for one in found.policy().embedders]
    assert [price.input_nano_usd for price in prices] == [nano_usd, 7 * 10**9, None]
    assert prices[0].version.startswith("ours@")
    assert prices[1].version == "mine"
