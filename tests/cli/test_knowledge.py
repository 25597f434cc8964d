"""Checks `tiergate knowledge` by its user's steps: add, search, list, remove, and clear errors."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from router.cli.commands import app
from tests.kits.document_kit import pdf_of, reader_tier
from tests.kits.upstreams.fake_upstream import FakeUpstream


@pytest.fixture
def run(tmp_path: Path) -> object:
    """Runs a command of `knowledge` on a store and without the model, which takes a second."""

    def knowledge(*arguments: object) -> Result:
        options = ["--documents", str(tmp_path / "documents.db")]
        if arguments[0] in ("add", "search"):
            options += ["--model-dir", str(tmp_path / "no model")]
        return CliRunner().invoke(app, ["knowledge", *map(str, arguments), *options])

    return knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    (path / "terms.pdf").write_bytes(pdf_of(["Delivery takes 3 days.", "Returns within 30 days."]))
    (path / "notes.md").write_text("# Notes\nThe lamp has a warranty of two years.\n")
    return path


def test_folder_is_added_searched_and_removed(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    added = run("add", folder, "-c", "shop")
    assert added.exit_code == 0
    assert "added    terms.pdf  2 passages" in added.stdout
    found = json.loads(run("search", "returns within how many days", "--json").stdout)
    assert (found[0]["source"], found[0]["page"]) == ("terms.pdf", 2)
    listed = json.loads(run("list", "--json").stdout)
    assert [(d["source"], d["collection"], d["passages"]) for d in listed] == [
        ("notes.md", "shop", 1),
        ("terms.pdf", "shop", 2),
    ]
    assert run("remove", "terms.pdf", "-c", "shop").exit_code == 0
    found = json.loads(run("search", "returns within how many days", "--json").stdout)
    assert all(passage["source"] != "terms.pdf" for passage in found)


def test_removing_from_another_collection_names_the_one_that_has_it(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    run("add", folder, "-c", "shop")
    result = run("remove", "terms.pdf")
    assert result.exit_code == 1
    assert "there is no such document of * in documents; expected --collection shop" in " ".join(
        result.output.split()
    )


def test_sync_removes_what_is_gone(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    run("add", folder)
    (folder / "notes.md").unlink()
    assert "removed  notes.md" in run("add", folder, "--sync").stdout
    assert "1 same" in run("add", folder, "--sync").stdout


def test_file_that_cannot_be_read_ends_with_1_after_the_others(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    (folder / "scan.pdf").write_bytes(pdf_of([""]))
    result = run("add", folder)
    assert result.exit_code == 1
    assert "scan.pdf: found 1 page without any text (a scan?)" in result.stderr
    assert "2 added, 1 failed" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nowhere"), "there is no such file or folder"),
        (("add", ".", "--valid-from", "soon"), "expected a day such as 2026-11-20"),
        (
            ("add", ".", "--valid-from", "2026-02-01", "--valid-until", "2026-01-01"),
            "expected a later day",
        ),
        (("remove",), "give either SOURCES or --all"),
        (("remove", "a", "--all"), "give either SOURCES or --all"),
    ],
)
def test_wrong_usage_says_what_is_expected(run, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_search_of_an_unknown_collection_names_those_there_are(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    run("add", folder, "-c", "shop")
    result = run("search", "lamp", "-c", "bank")
    assert result.exit_code == 2
    assert "expected one of shop" in " ".join(result.stderr.replace("│", " ").split())


def test_label_of_access_is_needed(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    run("add", folder, "--tenant", "acme", "--access", "staff")
    for options, count in (((), 0), (("--tenant", "acme"), 0), (("--access", "staff"), 0)):
        assert len(json.loads(run("search", "warranty", *options, "--json").stdout)) == count
    allowed = run("search", "warranty", "--tenant", "acme", "--access", "staff", "--json")
    assert json.loads(allowed.stdout)[0]["source"] == "notes.md"


def test_two_files_of_one_source_are_refused(run, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    other = tmp_path / "notes.md"
    other.write_text("Other notes.\n")
    result = run("add", folder, other)
    assert result.exit_code == 2
    assert "one source" in " ".join(result.stderr.replace("│", " ").split())


READER = """
version: 1
name: manual
documents: {collections: [shop]}
"""


@pytest.mark.slow
async def test_answers_of_a_policy_are_measured_with_and_without_documents(
    run,  # type: ignore[no-untyped-def]
    folder: Path,
    tmp_path: Path,
) -> None:
    run("add", folder, "-c", "shop")
    asked = {"question": "Returns are possible within how many days?", "source": "terms.pdf"}
    questions, policy = tmp_path / "questions.jsonl", tmp_path / "manual.yaml"
    questions.write_text(json.dumps({**asked, "holds": "Returns within 30 days"}))
    async with FakeUpstream() as fake:
        policy.write_text(READER + reader_tier(fake.url))
        ledger = tmp_path / "evaluation.db"
        more = ("--policy", policy, "--database", ledger, "--json")
        result = await asyncio.to_thread(run, "evaluate", questions, *more)
        assert result.exit_code == 0, result.output
        answers = json.loads(result.stdout)["answers"]
    with_documents, without = answers["with documents"], answers["without documents"]
    assert (with_documents["right"], with_documents["cites its source"]) == (1.0, 1.0)
    assert (without["right"], without["cites its source"]) == (0.0, 0.0)
    assert with_documents["cost_usd"] > 0
