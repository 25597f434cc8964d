"""Filters of the data folder and the report on it: what is dropped, what is only told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.training.data import curate, known_files, quality, report
from router.training.data.paraphrase import paraphrased
from router.training.data.quality import Fault
from router.training.data.sources import Example
from tests.kits.training_kit import write, write_data

pytestmark = pytest.mark.slow

GERMAN = "ich kann mein Paket nicht finden und weiß nicht, wie ich es suchen soll"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("?", Fault.TOO_SHORT),
        ("...!!", Fault.TOO_SHORT),
        ("no", None),
        ("x" * quality.MOST_CHARS, None),
        ("x" * (quality.MOST_CHARS + 1), Fault.TOO_LONG),
        ("the caf\u00c3\u00a9 isn\u00e2\u20ac\u2122t open, says Ren\u00c3\u00a9", Fault.MOJIBAKE),
        ("\ufffd\ufffd\ufffd is what the form says", Fault.MOJIBAKE),
        ("win \u00c2\u00a3500 now, \u00c2\u00a320 to enter", None),
        ("-------- | -------- | a1", Fault.NON_LETTERS),
        ("f(x) = (x + 1) / (x - 2)", None),
        ("[deleted]", Fault.BOILERPLATE),
        ("This message was deleted.", Fault.BOILERPLATE),
        ("why was this message deleted", None),
        ("Out of office: back in May", Fault.BOILERPLATE),
        ("automatic reply does not stop", None),
    ],
)
def test_a_text_is_dropped_only_where_it_is_broken(text: str, fault: Fault | None) -> None:
    assert quality.fault(text) is fault


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "German"),
        ("je ne sais pas où est mon colis et je vous prie de m'aider", "French"),
        ("no sé dónde está mi pedido y quiero que me lo digan", "Spanish"),
        ("\u0433\u0434\u0435 \u043f\u043e\u0441\u044b\u043b\u043a\u0430", "another script"),
        ("play la vie en rose", "English"),
        ("what does der Zug kommt um drei mean", "English"),
        ("\u03c0 is about 3.14, and \u03b1 is an angle", "English"),
    ],
)  # fmt: skip
def test_a_text_is_english_unless_it_says_otherwise(text: str, language: str) -> None:
    assert quality.language(text) == language


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder whose spam file has one row of each kind of trouble."""
    folder = write_data(tmp_path / "data")
    texts = [
        "win a car", "", "?", "Win a car!", "[removed]", GERMAN, "call me", "call me",
        "how heavy is the lamp", "\ufffd\ufffd\ufffd is the sum",
    ]  # fmt: skip
    labels = ["spam", "spam", "spam", "spam", "ham", "ham", "ham", "spam", "ham", "spam"]
    write(folder, "spam_sms.jsonl.gz", [
        {"text": text, "label": label} for text, label in zip(texts, labels, strict=True)
    ])  # fmt: skip
    return folder


def spam_of(folder: Path, *, english_only: bool = False) -> report.FileReport:
    made = curate.curate(folder, 1, english_only=english_only)
    return next(f for f in report.report(made).files if f.name == "spam_sms.jsonl.gz")


def test_dropped_rows_are_told_by_reason_and_number(odd: Path) -> None:
    found = {why: rows.first for why, rows in spam_of(odd).dropped.items()}
    assert found == {"no text": (2,), "too short": (3,), "boilerplate": (5,), "mojibake": (10,)}


def test_a_foreign_row_is_told_but_kept(odd: Path) -> None:
    found = spam_of(odd)
    assert found.other_languages == {"German": report.Rows(1, (6,))}
    assert found.rows_kept == 6


def test_a_foreign_row_is_dropped_where_english_alone_is_asked_for(odd: Path) -> None:
    assert spam_of(odd, english_only=True).dropped["another language"].first == (6,)


def test_repeated_rows_are_those_after_the_first(odd: Path) -> None:
    assert spam_of(odd).repeated.first == (4, 8)


def test_contradicting_rows_are_named_together(odd: Path) -> None:
    found = report.report(curate.curate(odd, 1)).contradicting
    assert [(one.file, one.task, one.rows) for one in found] == [
        ("spam_sms.jsonl.gz", "spam", (7, 8))
    ]


def test_texts_of_two_files_are_counted(odd: Path) -> None:
    (common,) = report.report(curate.curate(odd, 1)).common
    assert (common.files, common.texts) == (("intent_banking77.jsonl.gz", "spam_sms.jsonl.gz"), 1)


def test_the_report_for_people_repeats_no_text_of_the_data(odd: Path) -> None:
    text = report.render(report.report(curate.curate(odd, 1)))
    assert "spam_sms.jsonl.gz: mojibake, row 10" in text
    assert not [word for word in ("Paket", "win a car", "lamp") if word in text]


def test_the_shares_of_a_task_add_up_at_every_step(odd: Path) -> None:
    for task, found in report.report(curate.curate(odd, 1)).balance.items():
        for shares in (found.read, found.kept, found.trained):
            assert sum(shares.values()) == pytest.approx(1.0, abs=0.01) or not shares, task


def test_training_weighs_rare_classes_more() -> None:
    rows = tuple(Example(f"t{i}", "sms", labels={"spam": "ok"}) for i in range(90))
    rare = tuple(Example(f"s{i}", "sms", labels={"spam": "spam"}) for i in range(10))
    made = curate.Curated((*rows, *rare), (), (), 0, 0, {}, 0)
    found = report.report(made).balance["spam"]
    assert found.kept["spam"] < found.trained["spam"] < 0.5


def test_no_text_stands_on_both_sides_of_the_split(odd: Path) -> None:
    told = [Example(text, "knowledge") for text in ("how heavy is the lamp", "paint for a tent")]
    every = [example for file in known_files.read_folder(odd) for _, example in file.rows]
    judged = next(example for example in every if example.text and curate.is_dev(example))
    made = curate.curate(odd, 1, told=[*told, Example(judged.text.upper(), "knowledge")])
    figures = report.report(made)
    assert (figures.texts_on_both_sides, figures.groups_on_both_sides) == (0, 0)
    assert figures.left_dev >= 1


def test_own_texts_without_labels_are_read(tmp_path: Path) -> None:
    write(tmp_path, "unlabelled.jsonl.gz", [{"text": "where is my bicycle"}])
    (file,) = known_files.read_folder(tmp_path)
    assert (file.rows[0][1].text, dict(file.rows[0][1].labels)) == ("where is my bicycle", {})


@pytest.mark.parametrize("seed", range(20))
def test_a_paraphrase_keeps_negation_numbers_and_names(seed: int) -> None:
    text = "I do not want to pay 250 euros to Anna, how can I cancel?"
    other = paraphrased(text, random.Random(seed)).lower()
    assert "250" in other
    assert "anna" in other
    assert "do not" in other or "don't" in other


def test_a_paraphrase_is_the_same_under_a_seed() -> None:
    text = "Can you tell me where is my parcel"
    assert paraphrased(text, random.Random(3)) == paraphrased(text, random.Random(3))


def test_a_long_text_gets_no_frame() -> None:
    text = "word " * 100
    assert paraphrased(text, random.Random(1)) == text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('[{"text": "a", "label": "ham"}]', "row 1: a JSON list; expected an object a line"),
        ('{"text": NaN, "label": "ham"}', "row 1: column text is missing or null"),
        ("NaN", "row 1: a JSON NaN; expected an object a line"),
        ("null", "row 1: a JSON null; expected an object a line"),
        ("", r"spam_sms\.jsonl holds no row; expected some with text, label, or the file out of"),
    ],
)
def test_row_without_its_texts_is_told_as_what_it_is(line: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "spam_sms.jsonl").write_text(line + "\n")
    with pytest.raises(TrainingDataError, match=told):
        known_files.read_folder(tmp_path)
