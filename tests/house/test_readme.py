"""What the README shows is true: its code runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.api.compose.books import Books
from router.policy.loading import load_policy, policies_dir
from tests import ROOT
from tests.kits.doc_commands import faults_in, shown_in
from tests.kits.server_kit import PYTHON, Served, environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
WITH_COMMANDS = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def run_python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [PYTHON, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("readme"), "--policy", "customer_support") as server:
        yield server


@pytest.mark.parametrize("call", ["client.chat.", "client.responses.", "client.messages."])
def test_the_examples_of_clients_run(served: Served, tmp_path: Path, call: str) -> None:
    (code,) = (block for block in blocks("python") if call in block)
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    assert len(printed.strip()) > 20


@pytest.mark.parametrize(("opening", "count"), [("\nwith Gateway", 1), ("async with Gateway", 2)])
def test_the_library_example_runs(tmp_path: Path, opening: str, count: int) -> None:
    (code,) = (block for block in blocks("python") if opening in block)
    database = tmp_path / "ledger.db"
    printed = run_python(code.replace("/tmp/tiergate-readme.db", str(database)), tmp_path)
    assert "resolve" in printed
    with Books.open(database) as books:
        assert len(list(books.rows(None, None, None))) == count


def test_the_curl_line_is_answered(served: Served) -> None:
    (block,) = (b for b in re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
                if b.startswith("curl"))  # fmt: skip
    command = block.replace("\\\n", " ").replace("localhost:8080", str(served.url).split("//")[1])
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=30, check=False
    )
    assert "x-tiergate-tier:" in done.stdout
    assert '"chat.completion"' in done.stdout


def test_the_policy_in_the_readme_is_valid(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    (tmp_path / "knowledge").symlink_to(policies_dir() / "knowledge")
    (tmp_path / "lookups").symlink_to(policies_dir() / "lookups")
    loaded = load_policy(path, {**os.environ, "OPENAI_API_KEY": "k"})
    assert loaded.policy.alias("gpt-4o") is not None


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.name)
def test_commands_in_the_documents_exist(path: Path) -> None:
    assert faults_in(path.read_text(encoding="utf-8")) == []


def test_every_kind_of_place_for_a_command_is_looked_at() -> None:
    shown = "\n".join(one for path in DOCUMENTS for one in shown_in(path.read_text("utf-8")))
    for expected in (
        ".venv/bin/tiergate serve --policy openai",  # a fenced block of the README
        "tiergate keys create --tenant acme --scope chat",  # a cell of a table
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
