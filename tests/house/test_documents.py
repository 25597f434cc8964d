"""Checks the pages that people write by hand: the records of decisions and CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import ROOT
from tests.kits.source_tree import complain

DECISIONS = ROOT / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
PARTS = ["Context", "Choice", "Refused", "What would change it"]
LONGEST_LINE = 120


def title_of(record: Path) -> str:
    return record.read_text("utf-8").partition("\n")[0].removeprefix("# ")


def anchors_in(page: Path) -> set[str]:
    """Returns the names that a link can give after `#`: the headings in lower case, hyphenated."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_index_of_decisions_lists_every_record_in_order() -> None:
    index = " ".join((DECISIONS / "index.md").read_text("utf-8").split())
    listed = re.findall(r"(\d+)\. \[(.+?)\]\((\d\d-[a-z0-9-]+\.md)\): \S", index)
    assert [(f"{number}. {title}", file) for number, title, file in listed] == [
        (title_of(record), record.name) for record in RECORDS
    ]


def test_numbers_of_decisions_have_no_gap() -> None:
    numbers = [int(record.name[:2]) for record in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_decision_has_a_title_a_date_four_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    title, date, *parts = re.split(r"\n\n", text)
    assert re.fullmatch(rf"# {int(record.name[:2])}\. .+", title)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", date)
    assert [part.removeprefix("## ") for part in parts if part.startswith("## ")] == PARTS


@pytest.mark.parametrize("record", [*RECORDS, DECISIONS / "index.md"], ids=lambda page: page.stem)
def test_lines_of_decisions_are_short(record: Path) -> None:
    lines = record.read_text("utf-8").splitlines()
    complain([line for line in lines if len(line) > LONGEST_LINE])


@pytest.mark.parametrize("record", [*RECORDS, DECISIONS / "index.md"], ids=lambda page: page.stem)
def test_links_of_decisions_lead_to_a_heading(record: Path) -> None:
    faults = []
    for file, anchor in re.findall(r"\]\(([^)#:]+)(?:#([^)]+))?\)", record.read_text("utf-8")):
        page = DECISIONS / file
        if not page.exists() or (anchor and anchor not in anchors_in(page)):
            faults.append(f"{record.name}: {file}#{anchor}")
    complain(faults)
