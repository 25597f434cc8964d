"""Outcomes in files: what counts, and each line or column that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from router.cli.policies.outcome_files import BadLines, decimal, read_outcomes, rows_of

ID = "0190b6f1-0000-7000-8000-000000000001"
OTHER = "0190b6f1-0000-7000-8000-000000000002"


def outcomes(folder: Path, text: str) -> tuple[list[tuple[bool, str, bool]], BadLines]:
    """Returns what counts of a CSV file, and its bad lines."""
    path, bad = folder / "outcomes.csv", BadLines()
    path.write_text(text, encoding="utf-8")
    return [(o.correct, o.answerer, o.outside) for o in read_outcomes(path, bad)], bad


@pytest.mark.parametrize(("mark", "outside"), [("1", True), ("no", False), ("", False)])
def test_a_mark_says_if_a_request_is_outside(tmp_path: Path, mark: str, outside: bool) -> None:
    found, bad = outcomes(tmp_path, f"request_id,correct,outside\n{ID},1,{mark}\n")
    assert (found, bad.count) == ([(True, "", outside)], 0)


def test_a_mark_that_nobody_knows_is_refused_with_its_line(tmp_path: Path) -> None:
    text = f"request_id,correct,outside\n{ID},1,0\n{OTHER},1,maybe\n"
    found, bad = outcomes(tmp_path, text)
    assert found == [(True, "", False)]
    assert bad.named == ["line 3: outside is 'maybe', expected 0 or 1, or nothing"]


@pytest.mark.parametrize("row", ["0,smol,", "1,smol,1"])
def test_a_contradiction_is_named_instead_of_winning(tmp_path: Path, row: str) -> None:
    text = f"request_id,correct,answerer,outside\n{ID},1,smol,\n{ID},{row}\n"
    found, bad = outcomes(tmp_path, text)
    assert found == [(True, "smol", False)]
    assert bad.named == [f"line 3: request_id {ID!r} was listed before, with other values"]


@pytest.mark.parametrize("row", ["1,smol", "0,remote"])
def test_a_repeat_or_another_answerer_contradicts_nothing(tmp_path: Path, row: str) -> None:
    _, bad = outcomes(tmp_path, f"request_id,correct,answerer\n{ID},1,smol\n{ID},{row}\n")
    assert bad.count == 0


def test_a_column_that_comes_twice_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="names correct more than once"):
        outcomes(tmp_path, f"request_id,correct,correct\n{ID},1,0\n")


def only_row(folder: Path, text: str) -> dict[str, object]:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    ((_, row),) = rows_of(path, BadLines(), columns=("a", "b"))
    return {name: row[name] for name in ("a", "b")}


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    assert only_row(tmp_path, "\ufeffa,b\n1,2\n") == {"a": "1", "b": "2"}


def test_unnamed_columns_are_fine(tmp_path: Path) -> None:
    assert only_row(tmp_path, "a,b,,\n1,2,,\n") == {"a": "1", "b": "2"}


@pytest.mark.parametrize("sign", [";", "\t"])
def test_columns_of_other_spreadsheets_are_read(tmp_path: Path, sign: str) -> None:
    assert only_row(tmp_path, f"\ufeffa{sign}b\n1{sign}2,5\n") == {"a": "1", "b": "2,5"}


@pytest.mark.parametrize("cell", ["0,95", "0.95", 0.95])
def test_a_decimal_comma_is_a_point(cell: object) -> None:
    assert decimal(cell) == 0.95
