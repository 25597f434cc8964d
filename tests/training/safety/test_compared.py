"""The readers of harm and grave matters are compared with those in their place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from router.errors import WorseModel
from router.training.card import Value
from router.training.install import unless_worse
from router.training.safety.compared import (
    Figures,
    of_close,
    of_grave,
    of_harm,
    of_kind,
    worse_reader,
)
from router.triage.triage_model import DEFAULT_FOLDER
from tests import ROOT

HEADS = ROOT / "policies/heads"
SHIPPED = [
    (DEFAULT_FOLDER / "grave.card.json", of_grave, 6),
    (HEADS / "harm.card.json", of_harm, 2),
    (HEADS / "harm_kind.card.json", of_kind, 1),
    (HEADS / "harm_close.card.json", of_close, 4),
]


@pytest.mark.parametrize(("card", "figures_of", "count"), SHIPPED)
def test_every_figure_of_a_shipped_card_is_read(
    card: Path, figures_of: Callable[[Mapping[str, Value]], Figures], count: int
) -> None:
    figures = figures_of(json.loads(card.read_text("utf-8")))
    assert len(figures) == count
    for name, figure in figures.items():
        assert 0.2 < figure.value <= 1.0, name
        assert figure.rows > 50, name


def card(auroc: float, recall: float, rows: int = 400) -> str:
    curve = {"harmful_rows": rows, "auroc": auroc, "0.01": {"at": 0.9, "recall": recall}}
    return json.dumps({"figures": {"all": curve}})


def folders(tmp_path: Path, old: str, new: str) -> tuple[Path, Path]:
    places = (tmp_path / "old", tmp_path / "new")
    for place, text in zip(places, (old, new), strict=True):
        place.mkdir()
        (place / "harm.card.json").write_text(text, "utf-8")
    return places


JUDGE = worse_reader("harm.card.json", of_harm)


@pytest.mark.parametrize(
    ("new", "sentences"),
    [
        (card(0.9, 0.5), []),
        (card(0.895, 0.49), []),  # within two seeds of one training
        (card(0.88, 0.5), ["harm: AUROC 0.8800 against 0.9000 (0.0150 allowed)"]),
        (
            card(0.9, 0.4, 500),
            [
                "harm, recall: recall at 1% false alarms 0.4000 against 0.5000 (0.0250 allowed; on "
                "500 rows against 400)"
            ],
        ),
        (
            "{}",
            [
                "harm: no figure any more, AUROC 0.9000 before",
                "harm, recall: no figure any more, recall at 1% false alarms 0.5000 before",
            ],
        ),
    ],
)
def test_reader_that_fell_is_told_with_both_figures(
    tmp_path: Path, new: str, sentences: list[str]
) -> None:
    assert JUDGE(*folders(tmp_path, card(0.9, 0.5), new)) == sentences


def test_first_reader_of_a_folder_has_nothing_to_compare_with(tmp_path: Path) -> None:
    with unless_worse(tmp_path / "heads", JUDGE, force=False) as made:
        (made / "harm.card.json").write_text(card(0.9, 0.5), "utf-8")
    assert (tmp_path / "heads/harm.card.json").is_file()


def test_worse_reader_goes_beside_the_one_that_stays(tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    heads.mkdir()
    (heads / "harm.card.json").write_text(card(0.9, 0.5), "utf-8")
    with (
        pytest.raises(WorseModel, match=r"harm: AUROC 0\.7000 against 0\.9000"),
        unless_worse(heads, JUDGE, force=False) as made,
    ):
        (made / "harm.card.json").write_text(card(0.7, 0.5), "utf-8")
    assert (heads / "harm.card.json").read_text("utf-8") == card(0.9, 0.5)
    kept = tmp_path / "heads-not-installed/harm.card.json"
    assert kept.read_text("utf-8") == card(0.7, 0.5)


def test_worse_reader_is_installed_by_force(tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    heads.mkdir()
    (heads / "harm.card.json").write_text(card(0.9, 0.5), "utf-8")
    with unless_worse(heads, JUDGE, force=True) as made:
        (made / "harm.card.json").write_text(card(0.7, 0.5), "utf-8")
    assert (heads / "harm.card.json").read_text("utf-8") == card(0.7, 0.5)
