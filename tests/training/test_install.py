"""No model takes the place of one that is better at some head, unless it is forced to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from router.cli.models.train import tell_installed
from router.errors import WorseModel
from router.training import install
from router.training.card import Value
from router.triage.triage_model import DEFAULT_FOLDER

Heads = dict[str, dict[str, float]]


def card(given: Heads, weak: Heads | None = None, **figures: Value) -> install.Card:
    return {"figures": {"heads": {"given": given, "weak": weak or {}}, **figures}}


def spam(auroc: float, rows: int = 4_000) -> Heads:
    return {"spam": {"rows": rows, "accuracy": 0.9, "auroc": auroc}}


def model(folder: Path, said: install.Card, word: str) -> Path:
    (folder / "heads").mkdir(parents=True)
    (folder / "heads" / f"{word}.json").write_text("{}")
    (folder / "encoder.onnx").write_text(word)
    (folder / "card.json").write_text(json.dumps(said))
    return folder


@pytest.mark.parametrize(
    ("new", "old", "rows", "fell"),
    [
        (0.95, 0.95, 4_000, False),
        (0.9899, 0.98, 4_000, False),
        (0.971, 0.98, 4_000, False),
        (0.969, 0.98, 4_000, True),
        (0.77, 0.80, 100, False),  # one standard error of .8 on 100 rows is .04
        (0.75, 0.80, 100, True),
        (0.75, 0.80, 1_000, True),
    ],
)
def test_a_head_is_worse_beyond_the_tolerance(
    new: float, old: float, rows: int, fell: bool
) -> None:
    found = install.worse(card(spam(new, rows)), card(spam(old, rows)))
    assert bool(found) is fell


def test_the_message_names_head_figures_rows_and_what_is_allowed() -> None:
    (fell,) = install.worse(card(spam(0.9, 500)), card(spam(0.99)))
    assert str(fell) == (
        "spam: AUROC 0.9000 against 0.9900 (0.0100 allowed; on 500 rows against 4000)"
    )


def test_classes_are_compared_by_accuracy() -> None:
    old, new = ({"domain": {"rows": 4_000, "accuracy": a}} for a in (0.95, 0.9))
    (fell,) = install.worse(card(new), card(old))
    assert (fell.head, fell.new.kind) == ("domain", "accuracy")


def test_given_labels_count_before_weak_ones() -> None:
    found = install.figures_of(card(spam(0.97), weak=spam(0.5)))
    assert found["spam"].value == 0.97


def test_figures_by_source_are_no_heads() -> None:
    assert not install.figures_of(card({"spam/email": {"rows": 90, "accuracy": 0.9}}))


def test_difficulty_is_weighed_by_answers() -> None:
    dev = {"a": {"answers": 300, "auroc": 0.8}, "b": {"answers": 100, "auroc": 0.4}}
    found = install.figures_of(card({}, difficulty={"dev": dev}))
    assert found["difficulty"].value == pytest.approx(0.7)


def test_a_head_of_one_card_alone_cannot_be_worse() -> None:
    assert not install.worse(card({}), card(spam(0.99)))


def test_a_head_without_a_figure_is_told() -> None:
    assert install.lost(card({}), card(spam(0.99))) == [
        "spam: no figure any more, AUROC 0.9900 before"
    ]
    assert not install.lost(card(spam(0.99)), card({}))


def test_match_is_that_of_all_companies() -> None:
    match: Value = {
        "bank": {"requests": 9, "auroc": 0.1},
        "all": {
            "requests": 900,
            "auroc": 0.95,
            "claimed_among_taken": 0.97,
            "right_among_taken": 0.9,
        },
    }
    found = install.figures_of(card({}, match=match))
    assert (found["match"].value, found["match"].rows) == (0.95, 900)
    assert found["match, taken"].value == pytest.approx(0.93)


def test_an_older_card_has_no_figure_of_claims_that_it_did_not_count() -> None:
    counted: dict[str, Value] = {"requests": 900, "auroc": 0.95}
    claims: dict[str, Value] = {"claimed_among_taken": 0.97, "right_among_taken": 0.9}
    old = card({}, match={"all": counted})
    assert "match, taken" not in install.figures_of(old)
    assert not install.worse(card({}, match={"all": counted | claims}), old)


def test_the_shipped_card_has_figures_of_match_and_novelty() -> None:
    found = install.figures_of(install.read_card(DEFAULT_FOLDER))
    assert {"match", "novelty", "difficulty"} <= found.keys()


def unread(right: float, **more: Value) -> install.Card:
    row: Value = {"rows": 800, "accuracy": 0.8, "sure": 400, "said": 0.95, "right": right}
    return card({}, held_out={"stakes/letters": row, **more})


def test_what_is_claimed_of_unread_sources_is_compared() -> None:
    (fell,) = install.worse(unread(0.85), unread(0.95))
    assert str(fell) == (
        "stakes, sure of unread sources: claims kept 0.9000 against 1.0000 (0.0150 allowed)"
    )


def test_a_source_of_one_card_alone_is_not_compared() -> None:
    easy: Value = {"rows": 9_000, "accuracy": 1.0, "sure": 0}
    assert not install.worse(unread(0.95), unread(0.95, **{"stakes/easy": easy}))


@pytest.mark.parametrize("new", [spam(0.9), {}], ids=["worse", "lost"])
def test_a_refitted_model_that_is_worse_is_kept_beside(tmp_path: Path, new: Heads) -> None:
    out = model(tmp_path / "out", card(spam(0.99)), "old")
    with (
        pytest.raises(WorseModel, match=r"out stays as it was.*spam: .*--force"),
        install.refitted(out, force=False) as made,
    ):
        (made / "card.json").write_text(json.dumps(card(new)))
    assert install.read_card(out) == card(spam(0.99))
    assert install.read_card(tmp_path / "out-not-installed") == card(new)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("auroc", "force"), [(0.99, False), (0.9, True)])
def test_a_refitted_model_takes_the_place(tmp_path: Path, auroc: float, force: bool) -> None:
    out = model(tmp_path / "out", card(spam(0.98)), "old")
    with install.refitted(out, force=force) as made:
        (made / "card.json").write_text(json.dumps(card(spam(auroc))))
    assert install.read_card(out) == card(spam(auroc))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_fit_that_fails_changes_nothing(tmp_path: Path) -> None:
    out = model(tmp_path / "out", card(spam(0.98)), "old")
    with pytest.raises(IsADirectoryError), install.refitted(out, force=True) as made:
        (made / "heads").write_text("a folder has this name")
    assert (out / "encoder.onnx").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_worse_model_stays_where_it_is(tmp_path: Path) -> None:
    new = model(tmp_path / "new", card(spam(0.9)), "new")
    out = model(tmp_path / "out", card(spam(0.99)), "old")
    made = install.settle(new, out, None, force=False)
    assert (made.installed, made.folder, made.against) == (False, new, out)
    assert (out / "encoder.onnx").read_text() == "old"


def test_a_worse_model_is_installed_by_force(tmp_path: Path) -> None:
    new = model(tmp_path / "new", card(spam(0.9)), "new")
    out = model(tmp_path / "out", card(spam(0.99)), "old")
    made = install.settle(new, out, None, force=True)
    assert [one.head for one in made.worse] == ["spam"]
    assert (out / "encoder.onnx").read_text() == "new"


def test_heads_that_are_no_more_do_not_stay(tmp_path: Path) -> None:
    new = model(tmp_path / "new", card(spam(0.99)), "new")
    out = model(tmp_path / "out", card(spam(0.99)), "old")
    assert install.settle(new, out, None, force=False).folder == out
    assert [path.name for path in (out / "heads").iterdir()] == ["new.json"]


def test_an_empty_folder_is_judged_by_the_shipped_model(tmp_path: Path) -> None:
    new = model(tmp_path / "new", card(spam(0.9)), "new")
    shipped = model(tmp_path / "shipped", card(spam(0.99)), "old")
    made = install.settle(new, tmp_path / "out", shipped, force=False)
    assert (made.installed, made.against) == (False, shipped)


def test_a_first_model_has_nothing_to_be_judged_by(tmp_path: Path) -> None:
    new = model(tmp_path / "new", card(spam(0.5)), "new")
    made = install.settle(new, tmp_path / "out", None, force=False)
    assert (made.installed, made.against) == (True, None)


def test_the_command_fails_with_the_heads_that_are_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = model(tmp_path / "new", card(spam(0.9)), "new")
    out = model(tmp_path / "out", card(spam(0.99)), "old")
    with pytest.raises(typer.Exit) as ended:
        tell_installed(install.settle(new, out, None, force=False))
    said = capsys.readouterr()
    assert (ended.value.exit_code, said.out) == (1, "")
    assert "spam: AUROC 0.9000 against 0.9900" in said.err
    assert f"{new} keeps the new model" in said.err
