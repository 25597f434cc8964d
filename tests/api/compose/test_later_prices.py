"""A policy is built with the prices of the coming days of its book, so none begins late."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from router.api.compose.core import Core, Settings, load_policies
from router.money.days import day_start_ms
from router.policy.loading import policies_dir
from router.routing.policy_runtime import PolicyRuntime

FIRST, SECOND = day_start_ms(date(2999, 1, 1)), day_start_ms(date(2999, 3, 1))
BOOK = """\
version: 1
name: ours
as_of: 2026-01-01
models:
  nano-1:
    - {input_usd_per_mtok: 1, output_usd_per_mtok: 4}
    - {valid_from: 2999-01-01, input_usd_per_mtok: 2, output_usd_per_mtok: 8}
own_compute:
  - {usd_per_core_hour: 0.036}
  - {valid_from: 2999-03-01, usd_per_core_hour: 0.072}
"""
POLICY = """\
version: 1
name: dated
tiers:
- name: llm
  level: 2
  answerers:
  - {name: listed, kind: upstream, model: nano-1, base_urls: ['http://localhost:1/v1']}
  - {name: agreed, kind: upstream, model: nano-1, base_urls: ['http://localhost:1/v1'],
     price: {input_usd_per_mtok: 5, output_usd_per_mtok: 5}}
- name: deep
  level: 3
  answerers:
  - {name: thinker, kind: deliberation, over: listed}
  - {name: checked, kind: upstream, model: other-1, base_urls: ['http://localhost:1/v1'],
     check: {rubric: RUBRIC, judge: listed, at_least: 0.5}}
"""


def built(folder: Path, book: str = BOOK) -> PolicyRuntime:
    (folder / "prices.yaml").write_text(book, encoding="utf-8")
    policy = POLICY.replace("RUBRIC", str(policies_dir() / "rubrics" / "code.yaml"))
    (folder / "dated.yaml").write_text(policy, encoding="utf-8")
    settings = Settings(policies=(str(folder / "dated.yaml"),), cache_dir=None)
    return Core(settings, load_policies(settings, {}), {}).router.default


def test_each_coming_price_holds_from_its_first_millisecond(tmp_path: Path) -> None:
    runtime = built(tmp_path)
    for at_ms, usd, compute in (
        (FIRST - 1, 1, 10_000),
        (FIRST, 2, 10_000),
        (SECOND - 1, 2, 10_000),
        (SECOND, 2, 20_000),
    ):
        then = runtime.on(at_ms)
        assert then.by_name["listed"].facts.price.input_nano_usd == usd * 10**9
        assert then.price_of("nano-1") == then.by_name["listed"].facts.price
        assert then.triage_price.per_second_nano_usd == compute
    assert "2999-01-01" in runtime.on(FIRST).by_name["listed"].facts.price.version


def test_a_price_of_the_policy_has_no_day(tmp_path: Path) -> None:
    runtime = built(tmp_path)
    assert runtime.on(FIRST).by_name["agreed"] == runtime.by_name["agreed"]


def test_a_deliberation_is_expected_to_cost_what_its_steps_will(tmp_path: Path) -> None:
    thinker = built(tmp_path).on(FIRST).by_name["thinker"]
    assert thinker.over is not None
    assert thinker.over.price.input_nano_usd == 2 * 10**9


def test_a_judge_is_expected_to_read_as_much_as_before(tmp_path: Path) -> None:
    runtime = built(tmp_path)
    before, then = (r.by_name["checked"].judged_by for r in (runtime, runtime.on(FIRST)))
    assert before is not None
    assert then == replace(before, price=runtime.on(FIRST).by_name["listed"].facts.price)


def test_a_book_without_coming_prices_builds_a_policy_once(tmp_path: Path) -> None:
    book = "\n".join(line for line in BOOK.splitlines() if "2999" not in line)
    assert built(tmp_path, book).later == ()


def test_a_price_for_each_of_many_days_is_found_on_its_day(tmp_path: Path) -> None:
    days = [date(2999, 1, 2) + timedelta(n) for n in range(1_100)]
    prices = "".join(
        f"    - {{valid_from: {day}, input_usd_per_mtok: {n + 2}, output_usd_per_mtok: 8}}\n"
        for n, day in enumerate(days)
    )
    runtime = built(tmp_path, BOOK.replace("own_compute:", f"{prices}own_compute:"))
    for n in (0, 500, 1_099):
        then = runtime.on(day_start_ms(days[n]))
        assert then.by_name["listed"].facts.price.input_nano_usd == (n + 2) * 10**9
