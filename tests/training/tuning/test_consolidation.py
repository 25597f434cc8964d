"""Adapters that are trained on, and weights that stay because they matter to older chats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

import torch

from router.errors import ModelFileError, TrainingDataError
from router.training.tuning import losses
from router.training.tuning.adapter import tune_adapter
from router.training.tuning.bases import Base, open_base, with_adapter, without_adapter
from router.training.tuning.chats import material
from router.training.tuning.consolidation import Consolidation, consolidated
from router.training.tuning.plan import Settings
from router.training.tuning.tokens import Example
from router.training.tuning.trainer import Sets, Trainer
from router.types import Device
from tests.training.tuning.test_tuning import GENERAL, PHASE, ROWS, SETTINGS, asked, quiet, tiny

pytestmark = pytest.mark.train

__all__ = ["tiny"]


@pytest.fixture
def base(tiny: Path) -> Base:
    return open_base(str(tiny), SETTINGS, Device.CPU)


def test_an_adapter_is_trained_on_from_where_it_was(tiny: Path, tmp_path: Path) -> None:
    first = tune_adapter(asked(tiny, tmp_path / "one"), quiet)
    settings = replace(SETTINGS, start=str(tmp_path / "one" / "peft"), rank=8)
    still = replace(PHASE, steps=1, learning_rate=1e-8)
    request = replace(asked(tiny, tmp_path / "two", still), settings=settings)
    second = tune_adapter(request, quiet)
    assert second["settings"]["rank"] == SETTINGS.rank  # type: ignore[index]
    figures = [card["figures"]["domain"]["adapter"]["loss"] for card in (first, second)]  # type: ignore[index]
    assert figures[1] == pytest.approx(figures[0], abs=1e-3)


def test_weights_that_matter_stay(tiny: Path, tmp_path: Path) -> None:
    """The more strongly they are held, the less a lesson moves them, as the Fisher weighs it."""
    tune_adapter(asked(tiny, tmp_path / "one"), quiet)
    moved = []
    for strength in (0.0, 1e6):
        settings = replace(SETTINGS, start=str(tmp_path / "one" / "peft"), ewc=strength)
        base = open_base(str(tiny), SETTINGS, Device.CPU)
        trainer = trainer_of(base, settings)
        probe = trainer_of(base, replace(settings, ewc=1.0), trainer.model).held
        trainer.run([PHASE])
        assert probe is not None
        moved.append(distance(probe))
        without_adapter(trainer.model)
    assert moved[1] < moved[0] / 10


def test_at_a_new_adapter_only_b_matters(base: Base) -> None:
    held = trainer_of(base, replace(SETTINGS, ewc=1.0)).held
    assert held is not None
    assert distance(held) == 0.0
    names = [name for name, weight in base.model.named_parameters() if weight.requires_grad]
    for name, matters in zip(names, held.importance, strict=True):
        assert bool(matters.any()) == (".lora_B." in name)


def test_the_importance_by_hand() -> None:
    """Of a softmax of two with equal chances the Fisher information of a logit is ¼."""

    class Two(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.logit = torch.nn.Parameter(torch.zeros(1))
            self.config = type("Config", (), {"logit_scale": 1.0})()
            self.table = torch.nn.Embedding(2, 1)

        def get_input_embeddings(self) -> torch.nn.Embedding:
            return self.table

        def get_output_embeddings(self) -> None:
            return None

        def forward(self, input_ids: torch.Tensor, **_: object) -> object:
            both = torch.stack([self.logit, torch.zeros(1)], dim=-1)
            logits = both.expand(*input_ids.shape, 2)
            return type("Output", (), {"logits": logits})()

    model = Two()
    one = losses.batch_of([Example((0, 1, 0), (False, True, True))], 3)
    made = consolidated(model, [model.logit], [one] * 400, 2.0, 7)
    assert made.importance[0].item() == pytest.approx(0.25, abs=0.03)
    model.logit.data += 3.0
    made.hold(2.0)  # 2 times strength 2 times ¼ is a pull of 1: half of the way back
    assert model.logit.item() == pytest.approx(1.5, abs=0.1)


def test_holding_without_chats_to_remember_is_refused(tiny: Path, tmp_path: Path) -> None:
    request = replace(asked(tiny, tmp_path), replay=(), settings=replace(SETTINGS, ewc=1.0))
    with pytest.raises(TrainingDataError, match="replayed chats"):
        tune_adapter(request, quiet)


def test_a_start_that_is_no_adapter_is_named(tiny: Path, tmp_path: Path) -> None:
    request = replace(asked(tiny, tmp_path), settings=replace(SETTINGS, start=str(tmp_path)))
    with pytest.raises(ModelFileError, match="adapter_config"):
        tune_adapter(request, quiet)


def distance(held: Consolidation) -> float:
    """Returns the penalty: half the sum of the squared ways, each weighed by its importance."""
    both = zip(held.weights, held.anchors, held.importance, strict=True)
    return 0.5 * float(sum((f * (w.detach() - a).square()).sum() for w, a, f in both))


def trainer_of(base: Base, settings: Settings, model: object = None) -> Trainer:
    rows = material(ROWS, {}, "rows")
    general = tuple(material(GENERAL, {}, "general").train.chats)
    sets = Sets(rows.train, rows.dev, general, ())
    return Trainer(base, model or with_adapter(base, settings), sets, settings, quiet)
