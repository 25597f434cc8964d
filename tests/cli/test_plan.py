"""`tiergate plan` as people run it."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from router.cli.policies.key_reference import plan_keys
from router.money.litellm_prices import load_litellm_prices
from router.money.price_book import PriceBook
from tests import ROOT
from tests.kits.server_kit import tiergate

DOCS = (ROOT / "docs" / "guides" / "plan.md").read_text("utf-8")
EXAMPLE = ROOT / "policies" / "plans" / "example.yaml"


def test_the_example_is_printed_and_works(tmp_path: Path) -> None:
    printed = tiergate("plan", "--example")
    assert printed.returncode == 0
    assert printed.stdout == EXAMPLE.read_text("utf-8")
    (tmp_path / "plan.yaml").write_text(printed.stdout, "utf-8")
    run = tiergate("plan", tmp_path / "plan.yaml")
    assert run.returncode == 0, run.stderr
    assert "breaks even at" in run.stdout
    assert run.stdout[0] != " ", "the first line is the sentence"
    assert not [line for line in run.stdout.splitlines() if line.endswith(" ")]
    assert "What matters most" in run.stdout


@pytest.mark.process
def test_a_shipped_plan_is_found_by_name() -> None:
    parsed = json.loads(tiergate("plan", "mail", "--json").stdout)
    assert parsed["sums"][0]["day_usd"] == "40.00"


@pytest.mark.process
def test_a_folder_is_no_plan_and_said_to_be_a_folder(tmp_path: Path) -> None:
    refused = tiergate("plan", tmp_path)
    assert refused.returncode == 2
    assert "found a folder; expected a plan file, or one of crossing" in refused.stderr
    assert "found no plan file; `tiergate plan --example` prints one" in tiergate("plan").stderr


@pytest.mark.process
def test_figures_are_changed_from_the_command_line() -> None:
    run = tiergate("plan", "crossing", "--set", "horizon.years=2",
                    "--set", "general.price.list_price_usd=0.001", "--json")  # fmt: skip
    parsed = json.loads(run.stdout)
    assert [year["year"] for year in parsed["years"]] == [0, 1, 2]
    assert parsed["break_even"][0]["requests_per_month"] == 555_556  # 500 / 0.0009


@pytest.mark.process
def test_files_are_written_and_named(tmp_path: Path) -> None:
    html, csv = tmp_path / "plan.html", tmp_path / "plan.csv"
    run = tiergate("plan", "platform", "--html", html, "--csv", csv)
    assert run.stdout.splitlines() == [f"Report written to {html}.", f"Figures written to {csv}."]
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert csv.read_text("utf-8").startswith("section,key,metric,value\n")


@pytest.mark.process
def test_messages_stay_out_of_the_json(tmp_path: Path) -> None:
    run = tiergate("plan", "platform", "--json", "--html", tmp_path / "plan.html")
    assert json.loads(run.stdout)["schema"] == "tiergate.plan/1"
    assert "Report written" in run.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("option", "other", "first"),
    [("--html", "--csv", "<!DOCTYPE html>"), ("--csv", "--html", "section,key,metric,value")],
)
def test_a_dash_writes_to_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, other: str, first: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tiergate("plan", "platform", option, "-", other, "file")
    assert run.stdout.startswith(first)
    assert "written to file." in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert tiergate("plan", "platform", option, "-", other, "-").returncode == 2


@pytest.mark.process
def test_mistakes_end_with_2_and_name_the_sum(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8").replace("share: 0.62", "share: 0.6")
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    run = tiergate("plan", tmp_path / "plan.yaml")
    assert run.returncode == 2
    assert "tiers: found shares that sum to 0.98 (0.6 + 0.33 + 0.05)" in run.stderr
    assert "Traceback" not in run.stderr


DAY = date(2026, 11, 20)


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "said_so"),
    [
        ((), "--example"),
        (("nowhere.yaml",), "crossing, example, mail, platform"),
        (("mail", "--html", "/nowhere/plan.html"), "there is no folder"),
        (("mail", "-p", "no such policy"), ""),  # not asked: no price is looked up
    ],
)
def test_wrong_usage_says_what_to_do(arguments: tuple[str, ...], said_so: str) -> None:
    run = tiergate("plan", *arguments)
    assert run.returncode == (2 if said_so else 0)
    assert said_so in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.process
def test_prices_by_name_are_dated_in_the_assumptions() -> None:
    parsed = json.loads(tiergate("plan", "example", "--json").stdout)
    said = " ".join(parsed["assumptions"])
    assert "at $0.25 and $2.00 per million (shipped@" in said


def test_a_price_comes_from_the_book_before_litellm() -> None:
    book = PriceBook.named("default", os.environ, DAY)
    stated = book.find("gpt-5-mini-2025-08-07")  # by the glob gpt-5-mini*
    assert stated is not None
    assert stated.version.startswith("shipped@")
    assert book.find("no-such-model") is None


def test_a_price_that_the_book_does_not_state_comes_from_litellm() -> None:
    table = load_litellm_prices()
    if table is None:
        pytest.skip("litellm is not installed")
    book = PriceBook.named("default", os.environ, DAY)
    name = next(name for name in table if name.startswith("mistral/"))
    analysis = book.find(name)
    assert analysis == table[name]
    assert analysis.version.startswith("litellm ")


@pytest.mark.process
def test_a_model_without_a_price_is_refused() -> None:
    run = tiergate("plan", "example", "--set", "general.price.model=gpt-no-such")
    assert run.returncode == 2
    assert "(--set)" in run.stderr
    assert "a model of the price book" in run.stderr


def test_the_docs_have_the_keys_of_the_schema() -> None:
    assert (ROOT / "docs" / "reference" / "plan-keys.md").read_text("utf-8") == plan_keys()


@pytest.mark.process
def test_the_docs_name_every_key_of_the_json() -> None:
    for key in json.loads(tiergate("plan", "platform", "--json").stdout):
        assert f"`{key}`" in DOCS


@pytest.mark.process
def test_the_docs_have_the_ratios_that_the_command_prints() -> None:
    for row in json.loads(tiergate("plan", "crossing", "--json").stdout)["price_ratios"]:
        assert f"| {row['requests_per_month']:,} |" in DOCS
