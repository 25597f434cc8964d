"""Phases: their file, their defaults, and what they must reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import DeviceMissing, TrainingDataError
from router.training.tuning.bases import settled
from router.training.tuning.plan import (
    Criteria,
    Method,
    Objective,
    Order,
    read_phases,
    usual_phases,
)
from router.training.tuning.tokens import Mask

PHASES = """
phases:
  - name: short
    order: short_first
    steps: 40
    until: {dev_loss_falls_by: 0.1}
  - name: whole
    mask: last
    replay: 0.3
    learning_rate: 1.0e-4
  - objective: dpo
    beta: 0.2
    until: {pairs_right_at_least: 0.8, general_rises_at_most: 0.1}
    otherwise: go_on
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "phases.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_phases_is_read(tmp_path: Path) -> None:
    short, whole, third = read_phases(written(tmp_path, PHASES))
    assert (short.order, short.steps, short.until.dev_loss_falls_by) == (Order.SHORT_FIRST, 40, 0.1)
    assert (whole.mask, whole.replay, whole.learning_rate) == (Mask.LAST, 0.3, 1e-4)
    assert (third.name, third.objective, third.otherwise) == ("phase 3", Objective.DPO, "go_on")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("steps: 3", "expected `phases:`"),
        ("phases: [{step: 3}]", "step is no key of a phase"),
        ("phases: [{mask: none}]", "mask is 'none'; expected one of assistant, last, all"),
        ("phases: [{replay: 0.95}]", "replay is 0.95; expected 0 to 0.9"),
        ("phases: [{steps: many}]", "steps is 'many'"),
        ("phases: [{until: {loss: 1}}]", "loss is no key"),
        ("phases: [{otherwise: wait}]", "expected one of stop, go_on"),
        ("phases: [{name: a}, {name: a}]", "the same name"),
    ],
)
def test_a_bad_phase_is_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(TrainingDataError, match=fault):
        read_phases(written(tmp_path, text))


@pytest.mark.parametrize(
    ("criteria", "missed"),
    [
        (Criteria(dev_loss_at_most=1.0), []),
        (Criteria(dev_loss_at_most=0.9), ["dev_loss_at_most 0.9: reached 1.000"]),
        (Criteria(dev_loss_falls_by=0.5), []),
        (Criteria(dev_loss_falls_by=0.6), ["dev_loss_falls_by 0.6: reached 0.500"]),
        (Criteria(pairs_right_at_least=0.5), ["not measured"]),
        (Criteria(general_rises_at_most=0.1), ["general_rises_at_most 0.1: reached 0.200"]),
    ],
)
def test_a_phase_is_held_against_its_criteria(criteria: Criteria, missed: list[str]) -> None:
    figures = {
        "dev_loss": 1.0,
        "dev_loss_falls_by": 0.5,
        "pairs_right": None,
        "general_rises": 0.2,
    }
    faults = criteria.missed(figures)
    assert len(faults) == len(missed)
    assert all(part in fault for part, fault in zip(missed, faults, strict=True))


def test_preferences_come_after_answers_with_smaller_steps() -> None:
    answers, preferences = usual_phases(
        chats=True, pairs=True, steps=120, replay=0.2, learning_rate=1e-3
    )
    assert (answers.objective, preferences.objective) == (Objective.SFT, Objective.DPO)
    assert preferences.learning_rate == pytest.approx(1e-4)
    assert preferences.steps == 40


@pytest.mark.parametrize(
    ("asked", "device", "bitsandbytes", "gguf", "used"),
    [
        (Method.LORA, "cuda", True, False, Method.LORA),
        (Method.AUTO, "cuda", True, False, Method.QLORA),
        (Method.AUTO, "cuda", False, False, Method.LORA),
        (Method.AUTO, "cuda", True, True, Method.LORA),
        (Method.AUTO, "cpu", True, False, Method.LORA),
        (Method.QLORA, "cuda", True, False, Method.QLORA),
        (Method.QLORA, "cpu", True, False, Method.QLORA),
    ],
)
def test_the_base_is_in_four_bits_where_that_pays(
    asked: Method, device: str, bitsandbytes: bool, gguf: bool, used: Method
) -> None:
    assert settled(asked, device, bitsandbytes=bitsandbytes, gguf=gguf)[0] is used


@pytest.mark.parametrize(
    ("bitsandbytes", "gguf", "fault"),
    [(False, False, "bitsandbytes"), (True, True, "GGUF base")],
)
def test_four_bits_that_cannot_be_had_are_refused(
    bitsandbytes: bool, gguf: bool, fault: str
) -> None:
    with pytest.raises(DeviceMissing, match=fault):
        settled(Method.QLORA, "cuda", bitsandbytes=bitsandbytes, gguf=gguf)
