"""Files that an evaluation reads, what it refuses of them, and which rows it judges."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.evaluation.kinds.graded_table import (
    STRONG,
    WEAK,
    Graded,
    call_cost,
    pair_of,
    read_graded,
    read_prices,
)
from router.evaluation.kinds.intents import read_intents
from router.evaluation.kinds.labelled import READERS
from router.evaluation.kinds.stakes import read_stakes
from router.evaluation.options import Kind
from router.evaluation.rows import Row, both_sides, in_dev, judged_side, trained_on
from router.evaluation.table import Table
from router.training.data import known_files
from router.training.data.curate import is_dev, normalised

Json = dict[str, object]
INTENT: Json = {"text": "where is my parcel", "intent": "track"}
PAIR: Json = {"prompt": "2 + 2", "benchmark": "sums", "weak_correct": 0, "strong_correct": 1}


def write(path: Path, rows: Sequence[Json | str]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["null"], r"rows\.jsonl\.gz:1: found a JSON null; expected an object"),
        (["[1]"], r"rows\.jsonl\.gz:1: found a JSON list; expected an object"),
        ([INTENT, "{'a'"], r"rows\.jsonl\.gz:2: found \"{'a'\"; expected one JSON object a line"),
        ([{"text": "a"}], r":1: found the columns text; expected intent too"),
        ([{"text": 3, "intent": "a"}], r":1: text is 3; expected a text"),
        ([{**INTENT, "oos": "maybe"}], r":1: oos is 'maybe'; expected 0 or 1"),
        ([], r"found no rows; expected one JSON object a line"),
        ([{"text": "", "intent": "a"}], r"found 1 rows without text or label"),
        ([{"intent": "a"}] * 12, r"\(12 rows: lines 1, 2, 3, 4, 5, 6, 7, 8 and 4 more\)"),
    ],
)
def test_a_malformed_row_is_refused_by_its_line(
    tmp_path: Path, rows: Sequence[Json | str], told: str
) -> None:
    with pytest.raises(TrainingDataError, match=told):
        read_intents(write(tmp_path / "rows.jsonl.gz", rows))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="cannot be read: No such file"):
        read_intents(tmp_path / "rows.jsonl.gz")


def test_plain_text_under_a_gzip_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_text(json.dumps(INTENT))
    with pytest.raises(TrainingDataError, match=r":1: found no gzip data .*; expected gzip"):
        read_intents(path)


def test_a_gzip_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", [INTENT] * 50)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TrainingDataError, match="cut short or altered"):
        read_intents(path)


def test_a_gzip_file_altered_within_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(7) + b"\x07")  # a header, a block of no known type
    with pytest.raises(TrainingDataError, match="cut short or altered"):
        read_intents(path)


def test_a_line_in_another_encoding_is_refused_by_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(json.dumps(INTENT).encode() + b'\n{"text": "caf\xe9", "intent": "a"}')
    with pytest.raises(TrainingDataError, match=r"rows\.jsonl:2: found the byte 0xe9 at 13"):
        read_intents(path)


def test_plain_json_lines_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(INTENT).encode() + b"\n\n")
    assert [row.label for row in read_intents(path).items] == ["track"]


@pytest.mark.parametrize(
    ("kind", "row", "told"),
    [
        ("spam", {"text": "win", "label": "junk"}, "label is 'junk'; expected 'spam' or 'ham'"),
        ("toxicity", {"text": "a", "label": "bad"}, "expected 'hate' or 'offensive' or 'neither'"),
        ("department", {"text": "a"}, "expected department too"),
        ("safety", {"text": "a", "label": "evil"}, "'safe' or 'unsafe' or 'harmful'"),
        ("safety", {"text": "a", "labels": 3}, "labels is 3; expected an object of 0 and 1"),
        ("spam", {"text": "a", "label": "spam"}, "found only 'spam' in all 1 rows as label"),
    ],
)
def test_a_label_of_no_known_name_is_refused(
    tmp_path: Path, kind: str, row: Json, told: str
) -> None:
    with pytest.raises(TrainingDataError, match=told):
        READERS[Kind(kind)](write(tmp_path / "rows.jsonl.gz", [row]))


def test_stakes_of_one_kind_are_refused(tmp_path: Path) -> None:
    rows: list[Json] = [{"text": "a", "stakes": "high", "source": "s"}]
    with pytest.raises(TrainingDataError, match="found only 'high' in all 1 rows as stakes"):
        read_stakes(write(tmp_path / "rows.jsonl.gz", rows))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"prompt": "a", "weak_correct": 1}, "found weak_correct alone"),
        ({"prompt": "a", "correct": [1]}, r"the results are \[1\]; expected an object"),
        ({"prompt": "a", "scores": {"m": "good"}}, "the result of m is 'good'; expected a number"),
        ({"prompt": "a", "scores": {"m": float("nan")}}, "the result of m is nan; expected 0"),
        ({"prompt": "a", "scores": {"m": -1}}, "the result of m is -1; expected 0 or more"),
        ({"question": "a", "correct": {"m": 1}}, "options is None; expected a list"),
    ],
)
def test_a_graded_row_that_cannot_be_read_is_refused(tmp_path: Path, row: Json, told: str) -> None:
    with pytest.raises(TrainingDataError, match=told):
        read_graded(write(tmp_path / "rows.jsonl.gz", [row]))


def test_models_that_are_not_there_are_refused_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", [{"prompt": "a", "correct": {"one": 1, "two": 0}}])
    table = read_graded(path)
    with pytest.raises(TrainingDataError, match="no results of three; expected one of: one, two"):
        pair_of(table, path, "one", "three")
    with pytest.raises(TrainingDataError, match="none of the known pairs"):
        pair_of(table, path, None, None)
    with pytest.raises(TrainingDataError, match="go together"):
        pair_of(table, path, "one", None)


def test_the_columns_of_pairs_mean_routellms_models(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", [PAIR])
    table = read_graded(path)
    assert pair_of(table, path, None, None) == (WEAK, STRONG)
    assert table.graded[1].results == {WEAK: 0.0, STRONG: 1.0}


def test_results_above_one_are_scaled_by_the_highest(tmp_path: Path) -> None:
    rows: list[Json] = [{"prompt": p, "scores": {"m": s}} for p, s in (("a", 8), ("b", 4))]
    table = read_graded(write(tmp_path / "rows.jsonl.gz", rows))
    assert (table.scale, table.graded[2].results) == (8.0, {"m": 0.5})


def test_a_call_costs_its_tokens_at_their_prices() -> None:
    row, graded = Row(1, "x" * 400, ""), Graded("", "", {}, {"m": 800.0})
    assert call_cost(row, graded, "m", (2.5, 10.0)) == pytest.approx(2_250e-6)


def test_prices_of_a_file_take_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({WEAK: [1, 2]}))
    prices = read_prices(path)
    assert (prices[WEAK], prices[STRONG]) == ((1.0, 2.0), (24.7, 24.7))
    path.write_text(json.dumps({"models": {"m": {"input_price": 3, "output_price": 4}}}))
    assert read_prices(path)["m"] == (3.0, 4.0)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ('{"m": "cheap"}', "found no price list"),
        ('{"m": [1, -1]}', r"the price of m is \(1\.0, -1\.0\); expected 0 or more"),
        ('{"m": [NaN, 1]}', r"the price of m is \(nan, 1\.0\); expected 0 or more"),
    ],
)
def test_a_price_list_of_another_shape_is_refused(tmp_path: Path, found: str, told: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(found)
    with pytest.raises(TrainingDataError, match=told):
        read_prices(path)


ROWS: dict[str, Json] = {
    "intent_clinc150": {"text": "where is my {}", "intent": "a"},
    "tickets_it_service": {"text": "my {} is broken", "department": "a"},
    "spam_sms": {"text": "win a {}", "label": "spam"},
    "toxicity_davidson": {"text": "a {}", "label": "neither"},
    "safety_xstest": {"text": "how do I kill a {}", "label": "safe"},
    "stakes_labelled": {
        "text": "my {} is gone", "stakes": "high", "source": "s", "pair_id": "{}",
    },
    "routing_pairs": {**PAIR, "prompt": "what is a {}", "subject": "law"},
    "routing_multi_mmlu_pro": {
        "question": "what is a {}", "options": ["x", "y"], "category": "law", "correct": {"m": 1},
    },
}  # fmt: skip


def read_back(stem: str, path: Path) -> Sequence[Row]:
    """The rows that the evaluation of this file's kind reads."""
    if stem.startswith("routing"):
        return read_graded(path).table.items
    if stem.startswith("intent"):
        return read_intents(path).items
    if stem.startswith("stakes"):
        return read_stakes(path).items
    kind = "department" if stem.startswith("tickets") else stem.partition("_")[0]
    return READERS[Kind(kind)](path)[0].table.items


@pytest.mark.parametrize("stem", ROWS)
def test_the_dev_cut_is_that_of_curation(stem: str, tmp_path: Path) -> None:
    rows = [json.loads(json.dumps(ROWS[stem]).replace("{}", f"thing{n}")) for n in range(80)]
    for row in rows[:40]:  # two labels, where a kind insists on them
        for column, other in (("label", "ham"), ("stakes", "low"), ("department", "b")):
            if column in row and stem in ("spam_sms", "stakes_labelled", "tickets_it_service"):
                row[column] = other
        if stem == "toxicity_davidson":
            row["label"] = "hate"
    reader = next(source for source in known_files.FILES if source.name.split(".", 1)[0] == stem)
    taught = [is_dev(next(iter(reader.read(row)))) for row in rows]
    found = read_back(stem, write(tmp_path / f"{stem}.jsonl.gz", rows))
    assert [in_dev(row.text, row.group) for row in found] == taught
    assert 0 < sum(taught) < 80


def table_of(rows: Sequence[Row], sha256: str = "aa") -> Table[Row]:
    return Table(Path("rows.jsonl.gz"), sha256, tuple(rows), ())


def some_rows(count: int = 60) -> list[Row]:
    return [Row(n, f"where is thing {n}", "ab"[n % 2]) for n in range(1, count + 1)]


def test_a_file_is_judged_on_its_dev_rows_by_a_head_of_the_others() -> None:
    sides = both_sides(table_of(some_rows()), None, frozenset(), None)
    assert all(in_dev(row.text) for row in sides.judged)
    assert not any(in_dev(row.text) for row in sides.train)
    assert len(sides.judged) + len(sides.train) == 60


def test_a_held_file_is_judged_whole_by_a_head_of_the_training_file() -> None:
    held = [Row(n, f"what about matter {n}", "a") for n in range(1, 9)]
    sides = both_sides(table_of(held), table_of(some_rows(), "bb"), frozenset({"bb"}), None)
    assert (len(sides.judged), len(sides.train)) == (8, 60)


def test_a_judged_text_that_is_also_taught_is_left_out() -> None:
    held = [Row(1, "Where is THING 7?", "a"), Row(2, "something else", "b")]
    sides = both_sides(table_of(held), table_of(some_rows(), "bb"), frozenset(), None)
    assert [row.line for row in sides.judged] == [2]
    assert "1 rows left out, whose text is also taught (lines 1)" in sides.notes


def test_repeats_stay_on_one_side_of_the_cut_and_are_counted() -> None:
    once = some_rows(400)
    # Typed in another way, and of another group, which alone would put some on the other side.
    again = [replace(row, text=f"{row.text.upper()}!", line=row.line + 400) for row in once]
    moved = [replace(row, group=f"g{row.line}", line=row.line + 800) for row in once[::2]]
    sides = both_sides(table_of([*once, *again, *moved]), None, frozenset(), None)
    taught = {normalised(row.text) for row in sides.train}
    judging = {normalised(row.text) for row in sides.judged}
    assert not taught & judging
    told = f"{len(sides.judged)} rows judge, of {len(judging)} distinct texts"
    assert len(sides.judged) > len(judging)
    assert [note for note in sides.notes if note.startswith(told)]
    alone = both_sides(table_of(once), None, frozenset(), None)
    assert not any("rows judge" in note for note in alone.notes)


def test_repeats_of_rows_that_judge_a_shipped_head_are_counted_once_told() -> None:
    rows = [Row(1, "where is it", "a"), Row(2, "Where is it?", "a"), Row(3, "why", "b")]
    told = "3 rows judge, of 2 distinct texts"
    assert sum(told in note for note in judged_side(table_of(rows), frozenset(), None).notes) == 1
    sides = both_sides(table_of(rows), table_of(some_rows(), "bb"), frozenset(), None)
    assert sum(told in note for note in sides.notes) == 1


def test_taught_texts_with_two_labels_are_left_out_by_line() -> None:
    torn = [Row(61, "where is thing 1", "a"), *some_rows()]
    held = [Row(1, "something else", "b")]
    sides = both_sides(table_of(held), table_of(torn, "bb"), frozenset(), None)
    assert any("whose text has two labels (lines 1, 61)" in note for note in sides.notes)
    assert len(sides.train) == 59


def test_a_file_that_the_model_was_made_from_is_judged_on_its_dev_rows() -> None:
    sides = judged_side(table_of(some_rows()), frozenset({"aa"}), None)
    assert all(in_dev(row.text) for row in sides.judged)
    assert "the model's card names this file" in sides.notes[0]


def test_insisting_on_all_rows_of_such_a_file_is_told() -> None:
    sides = judged_side(table_of(some_rows()), frozenset({"aa"}), False)
    assert len(sides.judged) == 60
    assert any("flatter" in note for note in sides.notes)


def test_any_other_file_is_judged_whole() -> None:
    assert len(judged_side(table_of(some_rows()), frozenset(), None).judged) == 60


def test_a_head_to_fit_without_rows_to_fit_it_on_is_refused() -> None:
    with pytest.raises(TrainingDataError, match="found --no-dev without --train"):
        both_sides(table_of(some_rows()), None, frozenset(), False)


def test_too_few_rows_for_a_cut_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="found no dev row among 1 rows"):
        both_sides(table_of(some_rows(1)), None, frozenset(), None)


def test_a_card_that_cannot_be_read_names_no_file(tmp_path: Path) -> None:
    assert trained_on(tmp_path) == frozenset()
    (tmp_path / "card.json").write_text("[]")
    assert trained_on(tmp_path) == frozenset()


def test_a_wide_table_of_unknown_models_gives_its_own_pair(tmp_path: Path) -> None:
    """Ten rows: `top` is right on all, `mid` on eight, `low` on three."""
    rows: list[Json] = [
        {"prompt": str(n), "correct": {"top": 1, "mid": int(n < 8), "low": int(n < 3)}}
        for n in range(10)
    ]
    path = write(tmp_path / "rows.jsonl.gz", rows)
    assert pair_of(read_graded(path), path, None, None) == ("mid", "top")


def test_a_named_model_may_have_answered_one_benchmark_of_several(tmp_path: Path) -> None:
    rows: list[Json] = [
        {"prompt": str(n), "benchmark": "one" if n < 5 else "two",
         "correct": {"all": 1} | ({"some": 0} if n < 5 else {})}
        for n in range(10)
    ]  # fmt: skip
    path = write(tmp_path / "rows.jsonl.gz", rows)
    assert pair_of(read_graded(path), path, "some", "all") == ("some", "all")
