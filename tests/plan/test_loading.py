"""A broken plan is refused with every mistake: file, line, key path, found, what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import Mistake, PlanError
from router.plan.loading import find_plan, load_plan
from router.plan.schema import Plan
from router.policy.loading import policies_dir
from router.types import Price
from tests.kits.plan_kit import BOOK

GOOD = """\
version: 1
name: good
traffic: {requests_per_day: 100}
tiers:
  - {name: small, share: 0.9, price: {list_price_usd: 0.001}}
  - {name: large, share: 0.1, price: {list_price_usd: 0.1}}
general: {name: general, price: {list_price_usd: 0.05}}
"""


class Book:
    """A price book of two models; a reviewer costs what it is told."""

    def __init__(self, reviewer: float | None = None) -> None:
        self._reviewer = reviewer

    def reviewer_usd_per_hour(self) -> float | None:
        return self._reviewer

    def find(self, model: str) -> Price | None:
        return BOOK.get(model)

    def names(self) -> tuple[str, ...]:
        return tuple(BOOK)


def load(text: str, folder: Path, *changes: str) -> Plan:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return load_plan(path, changes, Book())


def mistakes(text: str, folder: Path, *changes: str) -> tuple[Mistake, ...]:
    with pytest.raises(PlanError) as caught:
        load(text, folder, *changes)
    return caught.value.mistakes


def with_line(line: str) -> str:
    return GOOD + line + "\n"


SMALL = "  - {name: small, share: 0.9, price: {list_price_usd: 0.001}}"


def tier(more: str) -> str:
    """The good plan with another first tier."""
    assert SMALL in GOOD
    return GOOD.replace(SMALL, f"  - {{name: small, share: 0.9, {more}}}")


# One row per kind of mistake: text, line, key path, part of what was found and of what is expected.
CASES = [
    pytest.param(
        GOOD.replace("share: 0.1", "share: 0.08"),
        4, "tiers", "shares that sum to 0.98 (0.9 + 0.08)", "sum to 1", id="sum of shares",
    ),
    pytest.param(
        GOOD.replace("share: 0.1", "requests_per_day: 5"),
        5, "tiers[0]", "mapping", "share in every tier, or requests_per_day in", id="mixed",
    ),
    pytest.param(
        GOOD.replace("traffic: {requests_per_day: 100}\n", ""),
        1, "traffic.requests_per_day", "nothing", "how many requests", id="no volume",
    ),
    pytest.param(
        GOOD.replace("share: 0.9", "requests_per_day: 90").replace(
            "share: 0.1", "requests_per_day: 10"
        ),
        3, "traffic.requests_per_day", "100", "add up to it", id="volume twice",
    ),
    pytest.param(
        "version: 1\nname: x\ntraffic: {requests_per_day: 1}\n"
        "general: {price: {list_price_usd: 1}}\n",
        1, "(top)", "mapping", "tiers or steps", id="nothing to plan",
    ),
    pytest.param(
        tier("price: {model: smal-model}, input_tokens: 5"),
        5, "tiers[0].price.model", "smal-model", "did you mean `small-model`", id="unknown model",
    ),
    pytest.param(
        tier("price: {model: small-model}"),
        5, "tiers[0]", "mapping", "this price is per token", id="token price without tokens",
    ),
    pytest.param(
        tier("price: {compute_usd_per_hour: 1}"),
        5, "tiers[0]", "mapping", "compute_s", id="compute without seconds",
    ),
    pytest.param(
        tier("price: {}"),
        5, "tiers[0].price", "mapping", "list_price_usd: 0 where it costs nothing", id="no price",
    ),
    pytest.param(
        tier("price: {list_price_usd: 1, model: small-model}"),
        5, "tiers[0].price", "mapping", "only one of", id="two prices",
    ),
    pytest.param(
        tier("price: {list_price_usd: 1}, input_tokens: 5, cached_input_tokens: 6"),
        5, "tiers[0]", "mapping", "part of input_tokens", id="more cached than sent",
    ),
    pytest.param(
        tier("price: {list_price_usd: 1}, after_draft: 0.1"),
        5, "tiers[0].after_draft", "0.1", "none that could have drafted", id="draft before first",
    ),
    pytest.param(
        tier("price: {list_price_usd: 1}, review_share: 0.1"),
        5, "tiers[0]", "mapping", "review_minutes", id="review without minutes",
    ),
    pytest.param(
        tier("price: {list_price_usd: 1}, review_share: 0.1, review_minutes: 2"),
        1, "people.review_usd_per_hour", "nothing", "hour of reading", id="review without rate",
    ),
    pytest.param(
        with_line("people: {setup_hours: 10}"),
        8, "people.usd_per_hour", "nothing", "what an hour costs", id="hours without rate",
    ),
    pytest.param(
        with_line("training: {first: {people_hours: 3}}"),
        1, "people.usd_per_hour", "nothing", "what an hour costs", id="training without rate",
    ),
    pytest.param(
        GOOD.replace("name: large", "name: small"),
        6, "tiers[1].name", "small", "tiers[0] has this one", id="name twice",
    ),
    pytest.param(
        with_line("hosting: [{name: a}]"),
        8, "hosting[0]", "mapping", "usd_per_hour or usd_per_month", id="machine without price",
    ),
    pytest.param(
        GOOD.replace("price: {list_price_usd: 0.05}", "usd_per_day: 5, price: {list_price_usd: 1}"),
        7, "general", "mapping", "one of the two", id="two baselines",
    ),
    pytest.param(
        GOOD.replace("price: {list_price_usd: 0.05}", "usd_per_day: 5").replace("100}", "0}"),
        7, "general.usd_per_day", "5", "where none comes", id="sum a day without requests",
    ),
    pytest.param(
        GOOD.replace("100}", "100, ramp_up_months: 13}") + "horizon: {years: 1}\n",
        3, "traffic.ramp_up_months", "13", "at most 12", id="ramp-up beyond the end",
    ),
    pytest.param(
        with_line("horizon: {discount_rat: 0.1}"),
        8, "horizon.discount_rat", "unknown key", "did you mean `discount_rate`", id="unknown key",
    ),
    pytest.param(
        GOOD.replace("100}", "-100}"),
        3, "traffic.requests_per_day", "-100", "a number from 0", id="negative volume",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key_path", "found", "expected"), CASES)
def test_a_mistake_names_its_place_and_what_is_expected(
    tmp_path: Path, text: str, line: int, key_path: str, found: str, expected: str
) -> None:
    (one,) = (m for m in mistakes(text, tmp_path) if m.key_path == key_path)
    assert one.line == line
    assert found in one.found
    assert expected in one.expected


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("share: 0.1", "share: 0.2").replace("version: 1", "version: 2")
    found = mistakes(with_line("people: {setup_hours: 10, hours: 3}").replace(GOOD, text), tmp_path)
    assert [one.key_path for one in found] == [
        "version", "tiers", "people.hours", "people.usd_per_hour",
    ]  # fmt: skip


def test_the_message_speaks_of_the_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="1 mistake in the plan:"):
        load(GOOD.replace("share: 0.1", "share: 0.08"), tmp_path)


@pytest.mark.parametrize("share", ["0.09999", "0.10001"])
def test_shares_may_miss_one_by_a_rounding(tmp_path: Path, share: str) -> None:
    assert load(GOOD.replace("share: 0.1", f"share: {share}"), tmp_path)


@pytest.mark.parametrize("share", ["0.09998", "0.10002"])
def test_shares_that_miss_one_by_more_are_refused(tmp_path: Path, share: str) -> None:
    assert mistakes(GOOD.replace("share: 0.1", f"share: {share}"), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a\n- b",
        "a: [",
        "name: {a: .nan}\ntiers: 3\nsteps: [1]",
        "tiers: [{}]",
        "tiers: [{name: [1]}]",
    ],
)
def test_what_is_no_plan_is_refused_without_a_traceback(tmp_path: Path, text: str) -> None:
    assert mistakes(text, tmp_path)


@pytest.mark.parametrize("value", [".inf", ".nan", "text", "[1]", "null"])
def test_a_volume_that_is_no_number_is_refused(tmp_path: Path, value: str) -> None:
    assert mistakes(GOOD.replace("100}", f"{value}}}"), tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(b"name: \xff")
    with pytest.raises(PlanError, match="no UTF-8"):
        load_plan(tmp_path / "plan.yaml", (), Book())


def test_a_plan_that_is_not_there_names_those_that_ship() -> None:
    with pytest.raises(PlanError, match=r"platfrom.*did you mean `platform`"):
        find_plan("platfrom", policies_dir())


def test_an_override_is_put_in_before_the_plan_is_checked(tmp_path: Path) -> None:
    changes = ("tiers[0].share=0.8", "tiers[1].share=0.2", "people.setup_hours=3",
               "people.usd_per_hour=50", "name=other")  # fmt: skip
    plan = load(GOOD, tmp_path, *changes)
    assert [tier.share for tier in plan.tiers] == [0.8, 0.2]
    assert plan.people.setup_hours == 3
    assert plan.name == "other"


def test_a_mistake_in_an_override_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    (one,) = mistakes(GOOD, tmp_path, "traffic.requests_per_day=-5")
    assert (one.file, one.line) == ("(--set)", 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("no equals sign", "KEY.PATH=VALUE"),
        ("=3", "KEY.PATH=VALUE"),
        ("a b=3", "KEY.PATH=VALUE"),
        ("tiers[7].share=1", "tiers[0] is the first tier"),
        ("name.x=1", "a place that the plan has"),
        ("horizon.yeers=3", "did you mean `years`"),
        ("name=[", "valid YAML"),
    ],
)
def test_an_override_that_fits_nowhere_is_refused(
    tmp_path: Path, change: str, expected: str
) -> None:
    assert any(expected in mistake.expected for mistake in mistakes(GOOD, tmp_path, change))


REVIEWED = tier("price: {list_price_usd: 1}, review_share: 0.1, review_minutes: 2")


@pytest.mark.parametrize(("people", "rate"), [("", 90.0), ("people: {usd_per_hour: 40}", None)])
def test_reviews_without_a_rate_cost_what_the_price_book_says(
    tmp_path: Path, people: str, rate: float | None
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(REVIEWED + people, encoding="utf-8")
    assert load_plan(path, (), Book(reviewer=90.0)).people.review_usd_per_hour == rate
