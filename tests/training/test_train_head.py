"""`tiergate train head`: a labelled file becomes a head of the shipped encoder, or is refused."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from router.cli.models.train_head import _against
from router.errors import TrainingDataError
from router.stats import heads
from router.stats.heads import Encoded
from router.stats.ngrams import Grams, counted, rarity
from router.stats.stacks.head_stack import EarlyHeads
from router.training.heads.cross_validation import folds_of
from router.training.heads.fit_one_head import Recipe, TaughtRows, fit_head
from router.training.heads.labelled_rows import (
    MIN_ROWS,
    LabelledRow,
    clean,
    read_rows,
)
from router.training.heads.train_head import Made, may_only_guess, train_head
from router.triage.triage_model import TriageModel
from tests.kits.server_kit import tiergate

pytestmark = pytest.mark.slow

THINGS = (
    *("invoice", "parcel", "laptop", "password", "salary"),
    *("printer", "contract", "holiday", "monitor", "refund"),
)
ASKS = {
    "billing": ("The {} was charged twice", "Why is the {} on my bill?", "Please refund the {}"),
    "broken": ("My {} stopped working", "The {} is broken again", "Error when I open the {}"),
}


def some_rows() -> list[tuple[str, str]]:
    return [(ask.format(t), label) for label, asks in ASKS.items() for ask in asks for t in THINGS]


def write_csv(path: Path, rows: list[tuple[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def made(path: Path, out: Path, **changes: object) -> Made:
    given: dict[str, object] = {
        "model_dir": None, "text_column": "text", "label_column": "label", "positive": None,
        "seed": 7, "force": False, "command": "tiergate train head",
    }  # fmt: skip
    return train_head(path, "kind", out, **{**given, **changes})  # type: ignore[arg-type]


def test_near_duplicates_stay_in_one_fold() -> None:
    texts = [f"{'the same long opening of a mail ' * 4} number {i}" for i in range(8)]
    texts += [f"another matter {i}" for i in range(32)]
    folds = folds_of(texts, np.array([0, 1] * 20), seed=7)
    assert len(set(folds[:8].tolist())) == 1
    assert len(set(folds[8:].tolist())) > 1


FORM = "You received a message through the contact page of our shop. Please answer it soon. "


def test_a_form_that_many_fill_in_hides_no_class(tmp_path: Path) -> None:
    rows = [(FORM + text, label) for text, label in some_rows()]
    card = made(write_csv(tmp_path / "d.csv", rows), tmp_path / "out").card
    figures = card["figures"]
    assert isinstance(figures, dict)
    assert figures["folds"] == 5
    assert figures["accuracy"] > 0.8


def test_a_class_of_one_letter_sent_again_is_judged_all_the_same() -> None:
    texts = [f"{FORM} number {i}" for i in range(20)] + [f"another matter {i}" for i in range(20)]
    labels = np.array([0] * 20 + [1] * 20)
    folds = folds_of(texts, labels, seed=7)
    assert all(len(set(folds[labels == k].tolist())) > 1 for k in (0, 1))


def test_labels_that_near_duplicates_share_by_lot_cannot_be_foretold(tmp_path: Path) -> None:
    draw = random.Random(1)
    rows = []
    for number in range(60):
        letter = " ".join("".join(draw.choices("abcdefghilmnorstu", k=7)) for _ in range(24))
        label = "a" if number % 2 else "b"
        rows += [(hello + letter, label) for hello in ("Hi, ", "Dear all, ", "Hello: ")]
    figures = made(write_csv(tmp_path / "d.csv", rows), tmp_path / "out").card["figures"]
    assert isinstance(figures, dict)
    assert figures["accuracy"] < 0.7


def row(line: int, text: str, label: str) -> LabelledRow:
    return LabelledRow(line, text, label)


@pytest.mark.parametrize(
    ("rows", "kept", "told"),
    [
        (
            [row(2, "hello", "a"), row(3, "Hello!", "a")],
            [2],
            "1 row with the text of an earlier row",
        ),
        ([row(2, "x", "a"), row(3, "x", "a"), row(4, "x", "b")], [2], "outvoted by other labels"),
        (
            [row(2, "x", "a"), row(3, "x", "b")],
            [],
            "two labels equally often left out (lines 2, 3)",
        ),
        ([row(2, "", "a"), row(3, "x", "")], [], "2 rows without a text or a label left out"),
        (
            [row(2, "x", "HR Desk"), row(3, "y", "HR Desk"), row(4, "z", "hr  desk")],
            [2, 3, 4],
            "1 row whose label has other case or spaces than most of its class mended (line 4)",
        ),
    ],
)
def test_what_is_mended_is_told_with_its_lines(
    rows: list[LabelledRow], kept: list[int], told: str
) -> None:
    left, repairs = clean(rows)
    assert [one.line for one in left] == kept
    assert told in "; ".join(map(str, repairs))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(f"text {i}", "only") for i in range(30)], "the one class 'only'"),
        ([*some_rows(), ("lonely", "rare")], "1 of 3 classes with one text only (line 62: 'rare')"),
        ([*some_rows(), ("Is it paid?", "biling")], "'biling' (did you mean 'billing'?)"),
        (some_rows()[:10] + some_rows()[-9:], f"19 usable rows; a head needs at least {MIN_ROWS}"),
    ],
)
def test_data_that_cannot_teach_are_refused(
    tmp_path: Path, rows: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(TrainingDataError) as caught:
        read_rows(write_csv(tmp_path / "d.csv", rows), "text", "label")
    assert message in caught.value.message


def test_twenty_rows_are_enough(tmp_path: Path) -> None:
    rows = some_rows()[:10] + some_rows()[-10:]
    assert len(read_rows(write_csv(tmp_path / "d.csv", rows), "text", "label").rows) == MIN_ROWS


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    with pytest.raises(TrainingDataError, match="lacks the column body; it has text, label"):
        read_rows(path, "body", "label")


def test_lines_that_are_no_objects_are_refused_by_number(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "a", "label": "x"}\nnonsense\n[1]\n{"text": "b"}\n')
    with pytest.raises(TrainingDataError) as caught:
        read_rows(path, "text", "label")
    assert "line 2: no JSON; line 3: no JSON object" in caught.value.message
    assert "line 4: without label" in caught.value.message


def test_rows_in_another_encoding_are_refused_by_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", [*some_rows(), ("Zahlung für März", "billing")], "cp1252")
    with pytest.raises(TrainingDataError, match="not UTF-8: line 62"):
        read_rows(path, "text", "label")


def test_utf_16_without_its_mark_is_named_as_such(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows(), "utf-16-le")
    with pytest.raises(TrainingDataError, match=r"holds zero bytes, .*iconv -f UTF-16LE"):
        read_rows(path, "text", "label")


def test_a_list_in_one_file_is_told_how_it_becomes_lines(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text("[]")
    with pytest.raises(TrainingDataError, match="makes lines of a list"):
        read_rows(path, "text", "label")


def test_a_very_long_text_of_a_table_is_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", [*some_rows(), ("word " * 50_000, "billing")])
    assert len(read_rows(path, "text", "label").rows) == 61


def test_a_gzip_file_altered_within_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl.gz"
    path.write_bytes(b"\x1f\x8b\x08" + bytes(7) + b"\x07")  # a header, a block of no known type
    with pytest.raises(TrainingDataError, match=r"cannot be read: .*invalid block type"):
        read_rows(path, "text", "label")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_at_the_beginning_of_a_file_are_read(tmp_path: Path, encoding: str) -> None:
    found = read_rows(write_csv(tmp_path / "d.csv", some_rows(), encoding), "text", "label")
    assert len(found.rows) == 60
    assert len(found.repairs) == 1


def test_semicolons_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("label;text\n" + "".join(f"{label};{text}\n" for text, label in some_rows()))
    assert len(read_rows(path, "text", "label").rows) == 60


def test_the_same_file_gives_the_same_head(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    for folder in ("one", "two"):
        assert made(path, tmp_path / folder).installed
    for name in ("kind.npz", "kind.json", "kind.card.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_head_of_one_chance_says_the_positive_class(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    made(path, tmp_path, positive="billing")
    model = TriageModel.load()
    head = heads.load(tmp_path, "kind", encoder_sha256=model.encoder.sha256)
    high, low = head(model.encode(["I was charged twice for the desk", "The desk lamp is broken"]))
    assert head.classes == ("billing",)
    assert high > 0.5 > low


STRANGE = (
    "Who won the football match between Norway and Brazil yesterday",
    "integrate x squared times the sine of x from zero to pi",
    "the mitochondria of muscle cells divide during the night",
)


@pytest.mark.parametrize("positive", [None, "billing"])
def test_a_head_of_few_rows_is_no_surer_than_they_allow(
    tmp_path: Path, positive: str | None
) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    card = made(path, tmp_path, positive=positive).card
    model = TriageModel.load()
    head = heads.load(tmp_path, "kind", encoder_sha256=model.encoder.sha256)
    chances = head(model.encode([text for text, _ in some_rows()]))
    # Sixty rows, all right, support 61 / 62; thirty of one class 31 / 32.
    rows = 60 if positive is None else 30
    most = (rows + 1) / (rows + 2)
    assert 0.9 < chances.max() <= most + 1e-6
    assert card["says_at_most"] == pytest.approx(chances.max(), abs=1e-4)
    if positive is not None:
        assert chances.min() >= 1 - most - 1e-6


@pytest.mark.parametrize("positive", [None, "billing"])
def test_a_head_is_less_sure_of_texts_unlike_the_taught_ones(
    tmp_path: Path, positive: str | None
) -> None:
    made(write_csv(tmp_path / "d.csv", some_rows()), tmp_path, positive=positive)
    model = TriageModel.load()
    head = heads.load(tmp_path, "kind", encoder_sha256=model.encoder.sha256)
    known = head(model.encode(["The scanner was charged twice", "The bag was charged twice"]))
    strange = head(model.encode(STRANGE))
    assert known.max() > 0.9
    assert strange.max() < 0.75


def test_an_own_head_reads_no_text_by_words_alone(tmp_path: Path) -> None:
    made(write_csv(tmp_path / "d.csv", some_rows()), tmp_path)
    head = heads.load(tmp_path, "kind", encoder_sha256=None)
    assert EarlyHeads.of([head]) is None


def test_figures_are_out_of_fold() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels, texts = rng.integers(0, 2, 200), [f"random {i}" for i in range(200)]
    words = Grams.of([counted(rng.integers(0, 500, 9).tolist()) for _ in range(200)])
    encoded, rare = Encoded(vectors, words), rarity(words)
    recipe = Recipe("x", ("a", "b"), "ab", rare)
    fitted = fit_head(recipe, TaughtRows(encoded, labels, texts), seed=1)
    accuracy = fitted.figures["accuracy"]
    assert isinstance(accuracy, float)
    assert accuracy < 0.65  # labels drawn by lot cannot be foretold


def test_each_step_is_told_as_it_begins(tmp_path: Path) -> None:
    steps: list[str] = []
    made(write_csv(tmp_path / "d.csv", some_rows()), tmp_path / "out", say=steps.append)
    assert steps == [
        "reads 60 texts of 2 classes (step 1 of 2)",
        "fits and cross-validates (step 2 of 2)",
    ]


def test_a_worse_head_is_not_installed_unasked(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", some_rows())
    turned = {"billing": "broken", "broken": "billing"}
    half = [
        (text, turned[label] if i % 2 else label) for i, (text, label) in enumerate(some_rows())
    ]
    bad = write_csv(tmp_path / "bad.csv", half)
    made(good, tmp_path / "out")
    before = (tmp_path / "out" / "kind.npz").read_bytes()
    refused = made(bad, tmp_path / "out")
    assert not refused.installed
    assert (tmp_path / "out" / "kind.npz").read_bytes() == before
    assert made(bad, tmp_path / "out", force=True).installed
    assert (tmp_path / "out" / "kind.npz").read_bytes() != before


def test_a_head_that_may_only_guess_takes_no_place(tmp_path: Path) -> None:
    """Labels by lot teach nothing; compared on such rows the old head looks no better."""
    lot = random.Random(3)
    rows = [
        (f"{text} {n}", lot.choice(("a", "b", "c", "d")))
        for n in range(4)
        for text, _ in some_rows()
    ]
    good = [(text, label[0]) for text, label in some_rows()]
    four = [(f"{text} {n}", f"{label}{n % 2}") for n in range(2) for text, label in good]
    made(write_csv(tmp_path / "good.csv", four), tmp_path / "out")
    before = (tmp_path / "out" / "kind.npz").read_bytes()
    guess = made(write_csv(tmp_path / "lot.csv", rows), tmp_path / "out")
    assert may_only_guess(guess.card)
    assert not guess.installed
    assert (tmp_path / "out" / "kind.npz").read_bytes() == before


def test_a_head_that_cannot_be_written_leaves_the_one_before_whole(tmp_path: Path) -> None:
    made(write_csv(tmp_path / "d.csv", some_rows()), tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / ".kind.card.json.new").mkdir()  # no file can be written under this name
    with pytest.raises(OSError, match=r"kind\.card\.json"):
        made(write_csv(tmp_path / "e.csv", some_rows()[:-2]), tmp_path / "out", force=True)
    (tmp_path / "out" / ".kind.card.json.new").rmdir()
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_the_positive_label_may_be_spelt_in_other_case(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    assert made(path, tmp_path / "out", positive="Billing").card["classes"] == ["billing"]


def test_the_old_head_judges_only_rows_that_it_never_saw(tmp_path: Path) -> None:
    old = some_rows()[::2]
    made(write_csv(tmp_path / "old.csv", old), tmp_path / "out")
    again = made(write_csv(tmp_path / "all.csv", some_rows()), tmp_path / "out")
    assert again.comparison is not None
    assert again.comparison.rows == 30
    assert again.comparison.basis == "rows the old head never saw"


def test_heads_judged_on_rows_of_their_own_are_told_with_these(tmp_path: Path) -> None:
    made(write_csv(tmp_path / "all.csv", some_rows()), tmp_path / "out")
    # All its rows taught the old head, so that each counts with its own.
    again = made(write_csv(tmp_path / "few.csv", some_rows()[:40]), tmp_path / "out", force=True)
    assert again.comparison is not None
    assert (again.comparison.old_rows, again.comparison.rows) == (60, 40)
    told = _against(again.comparison)
    assert " (60 rows) against " in told
    assert told.endswith(" of the new one (40 rows)")


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_an_empty_file_is_called_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\n")
    with pytest.raises(TrainingDataError, match=rf"{name} is empty; expected rows with text and"):
        read_rows(tmp_path / name, "text", "label")


def test_the_command_prints_figures_and_repairs(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", [*some_rows(), ("", "billing")])
    run = tiergate("train", "head", "--data", path, "--name", "kind", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert "mended: 1 row without a text or a label left out (line 62)" in run.stdout
    assert "60 rows, cross-validated, with 95 % intervals: accuracy" in run.stdout
    assert "95 % of recall" in run.stdout
    path = tmp_path / "out" / "kind.json"
    assert f"A policy reads it by `heads: [{{name: kind, path: {path}}}]`" in run.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seed", "-1", "--out", "out"), "'--seed': found '-1'; expected at least 0"),
        (("--out", ""), "found an empty name; expected a file or a folder"),
        (("--out", __file__), "is a file; expected a folder, or the name of a new one"),
        (("--out", f"{__file__}/heads"), "is a file; expected a folder, or the name of a new one"),
    ],
)
def test_a_careless_option_is_refused_before_anything_is_read(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    run = tiergate("train", "head", "--data", tmp_path / "none.csv", "--name", "kind", *options)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())


def test_cells_that_a_table_names_nan_are_no_class(tmp_path: Path) -> None:
    rows = [*some_rows(), ("a lost cable", "nan"), ("another one", "NaN"), ("NaN", "billing")]
    card = made(write_csv(tmp_path / "d.csv", rows), tmp_path / "out").card
    assert card["classes"] == ["billing", "broken"]
    assert card["data"][0]["rows_used"] == 60


def test_list_instead_of_lines_is_told_with_the_way_to_lines(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps([{"text": "a", "label": "b"}], indent=1))
    with pytest.raises(
        TrainingDataError, match=r"`jq -c '.\[\]' d.jsonl > rows.jsonl` makes lines"
    ):
        made(path, tmp_path / "out")


def test_way_to_lines_of_a_packed_list_unpacks_the_name_as_a_shell_reads_it(
    tmp_path: Path,
) -> None:
    way = r"`gzip -dc 'my rows.json.gz' \| jq -c '.\[\]' > rows.jsonl`"
    path = tmp_path / "my rows.json.gz"
    path.write_bytes(gzip.compress(b'[{"text": "a", "label": "b"}]'))
    with pytest.raises(TrainingDataError, match=way):
        read_rows(path, "text", "label")


def test_the_card_holds_no_text(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", some_rows())
    made(path, tmp_path)
    card = (tmp_path / "kind.card.json").read_text()
    assert json.loads(card)["data"][0]["rows_used"] == 60
    assert not any(text in card for text, _ in some_rows())


def test_a_file_of_bytes_is_refused_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(codecs.BOM_UTF16_LE + b"\x00\xd8\x00")
    run = tiergate("train", "head", "--data", path, "--name", "kind", "--out", tmp_path)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
