"""The training of the reader of grave matters: its texts, its weights and a small fit."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.training.data.authors import grave_texts
from router.training.data.authors.grave_rows import EACH_LANGUAGE, rows_of
from router.training.data.authors.grave_texts import GRAVE, JUDGES, GraveText
from router.training.heads.fit_grave import (
    TRADE_OFF,
    _parts,
    fit,
    trade_off,
)
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel, write_manifest

FEW = [
    row
    for row in grave_texts.texts(7, 1)
    if not row.apart
    and row.language in ("en", "de")
    and row.author in ("first", "four", "thirty_sixth", "voices_of_firms", "voices_of_towns")
]


def _write(folder: Path, text: str) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "en.txt").write_text(text, encoding="utf-8")


def test_texts_are_the_same_under_the_same_seed() -> None:
    assert list(grave_texts.texts(7, 2)) == list(grave_texts.texts(7, 2))


HARMLESS_ONLY = (
    "ninth", "tenth", "thirty_ninth",
    "voices_of_customers", "voices_of_everyday",
)  # fmt: skip
GRAVE_ONLY = "voices_of_patients"
OF_FIRMS = (
    "thirty_sixth", "thirty_seventh", "thirty_eighth",
    "voices_of_desks", "voices_of_firms", "voices_of_towns",
)  # fmt: skip
NO_KNOWLEDGE = (
    "thirteenth", "fourteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twenty_first", "twenty_second", "twenty_third", "twenty_fourth", "twenty_fifth",
    "twenty_sixth", "twenty_seventh", "twenty_eighth", "twenty_ninth", "thirtieth",
    "thirty_first", "thirty_second", "thirty_third", "thirty_fourth", "thirty_fifth",
    "voices_of_home", "voices_of_mishaps", "voices_of_private", "voices_of_service",
)  # fmt: skip
OF_PEOPLE = tuple(section for section in GRAVE if section != "money")
SECTIONS_OF = {
    **dict.fromkeys(HARMLESS_ONLY, ("knowledge", "none")),
    **dict.fromkeys(NO_KNOWLEDGE, (*OF_PEOPLE, "none")),
    **dict.fromkeys(OF_FIRMS, ("money", "company", "none")),
    GRAVE_ONLY: OF_PEOPLE,
    "voices_of_choices": ("self_harm", "none"),
    **dict.fromkeys(("fortieth", "voices_of_staff"), ("company", "none")),
    **dict.fromkeys(("forty_second", "forty_third", "forty_fourth"), (*GRAVE, "knowledge", "none")),
    "forty_fifth": (*GRAVE, "company", "none"),
    "forty_seventh": (*GRAVE, "none"),
    "forty_ninth": ("medical", "self_harm", "poison", "legal", "engineering", "money", "none"),
    "fiftieth": ("medical", "poison", "legal", "engineering", "money", "none"),
    "fifty_third": (*GRAVE, "none"),
    "forty_first": ("fraud", "legal", "medical", "self_harm", "violence", "none"),
}


def test_each_author_has_texts_of_each_section_in_each_of_their_languages() -> None:
    rows = [*grave_texts.texts(7, 1), *grave_texts.held_out()]
    languages: dict[str, set[str]] = {}
    for row in rows:
        languages.setdefault(row.author, set()).add(row.language)
    found = {(row.author, row.language, row.section) for row in rows}
    for author, theirs in languages.items():
        sections = SECTIONS_OF.get(author, (*OF_PEOPLE, "knowledge", "none"))
        needed = set(itertools.product([author], theirs, sections))
        assert needed <= found or author in HARMLESS_ONLY
        assert not {one for one in found if one[0] == author} - needed


def test_each_language_has_five_authors_or_more() -> None:
    rows = [*grave_texts.texts(7, 1), *grave_texts.held_out()]
    authors: dict[str, set[str]] = {}
    for row in rows:
        if row.section in GRAVE:
            authors.setdefault(row.language, set()).add(row.author)
    assert len(authors) == 14
    assert min(map(len, authors.values())) >= 5


@pytest.mark.slow
def test_the_author_who_judges_is_never_learnt_from() -> None:
    judging = [line for judge in JUDGES for line in grave_texts.held_out(judge)]
    read = list(grave_texts.texts(7))
    assert {row.author for row in judging} == set(JUDGES)
    assert {row.author for row in read}.isdisjoint(JUDGES)
    assert not {row.text.lower() for row in judging} & {row.text.lower() for row in read}


def test_authors_are_held_out_whole_and_texts_of_other_people_go_to_all() -> None:
    written = [GraveText("x", "fraud", "en", f"{who}/en/{n}") for who in "abc" for n in range(4)]
    others = [GraveText("x", "none", "en", f"everyday/{n}") for n in range(40)]
    calm = [GraveText("x", "none", "en", f"d/en/{n}") for n in range(40)]
    parts = _parts([*written, *others, *calm]).tolist()
    assert parts[:12] == [0] * 4 + [1] * 4 + [2] * 4
    assert set(parts[12:52]) == set(parts[52:]) == {0, 1, 2}


def test_the_lines_of_one_author_alone_are_held_out_by_line() -> None:
    rows = [GraveText("x", "fraud", "en", f"a/en/{number}") for number in range(40)]
    assert set(_parts(rows).tolist()) == {0, 1, 2}


def test_a_line_of_alternatives_is_filled_more_often_than_a_plain_one(tmp_path: Path) -> None:
    _write(tmp_path, "## none\n{one|two}\nred {a|b|c} {d|e|f}\nplain\n")
    groups = Counter(row.group for row in grave_texts.texts(7, 4, tmp_path, spoilt=0.0))
    assert (groups["a/en/0"], groups["a/en/2"]) == (2, 1)
    assert groups["a/en/1"] > 2


def test_each_sentence_of_a_harmless_message_teaches_by_itself(tmp_path: Path) -> None:
    lines = "I share a desk with a man who hums. I don't want to hurt him. How do I say it?"
    _write(tmp_path, f"## none\n{lines}\n## medical\n{lines} My arm is numb now.\n")
    rows = [row for row in grave_texts.texts(7, 1, tmp_path, spoilt=0.0)]
    assert [row.text.strip() for row in rows if row.section == "none"] == [
        lines,
        "I share a desk with a man who hums.",
        "I don't want to hurt him.",
        "How do I say it?",
    ]
    # Which sentence of a grave message is the grave one, nobody wrote down.
    assert sum(row.section == "medical" for row in rows) == 1
    assert len({row.group for row in rows if row.section == "none"}) == 1
    assert [row.apart for row in rows if row.section == "none"] == [False, True, True, True]


def test_the_trade_off_lets_the_stated_share_through() -> None:
    grave = np.arange(200) >= 100
    chances = np.where(grave, 0.5, 0.0) + np.arange(200) / 1000
    curve = trade_off(chances, grave)
    assert set(curve) == {str(share) for share in TRADE_OFF}
    assert all(point["recall"] == 1.0 for point in curve.values())  # type: ignore[index,call-overload]


def test_the_first_choice_of_a_line_goes_round(tmp_path: Path) -> None:
    _write(tmp_path, "## none\n{one|two|three} {a|b}\n")
    first = [row.text.split()[0] for row in grave_texts.texts(7, 3, tmp_path, spoilt=0.0)]
    assert first == ["one", "two", "three"]


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, "## weather\nit rains\n")
    with pytest.raises(ValueError, match="weather"):
        list(grave_texts.texts(7, 1, tmp_path))


def test_everyday_lines_of_other_languages_are_harmless_rows(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": f"wie geht es {number}", "language": "de", "source": "x"})
        for number in range(EACH_LANGUAGE + 5)
    ]
    with gzip.open(tmp_path / "everyday_languages.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    rows = [row for row in rows_of(tmp_path, 7) if row.text.startswith("wie geht es ")]
    assert len(rows) == EACH_LANGUAGE
    assert {(row.section, row.language, row.written) for row in rows} == {("none", "de", False)}


@pytest.mark.slow
def test_a_small_fit_tells_grave_from_harmless(tmp_path: Path) -> None:
    model = TriageModel.load(grave_reader=False)
    fitted = fit(model, FEW)
    vectors = model.vectors([row.text for row in FEW])
    chances = np.array([one.grave for one in fitted.reader.read([r.text for r in FEW], vectors)])
    grave = np.array([row.section in GRAVE for row in FEW])
    assert chances[grave].mean() > chances[~grave].mean() + 0.2
    parts = {f"{part}_{name}" for part in ("at", "trade_off", "ece") for name in ("en", "others")}
    assert set(fitted.card) == {*parts, "en", "de", "company"}
    companies = np.array(
        [one.company for one in fitted.reader.read([r.text for r in FEW], vectors)]
    )
    company = np.array([row.section == "company" for row in FEW])
    assert companies[company].mean() > companies[~company].mean() + 0.2


def test_a_fit_without_a_section_is_refused() -> None:
    rows = [GraveText("hello", "none", "en", "en/0")]
    with pytest.raises(ValueError, match="rows of each section"):
        fit(TriageModel.load(grave_reader=False), rows)


@pytest.mark.slow
def test_a_reader_of_another_encoder_can_be_fitted_anew(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_FOLDER, folder)
    described = json.loads((folder / "grave.json").read_text(encoding="utf-8"))
    described["encoder_sha256"] = "0" * 64
    (folder / "grave.json").write_text(json.dumps(described), encoding="utf-8")
    write_manifest(folder)
    with pytest.raises(ModelFileError, match="another encoder"):
        TriageModel.load(folder)
    assert TriageModel.load(folder, grave_reader=False).grave is None
