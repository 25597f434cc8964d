"""What the card of an adapter warns of, and which figures have an interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router.cli.options import REGISTRY
from router.cli.tuning.adapter import _next_steps
from router.stats.measures import Column, change
from router.training.tuning.card import ROWS, figure_rows, training_lines, warnings


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


def trained(*skipped: str, repeats: int = 0, held: int = 0) -> dict[str, Any]:
    phase = {"phase": {"name": "answers", "steps": 20}, "steps": 7, "seconds": 407.0}
    part = {"chats": 5, "pairs": 1, "synthetic": 0}
    return {
        "phases": [{**phase, "stopped": "the time was over"}],
        "skipped_phases": list(skipped),
        "rows": {"train": part, "dev": {**part, "pairs": 0}, "test": {**part, "synthetic": 2}},
        "left_out": {"repeats": repeats, "held": held},
    }


def test_what_was_not_trained_is_told_beside_the_figures() -> None:
    assert training_lines(trained("preferences", repeats=1, held=18)) == [
        "Of 38 rows, 6 in train, 5 in dev, 8 in test; left out: 1 repeat, 18 whose question or "
        "answer stands in dev or test.",
        "Phase answers: 7 of 20 steps in 407 s; the time was over.",
        "Phase preferences did not run, so no figure below shows what it would teach.",
    ]
    assert training_lines(trained())[0] == "Of 19 rows, 6 in train, 5 in dev, 8 in test."


@pytest.mark.parametrize(
    ("file", "version", "place", "told"),
    [
        (
            "lora.gguf",
            "pedal@d7f587",
            REGISTRY,
            [
                "Next: tiergate models promote pedal@d7f587",
                "A local answerer reads it by `adapters: [{name: pedal, path: "
                '"registry:pedal@active"}]`.',
            ],
        ),
        (
            "lora.gguf",
            "",
            REGISTRY,
            ['A local answerer reads it by `adapters: [{name: mine, path: "/out/lora.gguf"}]`.'],
        ),
        (
            None,
            "pedal@d7f587",
            "s3://b/models",
            [
                "Next: tiergate models promote pedal@d7f587 --registry s3://b/models",
                "There is no GGUF of it. A server that has /out/peft loaded is an answerer of the "
                'kind upstream with `adapters: [{name: pedal, model: "registry:pedal@active"}]`.',
            ],
        ),
    ],
)
def test_the_way_into_service_is_told(
    file: str | None, version: str, place: str, told: list[str]
) -> None:
    made = {"gguf": {"file": file}}
    assert list(_next_steps(made, Path("/out"), version, place)) == told


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
