"""`tiergate demo`, played over a small policy that needs no local LLM: an instant upstream."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from rich.console import Console

from router.analysis.report.build import build_report
from router.analysis.report.output.html import report_html
from router.api.compose.answerers.abilities import load_abilities
from router.cli.commands import app
from router.cli.serve.demo_day import run_demo
from router.cli.serve.demo_output import prices_sentence, worth_lines, worth_sentence
from router.ledger.replies import ReplyKind
from router.policy.schema import Policy
from router.rendering.figures_in_words import counted
from router.types import WITHOUT_MODEL
from tests import ROOT
from tests.kits.server_kit import COMMAND_S, environment, tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.slow

POLICIES = ROOT / "policies"


class UpstreamThread(threading.Thread):
    """The fake upstream on a loop of its own: the demo runs its own loop in the main thread."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.fake = FakeUpstream()

    def run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        async with self.fake:
            self.ready.set()
            await self.over.wait()


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    thread = UpstreamThread()
    thread.start()
    assert thread.ready.wait(120)
    yield thread.fake
    thread.loop.call_soon_threadsafe(thread.over.set)
    thread.join(120)


@pytest.fixture
def policy(tmp_path: Path, upstream: FakeUpstream) -> Path:
    """The demo's policy with the upstream at level 2 and at level 3, at the same list prices."""
    found = yaml.safe_load((POLICIES / "demo.yaml").read_text("utf-8"))
    resolver = found["tiers"][0]["answerers"][0]
    local, reasoning = (tier["answerers"][-1] for tier in found["tiers"][1:])
    for section, name in ((local, "two"), (reasoning, "three")):
        price = section["price"]
        section.clear()
        section.update(
            name=name,
            kind="upstream",
            model="fake-1",
            base_urls=[upstream.url],
            price=price,
            verify={"default": "none", "hard_rule": "none"},
        )
    for tier, section in zip(found["tiers"], (resolver, local, reasoning), strict=True):
        tier["answerers"] = [section]
    found["report"] = {"level_2": "two", "level_3": "three", "people_usd_per_request": 5.0}
    del found["examples"]
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(found), "utf-8")
    return path


def play(policy: Path, tmp_path: Path, **more: object) -> tuple[str, object]:
    text = io.StringIO()
    outcome = run_demo(
        requests=60,
        policy=str(policy),
        console=Console(file=text, width=140),
        database=tmp_path / "demo.db",
        **more,  # type: ignore[arg-type]
    )
    return text.getvalue(), outcome


def test_a_day_ends_with_books_that_add_up(policy: Path, tmp_path: Path) -> None:
    text, outcome = play(policy, tmp_path)
    assert outcome.ledger.whole
    assert outcome.ledger.sums
    assert outcome.ledger.rows == outcome.tally.whole.requests == 60
    assert outcome.tally.whole.failed == 0
    assert outcome.ledger.attempts_nano_usd == outcome.report.spend_nano_usd
    assert "Ledger: whole." in text
    assert "not measured costs" in text


def test_the_demo_says_who_still_waits_as_the_report_of_its_database_does(
    policy: Path, tmp_path: Path
) -> None:
    text, outcome = play(policy, tmp_path)
    replies = outcome.report.replies
    handed_over = replies.of(ReplyKind.SAFE_WORDS)
    assert replies.waiting == handed_over > 0
    wait = f"handed to a person ({counted(handed_over, 'matter waits', 'matters wait')})"
    assert wait in " ".join(text.split())
    again = tiergate("report", "--database", outcome.database).stdout
    assert wait in " ".join(again.split())


def test_the_command_to_look_again_works_when_pasted(policy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a day's books"
    folder.mkdir()
    moved = policy.rename(folder / policy.name)
    text, outcome = play(moved, folder)
    assert outcome.database == folder / "demo.db"
    (command,) = (line for line in text.splitlines() if " report --database " in line)
    run = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=environment(),
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "60 requests" in run.stdout


def test_the_report_is_written_as_html_when_asked(policy: Path, tmp_path: Path) -> None:
    play(policy, tmp_path, html=tmp_path / "day.html")
    page = (tmp_path / "day.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Prices are stated list prices" in page


def test_json_is_all_that_standard_output_gets(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(policy, tmp_path, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["ledger"]["attempts_sum_to_the_total"]
    assert found["tally"]["requests"] == 60


def test_the_same_seed_routes_the_same_day(policy: Path, tmp_path: Path) -> None:
    days = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        _, outcome = play(policy, folder)
        days.append(outcome.tally.as_object())
    assert days[0] == days[1]


def test_an_upstream_that_is_down_is_counted_as_failed(
    policy: Path, tmp_path: Path, upstream: FakeUpstream
) -> None:
    upstream.behaviour = "status:401"
    _, outcome = play(policy, tmp_path)
    assert outcome.tally.whole.failed > 0
    assert outcome.ledger.whole
    assert outcome.ledger.sums


def test_ctrl_c_ends_with_the_report_so_far(
    policy: Path, tmp_path: Path, upstream: FakeUpstream
) -> None:
    upstream.behaviour = "slow:0.3"

    def interrupt() -> None:
        until = time.monotonic() + 60
        while upstream.count < 3 and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    text, outcome = play(policy, tmp_path, concurrency=2)
    thread.join()
    assert outcome.interrupted
    assert outcome.tally.whole.requests < 60
    assert outcome.ledger.whole
    assert outcome.ledger.sums
    assert "Stopped by Ctrl-C" in text


def test_progress_in_a_pipe_is_lines(policy: Path, tmp_path: Path) -> None:
    text, _ = play(policy, tmp_path)
    lines = [line for line in text.splitlines() if line.startswith("Played ")]
    told = [re.match(r"Played (\d+) of 60 in \d+ s  level 1: \d+", line) for line in lines]
    assert [int(one[1]) for one in told if one] == list(range(6, 61, 6))


def demo(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder, where it puts its database."""
    return subprocess.run(
        [sys.executable, "-m", "router.cli", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=environment(),
        cwd=folder,
        check=False,
    )


def test_progress_is_no_part_of_the_json(policy: Path, tmp_path: Path) -> None:
    said = demo(tmp_path, "--json", "--requests", "20", "-p", policy)
    assert json.loads(said.stdout)["tally"]["requests"] == 20
    assert "Played 20 of 20" in said.stderr


def test_the_page_is_all_that_standard_output_gets_for_a_dash(policy: Path, tmp_path: Path) -> None:
    said = demo(tmp_path, "--html", "-", "-p", policy, "--requests", "20")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("<!DOCTYPE html>")
    assert said.stdout.rstrip().endswith("</html>")
    assert "Ledger: whole." in said.stderr
    assert not (tmp_path / "-").exists()
    refused = demo(tmp_path, "--html", "-", "-p", policy, "--json")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_a_hundred_requests_are_played_by_default() -> None:
    assert inspect.signature(run_demo).parameters["requests"].default == 100
    (option,) = [
        p for p in typer.main.get_command(app).commands["demo"].params if p.name == "requests"
    ]  # type: ignore[attr-defined]
    assert option.default == 100


def test_the_demos_models_are_given_time_on_a_slow_machine() -> None:
    """The longest answer they may give, at ten tokens a second, which is a tenth of two cores."""
    said = Policy.model_validate(yaml.safe_load((POLICIES / "demo.yaml").read_text("utf-8")))
    for _, section in said.rungs():
        if section.kind not in WITHOUT_MODEL:
            assert section.deadline_s >= 2 * section.max_output_tokens / 10


def test_what_an_answer_of_the_embedded_model_is_worth_is_said_as_measured() -> None:
    said = Policy.model_validate(yaml.safe_load((POLICIES / "demo.yaml").read_text("utf-8")))
    abilities = load_abilities()
    assert abilities.embedded_right is not None
    share, graded = abilities.embedded_right
    told = worth_sentence(said, abilities)
    assert f"of {graded} graded questions it answered {round(share * graded)} right" in told
    assert told.startswith("Level 2 is the embedded SmolLM2")


def test_the_page_says_what_prices_and_answers_are_worth_below_its_headline() -> None:
    said = Policy.model_validate(yaml.safe_load((POLICIES / "demo.yaml").read_text("utf-8")))
    lines = worth_lines(said)
    assert len(lines) == 2
    report = build_report([], since_ms=None, until_ms=None, now_ms=0)
    page = report_html(report, lines=lines).replace("\N{NO-BREAK SPACE}", " ")
    assert page.index("</h1>") < page.index(lines[0]) < page.index(lines[1]) < page.index("<dl")


def test_where_another_model_answers_nothing_is_said_of_the_embedded_one(policy: Path) -> None:
    said = Policy.model_validate(yaml.safe_load(policy.read_text("utf-8")))
    assert worth_sentence(said, load_abilities()) == ""


def test_list_prices_are_said_to_be_stated() -> None:
    found = yaml.safe_load((POLICIES / "demo.yaml").read_text("utf-8"))
    told = prices_sentence(Policy.model_validate(found))
    assert "$0.01 at level 1, $0.50 at level 2, $5.00 at level 3" in told
