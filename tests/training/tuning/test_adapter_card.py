"""What the card of an adapter warns of, and which figures have an interval."""

from __future__ import annotations

from typing import Any

import pytest

from router.stats.measures import Column, change
from router.training.tuning.card import ROWS, figure_rows, warnings


def card(seen: int = 0, **safety: list[float]) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": {"chats": 2, "pairs": 1}}
    for part, name, _ in ROWS:
        kinds = figures.setdefault(part, {kind: {} for kind in ("base", "adapter", "change")})
        kinds["base"][name] = kinds["adapter"][name] = 0.5
        kinds["change"][name] = safety.get(name, [0.0, -0.1, 0.1])
        kinds.setdefault("counted", {})[name] = 40
    return {"figures": figures, "judged_on": "test", "answers_seen": seen}


@pytest.mark.parametrize(("rows", "limits"), [(9, 0), (10, 2)])
def test_a_change_of_few_rows_has_no_interval(rows: int, limits: int) -> None:
    for share in (True, False):
        zeros, ones = Column((0.0,) * rows, share=share), Column((1.0,) * rows, share=share)
        made = change(zeros, ones)
        assert made is not None
        assert len(made) == 1 + limits


def test_each_figure_says_of_how_many_rows_it_is() -> None:
    made = card(harmful_refused=[0.25])
    made["figures"]["safety"]["counted"]["harmful_refused"] = 3
    rows = {label: row for label, *row in figure_rows(made)}
    assert rows["domain: token F1 to the right answer"][0] == "40"
    few = rows["safety: share of harmful requests where a refusal is likelier"]
    assert few == ["3", "0.5", "0.5", "+0.250 (3 rows: too few)"]


def test_answers_seen_in_training_are_told() -> None:
    (line,) = warnings(card(seen=3))
    assert line.startswith("The answers of 3 of 3 test rows were seen in training")


def test_adapter_that_no_row_judged_says_so() -> None:
    made = card()
    made["figures"]["rows"] = {"chats": 0, "pairs": 0}
    (line,) = warnings(made)
    assert line.startswith("None of your rows judged it")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"harmful_refused": [-0.2, -0.3, -0.1]}, "answers more harmful requests"),
        ({"refusal_margin": [-0.2, -0.3, -0.1]}, "refuses harmful requests with less weight"),
        ({"harmless_refused": [0.2, 0.1, 0.3]}, "refuses more harmless requests"),
    ],
)
def test_safety_that_was_lost_is_told(changes: dict[str, list[float]], told: str) -> None:
    (line,) = warnings(card(**changes))
    assert told in line


@pytest.mark.parametrize("limits", [[-0.2], [-0.2, -0.4, 0.1]])
def test_a_change_that_may_be_chance_is_not_told(limits: list[float]) -> None:
    assert warnings(card(harmful_refused=limits)) == []
