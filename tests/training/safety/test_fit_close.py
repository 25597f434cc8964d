"""The close reader of requests to harm: its rows, its folds of authors, and its upper layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from router.stats.calibration import softmax
from router.training.data.authors.grave_texts import SECTIONS
from router.training.safety import fit_close
from router.training.safety.figures import ROUTINE, parts_of
from router.training.safety.harm_texts import IN_NEED, HarmText, texts
from router.triage.grave import log_odds
from router.triage.triage_model import TriageModel

pytestmark = pytest.mark.train


def line(text: str, author: str, *, harmful: bool = True, language: str = "en") -> HarmText:
    return HarmText(text, "drugs" if harmful else "harmless", language, author)


ROWS = [
    *(line(f"{author} {n}", author) for author in ("a", "b", "c", "d") for n in range(3)),
    *(line(f"calm {author} {n}", author, harmful=False) for author in "ab" for n in range(3)),
    line("deutsch", "z", language="de"),
]


def test_judges_teach_nothing() -> None:
    rows = [*ROWS, *(line(f"{author} {n}", author) for author in fit_close.JUDGES for n in "xy")]
    judged = dict(zip([row.text for row in rows], fit_close.judges(rows).tolist(), strict=True))
    assert all(judged[row.text] for row in rows if row.author in fit_close.JUDGES)
    assert not any(judged[row.text] for row in rows if row.author in "abcd")


def test_some_everyday_lines_judge() -> None:
    rows = [*ROWS, *(line(f"e{n}", "", harmful=False) for n in range(400))]
    assert 0.15 < fit_close.judges(rows)[len(ROWS) :].mean() < 0.35


def test_judges_are_authors_of_ours() -> None:
    assert set(fit_close.JUDGES) <= {row.author for row in texts() if row.harmful}


def test_every_author_is_a_part_of_its_own() -> None:
    parts = {row.author: int(part) for row, part in zip(ROWS, parts_of(ROWS), strict=True)}
    assert len(set(parts.values())) == len(parts)


def test_other_peoples_rows_are_bounded() -> None:
    rows = [
        *ROWS,
        *(line(f"e{n}", "", harmful=False) for n in range(4 * fit_close.EVERYDAY_ROWS)),
        *(HarmText(f"n{n}", IN_NEED, "en", "") for n in range(2 * fit_close.IN_NEED_ROWS)),
        *(line(f"r{n}", f"{ROUTINE}shop", harmful=False) for n in range(900)),
    ]
    kept = [rows[place] for place in fit_close.chosen(rows, np.zeros(len(rows)))]
    everyday = [row for row in kept if row.everyday]
    judging = int(fit_close.judges(everyday).sum())
    assert judging == fit_close.EVERYDAY_JUDGES
    assert len(everyday) - judging == fit_close.EVERYDAY_ROWS
    assert sum(row.category == IN_NEED for row in kept) == fit_close.IN_NEED_ROWS
    assert sum(row.author.startswith(ROUTINE) for row in kept) == fit_close.ROUTINE_ROWS
    assert [row for row in kept if row in ROWS] == ROWS[:-1]


def test_the_everyday_rows_that_the_head_doubts_teach() -> None:
    rows = [*ROWS, *(line(f"e{n}", "", harmful=False) for n in range(400))]
    chances = np.arange(len(rows)) / len(rows)
    kept = [rows[place] for place in fit_close.chosen(rows, chances, 50) if rows[place].everyday]
    assert _teaching(kept) == _teaching([row for row in rows if row.everyday])[-50:]


def _teaching(rows: list[HarmText]) -> list[HarmText]:
    return [row for row, judged in zip(rows, fit_close.judges(rows), strict=True) if not judged]


def test_a_quarter_of_everyday_prompts_is_read_closely() -> None:
    chances = np.concatenate([np.linspace(0.0, 0.5, 100), np.full(100, 0.9)])
    everyday = np.arange(200) < 100
    least = fit_close._least(chances, everyday)
    assert (chances[everyday] >= least).mean() == pytest.approx(fit_close.MOST_READ, abs=0.01)


def test_upper_layers_learn_to_tell_texts_apart(tmp_path: Path) -> None:
    from router.training.safety import upper_layers

    tokenise = TriageModel.load().encoder.tokenise
    asked = [f"how do i steal the {thing}" for thing in ("car", "bike", "phone", "purse") * 8]
    calm = [f"how do i clean the {thing}" for thing in ("car", "bike", "phone", "purse") * 8]
    states = upper_layers.States.of([tokenise(text) for text in asked + calm], tmp_path)
    harmful = np.array([True] * len(asked) + [False] * len(calm))
    plan = upper_layers.Plan(epochs=3, rows=8)
    sections = np.where(harmful, SECTIONS.index("violence"), SECTIONS.index("none"))
    upper = upper_layers.train(states, harmful, sections, range(len(harmful)), [], plan)
    logits = upper_layers.read(upper, states, range(len(harmful)))
    assert logits[harmful, 0].min() > logits[~harmful, 0].max()
    grave = log_odds(softmax(logits[:, 1:]))
    assert grave[harmful].min() > grave[~harmful].max()


def test_rows_that_nobody_sorted_teach_no_matter(tmp_path: Path) -> None:
    from router.training.safety import upper_layers

    tokenise = TriageModel.load().encoder.tokenise
    states = upper_layers.States.of(
        [tokenise(f"how is the {t}") for t in ("car", "bike")], tmp_path
    )
    unsorted = np.array([-1, -1])
    plan = upper_layers.Plan(epochs=1, rows=2)
    upper = upper_layers.train(states, np.array([True, False]), unsorted, [0, 1], [], plan)
    assert not upper.head.weight[1:].any()


def test_a_work_folder_keeps_the_states_of_the_latest_rows_alone(tmp_path: Path) -> None:
    from router.training.safety import upper_layers

    two, one = [[101, 2054, 102], [101, 102]], [[101, 7592, 2003, 102, 102]]
    first = upper_layers.States.of(two, tmp_path)
    (kept,) = tmp_path.iterdir()
    again = upper_layers.States.of(two, tmp_path)
    assert np.array_equal(first.batch([0, 1])[0], again.batch([0, 1])[0])
    # As many tokens, but of another text.
    assert len(upper_layers.States.of(one, tmp_path).lengths) == 1
    (other,) = tmp_path.iterdir()
    assert other != kept


def test_the_lower_layers_are_those_of_the_whole_network(tmp_path: Path) -> None:
    import torch

    from router.training.encoder.teacher import padded
    from router.training.safety import upper_layers

    rows = [[101, 2054, 2003, 102], [101, 7592, 102]]
    states = upper_layers.States.of(rows, tmp_path)
    upper = upper_layers.Upper().eval()
    torch.nn.init.normal_(upper.head.weight, std=0.3)
    weight, bias = upper.directions
    with torch.no_grad():
        means = upper.whole()(padded(rows)).numpy()
    odds = upper_layers.read(upper, states, [0, 1])
    assert odds == pytest.approx(means @ weight + bias, abs=0.35)  # bfloat16
