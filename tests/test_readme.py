"""What the README shows is true: its code runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.policy_file import load_policy, policies_dir
from tests.server_kit import PYTHON, ROOT, Served, environment, tiergate

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


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


def test_the_openai_example_runs(served: Served, tmp_path: Path) -> None:
    (code,) = (block for block in blocks("python") if "OpenAI(" in block)
    printed = run_python(code.replace("http://127.0.0.1:8080", str(served.url)), tmp_path)
    assert len(printed.splitlines()) >= 2


def test_the_library_example_runs(tmp_path: Path) -> None:
    (code,) = (block for block in blocks("python") if "from router import Gateway" in block)
    database = str(tmp_path / "ledger.db")
    printed = run_python(code.replace("/tmp/tiergate-readme.db", database), tmp_path)
    assert "resolve" in printed


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


def test_commands_in_the_documents_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"`tiergate ([a-z]+)", text))
    known = tiergate("--help").stdout
    assert not sorted(name for name in named if not re.search(rf"\b{name}\b", known))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert not [t for t in targets if not (path.parent / t).exists()]
