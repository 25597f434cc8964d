"""`tiergate evaluate head`: a head of one's own on rows that did not teach it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from router.training.heads.train_head import train_head
from router.triage.triage_model import DEFAULT_FOLDER
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.slow

THINGS = (
    *("invoice", "parcel", "laptop", "password", "salary"),
    *("printer", "contract", "holiday", "monitor", "refund"),
)
OTHERS = ("scanner", "ticket", "phone", "badge", "bonus")
BILLING = ("The {} was charged twice", "Why is the {} on my bill?", "Please refund the {}")
BROKEN = ("My {} stopped working", "The {} is broken again", "Error when I open the {}")
STRANGE = ("who won the football match", "integrate x squared", "the cells divide at night")


def rows_of(things: tuple[str, ...]) -> list[tuple[str, str]]:
    asks = [("billing", ask) for ask in BILLING] + [("broken", ask) for ask in BROKEN]
    return [(ask.format(thing), label) for label, ask in asks for thing in things]


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def taught(tmp_path: Path) -> Path:
    return table(tmp_path / "taught.csv", rows_of(THINGS))


def made(taught: Path, positive: str | None = None) -> Path:
    train_head(
        taught,
        "kind",
        taught.parent,
        model_dir=None,
        text_column="text",
        label_column="label",
        positive=positive,
        seed=7,
        force=False,
        command="",
    )
    return taught.parent / "kind.json"


def figures(head: Path, data: Path) -> dict[str, dict[str, dict[str, float]]]:
    done = tiergate("evaluate", "head", "--head", head, "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    sections: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)["figures"]
    return sections


def test_rows_that_taught_do_not_judge(taught: Path) -> None:
    head = made(taught)
    held = table(taught.parent / "held.csv", rows_of(THINGS) + rows_of(OTHERS))
    assert figures(head, held)["kind"]["accuracy"]["n"] == 30


def test_stated_confidence_stands_beside_what_is_right(taught: Path) -> None:
    sections = figures(made(taught), table(taught.parent / "held.csv", rows_of(OTHERS)))
    stated = sections["kind, stated and right"]
    assert stated["stated_from_0.9"]["n"] == stated["right_from_0.9"]["n"] > 0
    assert 0.9 <= stated["stated_from_0.9"]["value"] < 1.0
    assert stated["right_from_0.9"]["value"] == 1.0


def test_other_columns_are_named_as_for_training(taught: Path) -> None:
    head, held = made(taught), taught.parent / "held.csv"
    with held.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Nachricht", "Abteilung"), *rows_of(OTHERS)])
    asked = ("evaluate", "head", "--head", head, "--data", held, "--json")
    named = tiergate(*asked, "--text-column", "Nachricht", "--label-column", "Abteilung")
    assert json.loads(named.stdout)["figures"]["kind"]["accuracy"]["n"] == 30
    assert "Name other columns by --text-column and --label-column" in tiergate(*asked).stderr


def test_labels_of_no_class_have_a_section_of_their_own(taught: Path) -> None:
    held = rows_of(OTHERS) + [(text, "other") for text in STRANGE]
    sections = figures(made(taught), table(taught.parent / "held.csv", held))
    assert sections["kind"]["accuracy"]["n"] == 30
    assert sections["kind, labels that it does not know"]["says_0.9_or_more"] == pytest.approx(
        {"value": 0.0, "n": 3, "low": 0.0, "high": 1 - 0.025 ** (1 / 3)},  # Clopper and Pearson
        abs=5e-5,  # four digits are told
    )


def test_labels_of_no_class_are_named_with_their_lines(taught: Path) -> None:
    held = [*rows_of(OTHERS), ("The scanner was charged", "Billling"), (STRANGE[0], "other")]
    data = table(taught.parent / "held.csv", held)
    done = tiergate("evaluate", "head", "--head", made(taught), "--data", data, "--json")
    assert (
        "2 rows have labels that the head does not know: 'Billling' (line 32, is it 'billing' "
        "mistyped?), 'other' (line 33); the figures of its classes are of the other 30 rows"
    ) in json.loads(done.stdout)["notes"]


def test_a_chance_is_judged_by_its_label(taught: Path) -> None:
    head = made(taught, positive="billing")
    section = figures(head, table(taught.parent / "held.csv", rows_of(OTHERS)))["kind"]
    assert section["positives"] == {"value": 15.0, "n": 30}
    assert section["auroc"]["value"] > 0.9


def test_a_file_of_taught_rows_alone_is_refused(taught: Path) -> None:
    done = tiergate("evaluate", "head", "--head", made(taught), "--data", taught)
    assert done.returncode == 1
    assert "found no row that did not teach the head kind" in done.stderr


def test_a_file_without_a_row_is_told_from_one_of_taught_rows(taught: Path) -> None:
    empty = table(taught.parent / "empty.csv", [("", "")])
    done = tiergate("evaluate", "head", "--head", made(taught), "--data", empty)
    assert done.returncode == 1
    assert "found no row with a text and a label" in done.stderr


def test_a_file_of_labels_of_no_class_has_nothing_right(taught: Path) -> None:
    held = table(taught.parent / "held.csv", [(text, "other") for text in STRANGE])
    assert set(figures(made(taught), held)) == {"kind, labels that it does not know", "size"}


def test_a_head_of_values_is_refused(taught: Path) -> None:
    head = DEFAULT_FOLDER / "heads" / "difficulty.json"
    done = tiergate("evaluate", "head", "--head", head, "--data", taught)
    assert done.returncode == 1
    assert "head difficulty gives a value" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("head",), "found no --head"),
        (("head", "--head", "h.json", "--baseline"), "--baseline: of no use for head"),
        (("spam", "--head", "h.json"), "--head: of no use for spam"),
    ],
)
def test_options_without_meaning_are_refused(
    taught: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = tiergate("evaluate", *arguments, "--data", taught)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
