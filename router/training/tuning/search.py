"""Searches settings within a budget of minutes: rank, learning rate, share of replay (optuna).

Every trial is a short run of the first phase from the same base, judged on dev. Test rows take no
part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from router.errors import TrainingDataError
from router.training.tuning.bases import Base, with_adapter, without_adapter
from router.training.tuning.plan import Phase, Settings
from router.training.tuning.trainer import Sets, Trainer

if TYPE_CHECKING:
    import optuna

SHARE_OF_STEPS = 0.25
GENERAL_WEIGHT = 1.0
"""Weight of a rise of the general loss beside the dev loss: forgetting costs as much as learning
gains."""
RANKS = (4, 8, 16)
REPLAY = (0.1, 0.3)


def search(
    base: Base,
    sets: Sets,
    settings: Settings,
    phases: Sequence[Phase],
    minutes: float,
    say: Callable[[str], None],
) -> tuple[Settings, tuple[Phase, ...], dict[str, object]]:
    """Returns the best settings and phases, and what was tried. Raises TrainingDataError.

    The given settings are the first trial, so the result is no worse than they are on dev.
    """
    import optuna

    if not sets.dev.chats and not sets.dev.pairs:
        raise TrainingDataError("a search needs dev rows, which judge each trial")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=settings.seed))
    first = phases[0]
    given: dict[str, object] = {"rank": settings.rank, "learning_rate": first.learning_rate}
    if sets.replay:
        given["replay"] = min(max(first.replay, REPLAY[0]), REPLAY[1])
    study.enqueue_trial(given)
    began = time.monotonic()

    def tried(trial: optuna.Trial) -> float:
        chosen, phase = _chosen(trial, settings, first, bool(sets.replay))
        model = with_adapter(base, chosen)
        trainer = Trainer(base, model, sets, chosen, lambda _: None, began + 60 * minutes)
        report = trainer.run([phase])[0]
        loss = report.figures["dev_loss"]
        rise = _rise(trainer, sets)
        without_adapter(model)
        value = math.inf if loss is None else loss + GENERAL_WEIGHT * max(0.0, rise)
        say(f"trial {trial.number + 1}: {trial.params}, dev {loss}, general {rise:+.3f}")
        return value

    # At least the given settings are tried; after the budget no further trial begins.
    study.optimize(tried, timeout=60 * minutes, n_trials=200)
    best = study.best_trial
    chosen, _ = _chosen(optuna.trial.FixedTrial(best.params), settings, first, bool(sets.replay))
    factor = best.params["learning_rate"] / first.learning_rate
    # Later phases keep their proportion to the first.
    phases_of_best = tuple(
        replace(
            phase,
            learning_rate=phase.learning_rate * factor,
            replay=best.params.get("replay", phase.replay),
        )
        for phase in phases
    )
    note: dict[str, object] = {
        "trials": len(study.trials),
        "seconds": round(time.monotonic() - began, 1),
        "best": best.params,
        "values": [trial.value for trial in study.trials],
    }
    return chosen, phases_of_best, note


def _chosen(
    trial: optuna.trial.BaseTrial, settings: Settings, first: Phase, replayed: bool
) -> tuple[Settings, Phase]:
    ranks = sorted({*RANKS, settings.rank})
    rank = trial.suggest_categorical("rank", ranks)
    lowest, highest = first.learning_rate / 10, first.learning_rate * 4
    rate = trial.suggest_float("learning_rate", lowest, highest, log=True)
    replay = trial.suggest_float("replay", *REPLAY) if replayed else 0.0
    steps = max(2, round(SHARE_OF_STEPS * first.steps))
    phase = replace(
        first,
        steps=steps,
        learning_rate=rate,
        replay=replay,
        warm_up=min(first.warm_up, steps // 2),
        evaluate_every=max(1, steps // 2),
    )
    return replace(settings, rank=rank, alpha=2 * rank), phase


def _rise(trainer: Trainer, sets: Sets) -> float:
    """Returns by how much the adapter raised the loss of general chats, 0 without any."""
    adapted = trainer.loss_of(sets.general_dev)
    with trainer.model.disable_adapter():
        plain = trainer.loss_of(sets.general_dev)
    return 0.0 if adapted is None or plain is None else adapted - plain
