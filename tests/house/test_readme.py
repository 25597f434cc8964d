"""Checks that README and guides are true: code runs, commands exist, links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from router.api.compose.books import Books
from router.cli.policies.surroundings import surrounding_notes
from router.policy.loading import load_policy, policies_dir
from router.policy.warnings import warnings
from tests import ROOT
from tests.kits.checks.doc_commands import faults_in, shown_in
from tests.kits.opened import held_open
from tests.kits.server_kit import COMMAND_S, PYTHON, Served, environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = ROOT / "docs" / "guides"
CLIENTS = (GUIDES / "drop-in.md").read_text(encoding="utf-8").partition("## openai-python")[0]
LIBRARY, POLICIES, MOVING = (
    (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    for name in ("library", "policies", "coming-from")
)
HEADERS = (ROOT / "docs" / "reference" / "headers.md").read_text(encoding="utf-8")
START = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
WITH_COMMANDS = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def run_python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [PYTHON, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,  # generous: a first start takes half a minute of processor time
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


served = held_open(lambda folder: Served(folder, "--policy", "customer_support"))


@pytest.mark.process
@pytest.mark.parametrize("call", ["client.chat.", "client.responses.", "client.messages."])
def test_the_examples_of_clients_run(served: Served, tmp_path: Path, call: str) -> None:
    (code,) = (block for block in blocks("python", CLIENTS) if call in block)
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    assert len(printed.strip()) > 20


@pytest.mark.process
def test_the_first_program_of_the_readme_runs(served: Served, tmp_path: Path) -> None:
    (code,) = (block for block in blocks("python") if "OpenAI(" in block)
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    assert len(printed.strip()) > 20


@pytest.mark.process
def test_the_changed_program_of_the_guide_for_movers_runs(served: Served, tmp_path: Path) -> None:
    code = blocks("python", MOVING)[1]
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    assert len(printed.strip()) > 20


@pytest.mark.process
def test_the_cost_of_a_stream_is_found_by_its_id(served: Served, tmp_path: Path) -> None:
    (code,) = blocks("python", HEADERS)
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    cost, saved, verdict, latency_ms = printed.split()[-4:]
    assert 0 < float(cost) < 0.001
    assert float(saved) > 0
    assert verdict == "accepted"
    assert float(latency_ms) > 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("page", "opening", "count"),
    [
        (README, "\nwith Gateway", 1),
        (LIBRARY, "\nwith Gateway", 1),
        (LIBRARY, "async with", 2),
    ],
    ids=["readme", "guide", "guide, awaited"],
)
def test_the_library_example_runs(tmp_path: Path, page: str, opening: str, count: int) -> None:
    (code,) = (block for block in blocks("python", page) if opening in block)
    database = tmp_path / "ledger.db"
    printed = run_python(code.replace("/tmp/tiergate-readme.db", str(database)), tmp_path)
    assert "resolve" in printed
    with Books.open(database) as books:
        assert len(list(books.rows(None, None, None))) == count


def said_to_curl(page: str, served: Served) -> list[str]:
    """Returns what the server says to each curl line of a page."""
    said = []
    for block in (block for block in blocks("", page) if block.startswith("curl")):
        command = block.replace("\\\n", " ").replace("localhost:8080", served.url.split("//")[1])
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=COMMAND_S, check=False
        )
        assert '"chat.completion"' in done.stdout
        said.append(done.stdout)
    return said


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("page", [README, START], ids=["readme", "start"])
def test_the_curl_line_is_answered_with_the_headers_shown(served: Served, page: str) -> None:
    said = said_to_curl(page, served)
    shown = re.findall(r"^(x-tiergate-[a-z-]+): ", page, re.MULTILINE)
    for name in shown or ["x-tiergate-tier"]:
        assert f"\n{name}: " in said[0]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_first_ask_costs_about_what_the_page_shows(tmp_path: Path) -> None:
    # A server of its own: what was asked before is read already, and costs less.
    with Served(tmp_path, "--policy", "customer_support") as fresh:
        (said, *_) = said_to_curl(README, fresh)
    shown, paid = (
        re.findall(r"^x-tiergate-cost-usd: (\S+)", text, re.M)[0] for text in (README, said)
    )
    # Own processor time, which differs by a few times between machines.
    assert 1 / 8 < float(shown) / float(paid) < 8


POLICY_BLOCKS = [
    text for page in (README, POLICIES, MOVING) for text in blocks("yaml", page) if "tiers:" in text
]


@pytest.mark.parametrize("text", POLICY_BLOCKS, ids=range(len(POLICY_BLOCKS)))
def test_the_policies_shown_are_valid(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    (tmp_path / "knowledge").symlink_to(policies_dir() / "knowledge")
    (tmp_path / "lookups").symlink_to(policies_dir() / "lookups")
    keys = {name: "k" for name in re.findall(r"\$\{(\w+)\}", text)}
    loaded = load_policy(path, {**os.environ, **keys})
    assert "aliases" not in text or loaded.policy.alias("gpt-4o") is not None


def test_the_guide_names_each_warning_of_its_smallest_policy(tmp_path: Path) -> None:
    page = POLICIES.partition("## The smallest useful one")[2].partition("## ")[0]
    (text,) = [text for text in blocks("yaml", page) if "tiers:" in text]
    (tmp_path / "mine.yaml").write_text(text)
    (tmp_path / "knowledge").symlink_to(policies_dir() / "knowledge")
    (tmp_path / "lookups").symlink_to(policies_dir() / "lookups")
    policy = load_policy(tmp_path / "mine.yaml", {**os.environ, "OPENAI_API_KEY": "k"}).policy
    kinds = {warning.kind.value for warning in warnings(policy)}
    assert {kind for kind in kinds if f"`{kind}`" not in page} == set()
    assert "warns of it twice" in page
    assert len(kinds) == 2


PRICED = ("nano", "mini", "thinker")
"""Answerers of the README's policy; the price book has their models."""


def test_the_first_policy_warns_only_of_what_nobody_measured(tmp_path: Path) -> None:
    """A newcomer's first `tiergate check` gave two warnings and two notes."""
    (text,) = [text for text in blocks("yaml", README) if "tiers:" in text]
    (tmp_path / "mine.yaml").write_text(text)
    policy = load_policy(tmp_path / "mine.yaml", {**os.environ, "KEY": "k"}).policy
    assert [warning.kind.value for warning in warnings(policy, PRICED)] == ["prior_only"]
    assert "(`prior_only`)" in README
    assert list(surrounding_notes(policy, {})) == []
    assert policy.review.reviewer_usd_per_minute is not None


@pytest.mark.slow
def test_the_policies_shown_pass_the_check(tmp_path: Path) -> None:
    (tmp_path / "knowledge").symlink_to(policies_dir() / "knowledge")
    (tmp_path / "lookups").symlink_to(policies_dir() / "lookups")
    for number, text in enumerate(POLICY_BLOCKS):
        (tmp_path / f"shown_{number}.yaml").write_text(text)
    keys = {name: "k" for text in POLICY_BLOCKS for name in re.findall(r"\$\{(\w+)\}", text)}
    done = subprocess.run(
        [PYTHON, "-m", "router.cli", "check", *sorted(tmp_path.glob("*.yaml"))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(**keys),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_table_of_the_readme_is_what_the_command_prints() -> None:
    (command, requests) = re.findall(r"`\.venv/bin/(tiergate route .*?) < (docs/\S+)`", README)[0]
    done = subprocess.run(
        [PYTHON, "-m", "router.cli", *command.split()[1:]],
        stdin=(ROOT / requests).open(),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    table, _, note = done.stdout.partition("\n\n")
    assert table.count("\n") == 6
    assert f"\n{table}\n\n" in README
    assert note.startswith("Expected costs assume answers")
    assert note.count("\n") == 1


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.name)
def test_commands_in_the_documents_exist(path: Path) -> None:
    assert faults_in(path.read_text(encoding="utf-8")) == []


def test_every_kind_of_place_for_a_command_is_looked_at() -> None:
    shown = "\n".join(code for path in DOCUMENTS for code in shown_in(path.read_text("utf-8")))
    for expected in (
        "tiergate serve --policy openai",  # a fenced block of the start page
        "tiergate ledger reconcile --invoice bill.csv",  # a cell of a table
        "tiergate train triage --data DIR",  # inline, and fenced in docs/guides/training.md
        "python -m benchmarks --quick",
        "make serve",
        "--drain-s",  # an option alone
    ):
        assert expected in shown


BOGUS = """
Prose may say that tiergate is --quick to --bite.

Run `tiergate serve --polcy openai`, then `tiergate ledgr rows`, `tiergate keys
create --tennant acme`; `--bite` helps; `tiergate ledger rows|verfy` and `tiergate COMMAND --help`.

| `tiergate review lst` | `make bensh` |

```
.venv/bin/tiergate demo --fast    # --slow
python -m router.cli report --htm=x | grep --color x
python -m benchmarks --rapid
curl --silent localhost \\
  --fail
```

```python
run("tiergate --nothing")
```
"""


def test_commands_that_do_not_exist_are_found() -> None:
    assert [fault.rpartition("`: ")[2] for fault in faults_in(BOGUS)] == [
        "tiergate demo has no option --fast",
        "tiergate report has no option --htm",
        "the benchmarks have no --rapid",
        "tiergate serve has no option --polcy",
        "tiergate has no ledgr",
        "tiergate keys create has no option --tennant",
        "no command has --bite",
        "tiergate ledger has no verfy",
        "tiergate review has no lst",
        "the Makefile has no bensh",
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert not [t for t in targets if not (path.parent / t).exists()]
