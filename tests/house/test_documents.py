"""Checks pages that people write by hand: CONTRIBUTING.md and the records of decisions."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests import ROOT
from tests.house import test_layers as layers
from tests.kits.checks.source_tree import complain, sources


def number_of(record: Path) -> int:
    return int(record.name.partition("-")[0])


DECISIONS = ROOT / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"), key=number_of)
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
    listed = re.findall(r"(\d+)\. \[(.+?)\]\((\d+-[a-z0-9-]+\.md)\): \S", index)
    assert [(f"{number}. {title}", file) for number, title, file in listed] == [
        (title_of(record), record.name) for record in RECORDS
    ]


def test_numbers_of_decisions_have_no_gap() -> None:
    numbers = [number_of(record) for record in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


def test_the_index_says_which_records_later_ones_changed() -> None:
    said = r"(?:Changed|Replaced|Superseded)\s+by\s+(?:\[)?(?:decision\s+)?(?:\[)?(\d+)"
    index = " ".join((DECISIONS / "index.md").read_text("utf-8").split())
    entries = {
        int(found[1]): found[0] for found in re.finditer(r"(\d+)\. \[.+?(?= \d+\. \[|$)", index)
    }
    for record in RECORDS:
        for by in re.findall(said, record.read_text("utf-8")):
            entry = entries[number_of(record)].partition("): ")[2]
            complain([] if re.search(rf"by .*\b{by}\b", entry) else [f"{record.name}: by {by}"])


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_decision_has_a_title_a_date_four_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    title, date, *parts = re.split(r"\n\n", text)
    assert re.fullmatch(rf"# {number_of(record)}\. .+", title)
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


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
GROUPS = {
    "base": layers.BASE,
    "values": layers.VALUES,
    "priced": layers.PRICED,
    "core": layers.CORE,
    "stores": layers.STORES,
    "path": layers.PATH,
    "pages": layers.PAGES,
    "learnt": layers.LEARNT,
}


def rooms_in(text: str) -> set[str]:
    """Returns the folders that a list such as "**base**, ledger/sql" means.

    >>> sorted(rooms_in("**base**, ledger/sql"))
    ['errors', 'ledger.sql', 'regexes', 'types']
    """
    rooms: set[str] = set()
    for name in text.replace("*", "").split(", "):
        rooms |= GROUPS.get(name, {name.replace("/", ".")})
    return rooms


def folders_in(tree: str) -> set[str]:
    """Returns the paths of a tree, whose folders are indented by two spaces a level."""
    folders: set[str] = set()
    parents: list[str] = []
    for indent, name in re.findall(r"^( *)([a-z_]+)/ +\S", tree, re.MULTILINE):
        parents = [*parents[: len(indent) // 2], name]
        folders.add("/".join(parents))
    return folders


def test_contributing_lists_the_folders_there_are() -> None:
    tree = CONTRIBUTING.partition("## Folders")[2].split("```")[1]
    assert folders_in(tree) == {source.path.rpartition("/")[0] for source in sources()}


def test_contributing_names_the_groups_of_folders() -> None:
    named = re.findall(r"^- \*\*(\w+)\*\*: (.+)$", CONTRIBUTING, re.MULTILINE)
    assert {name: rooms_in(members) for name, members in named} == GROUPS


def test_contributing_has_the_import_rule_of_every_folder() -> None:
    table = CONTRIBUTING.partition("| folder or module | may import |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z_/]+) \| (.+) \|$", table, re.MULTILINE)
    rules = {
        folder.replace("/", "."): set() if rule == "nothing of ours" else rooms_in(rule)
        for folder, rule in rows
    }
    assert rules == layers.MAY_IMPORT


def test_contributing_lists_the_markers_that_make_test_leaves_out() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = [
        line.partition(":")[0] for line in settings["tool"]["pytest"]["ini_options"]["markers"]
    ]
    table = CONTRIBUTING.partition("| marker | what such a test does |")[2].partition("\n\n")[0]
    assert re.findall(r"^  \| `(\w+)` \|", table, re.MULTILINE) == [
        marker for marker in markers if marker != "train"
    ]
    left_out = re.search(r'"not \((.+)\)"', (ROOT / "Makefile").read_text("utf-8"))
    assert left_out is not None
    assert sorted(left_out[1].split(" or ")) == sorted(markers)


def test_contributing_names_places_that_exist() -> None:
    named = re.findall(r"`((?:router|tiers|tests|policies|docs)/[\w./]*)`", CONTRIBUTING)
    complain([place for place in named if not (ROOT / place).exists()])


def test_lines_of_contributing_are_short() -> None:
    complain([line for line in CONTRIBUTING.splitlines() if len(line) > LONGEST_LINE])


def names_in(path: Path) -> set[str]:
    """Returns the functions, methods and classes of a module."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_the_path_of_a_chat_names_what_its_files_define() -> None:
    """Each name stands in a file of its line, and each file has one of the names."""
    tables = CONTRIBUTING.split("| step | file | begin at |\n|---|---|---|\n")[1:]
    lines = [line for table in tables for line in table.partition("\n\n")[0].splitlines()]
    faults = []
    assert len(lines) > 30
    for line in lines:
        _, _, files, names, _ = (re.findall(r"`([^`]+)`", cell) for cell in line.split("|"))
        folder, defined = "", dict[str, set[str]]()
        for file in files:
            folder = file.rpartition("/")[0] or folder
            defined[file] = names_in(ROOT / "router" / folder / file.rpartition("/")[2])
        faults += [
            f"{name} is not in {', '.join(defined)}"
            for name in names
            if not any(name in inside for inside in defined.values())
        ]
        faults += [
            f"{file} has none of {', '.join(names)}"
            for file, inside in defined.items()
            if not inside & {*names}
        ]
        assert names, f"a step without a name: {line}"
    complain(faults)


def places_to_add() -> list[tuple[str, list[str], list[str]]]:
    """Returns the places in which something is added: file, names in it, names of tests."""
    section = CONTRIBUTING.partition("## How to add ")[2].partition("\n## ")[0]
    items = re.findall(r"^- (.+(?:\n  .+)*)", section, re.MULTILINE)
    places = []
    for item in items:
        place, _, words = " ".join(item.split()).partition("`: ")
        *names, file = place.split("`")[1::2]
        places.append((file, names, re.findall(r"`(test_\w+)`", words)))
    return places


def test_each_place_to_add_something_has_the_names_that_are_told() -> None:
    places = places_to_add()
    assert len(places) > 25
    faults = [f"{file} does not exist" for file, _, _ in places if not (ROOT / file).is_file()]
    assert not faults
    complain(
        [
            f"{file} has no {name}"
            for file, names, _ in places
            for name in names
            if not re.search(rf"\b{name}\b", (ROOT / file).read_text("utf-8"))
        ]
    )


def test_each_test_of_a_place_exists() -> None:
    told = {name for _, _, tests in places_to_add() for name in tests}
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    complain([name for name in sorted(told) if not any(f"def {name}(" in text for text in texts)])
