"""Moves a head by small updates: half of each batch new, half of what is remembered of the old.

Steps are scaled for each weight by what it was told before (AdaGrad: Duchi et al. 2011), because a
rare word is in few rows. The learning rate follows drift: the more new rows surprise the head than
old ones do, the larger the steps. Every so many updates the weights are consolidated: they are
judged on the fixed old set, and where that lost more than is allowed the run ends with the weights
before. Equal seeds give equal weights, also of a run that was cut off and went on. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from router.stats.softmax_regression import Labels
from router.training.continual.importance import held
from router.training.continual.plane import Matrix, Rows, loss_and_slopes


class Method(StrEnum):
    """Names the ways to learn new rows."""

    NAIVE = "naive"  # new rows only
    REPLAY = "replay"  # half of each batch from the reservoir
    EWC = "ewc"  # new rows only, and weights held by their importance
    BOTH = "both"  # replay, and weights held
    MEMORY = "memory"  # a fresh fit on the reservoir and the new rows
    FULL = "full"  # a fresh fit on all rows: the upper bound, which keeps every text

    @property
    def replays(self) -> bool:
        return self in (Method.REPLAY, Method.BOTH)

    @property
    def holds(self) -> bool:
        return self in (Method.EWC, Method.BOTH)

    @property
    def afresh(self) -> bool:
        return self in (Method.MEMORY, Method.FULL)


@dataclass(frozen=True, slots=True)
class Pace:
    """Sets the size and the number of updates."""

    rate: float = 0.1
    batch: int = 64
    updates: int = 600
    every: int = 50  # updates between consolidations
    hold: float = 20.0  # strength of weight consolidation; 1 is what the theory gives

    most_lost: float = 0.01  # of the old set's accuracy, before the run ends
    patience: int = 3  # consolidations without a gain on the new rows' own dev part
    adaptive: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """Holds rows and their labels."""

    rows: Rows
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class State:
    """Holds all that a run needs to go on. `best` are the weights of the last good judgement."""

    matrix: Matrix
    squares: Matrix  # sum of squared slopes
    best: Matrix
    step: int = 0
    surprise_new: float = 0.0  # running mean loss of new rows before they teach
    surprise_old: float = 0.0
    best_loss: float = np.inf  # on the dev part
    worse: int = 0  # consolidations since then
    ended: str = ""  # why the run ended; "" while it runs


FIRST_SQUARES = 0.1
SMOOTH = 0.95
LEAST_RATE, MOST_RATE = 0.5, 3.0
"""Bounds of what drift does to the learning rate."""


def begun(matrix: Matrix) -> State:
    """Returns the state before the first update."""
    return State(matrix.copy(), np.full_like(matrix, FIRST_SQUARES), matrix.copy())


@dataclass(frozen=True, slots=True)
class Lesson:
    """Holds what a run learns from, and what judges it."""

    told: Told  # new rows, then those of the reservoir
    fresh: int  # how many are new
    dev: Told | None  # later rows of the new kind, which do not teach
    guard: Callable[[Matrix], float] | None  # accuracy on the fixed old set
    anchor: Matrix
    importance: Matrix | None
    usual_loss: float  # of old rows before the run: what drift is measured against


def learn(
    lesson: Lesson,
    method: Method,
    pace: Pace,
    state: State,
    seed: int,
    pause: Callable[[State], bool] = lambda _: False,
) -> State:
    """Returns the state in which the run ended.

    `pause` gets every consolidated state; it keeps it, and returns True to stop there.
    """
    least = None if lesson.guard is None else lesson.guard(lesson.anchor) - pace.most_lost
    while not state.ended:
        state = updated(lesson, method, pace, state, seed)
        if state.step % pace.every == 0 or state.step >= pace.updates:
            state = consolidated(lesson, pace, state, least)
            if pause(state):
                break
    return state


def updated(lesson: Lesson, method: Method, pace: Pace, state: State, seed: int) -> State:
    """Returns the state after one update."""
    # The batch follows from seed and step, so that a run that goes on takes the same rows.
    chance = np.random.default_rng((seed, state.step))
    every, fresh = lesson.told, lesson.fresh
    replays = method.replays and len(every) > fresh
    count = pace.batch // 2 if replays else pace.batch
    places = chance.integers(fresh, size=count)
    if replays:
        remembered = chance.integers(fresh, len(every), size=pace.batch - count)
        places = np.concatenate([places, remembered])
    batch = every.rows[places]
    touched = batch.touched()
    matrix, squares = state.matrix.copy(), state.squares.copy()
    here, spread = matrix[touched], squares[touched]
    rows = batch.among(touched)
    losses, slopes = loss_and_slopes(rows, every.labels[places], here)
    slope = rows.back(slopes / pace.batch)
    new = _smooth(state, state.surprise_new, float(losses[:count].mean()))
    old = float(losses[count:].mean()) if replays else lesson.usual_loss
    old = _smooth(state, state.surprise_old, old)
    rate = pace.rate * (drift(new, old) if pace.adaptive else 1.0)
    spread = spread + slope * slope
    here = (here - np.float32(rate) * slope / np.sqrt(spread)).astype(np.float32)
    if method.holds and lesson.importance is not None:
        # A weight is held whenever a row of the batch reads it; until then it does not move.
        importance = (lesson.importance[touched] / np.sqrt(spread)).astype(np.float32)
        here = held(here, lesson.anchor[touched], importance, rate * pace.hold)
    matrix[touched], squares[touched] = here, spread
    return replace(
        state,
        matrix=matrix,
        squares=squares,
        step=state.step + 1,
        surprise_new=new,
        surprise_old=old,
    )


def _smooth(state: State, before: float, now: float) -> float:
    return now if state.step == 0 else SMOOTH * before + (1.0 - SMOOTH) * now


def drift(new: float, old: float) -> float:
    """Returns by what the learning rate is multiplied: the root of how much more new rows surprise.

    >>> drift(0.8, 0.2), drift(0.1, 0.1), drift(9.0, 0.01)
    (2.0, 1.0, 3.0)
    """
    ratio = max(new, 1e-3) / max(old, 1e-3)
    return float(min(max(ratio**0.5, LEAST_RATE), MOST_RATE))


def consolidated(lesson: Lesson, pace: Pace, state: State, least: float | None) -> State:
    """Returns the state with its weights judged: kept as the best so far, or the run's end."""
    if least is not None and lesson.guard is not None and lesson.guard(state.matrix) < least:
        return replace(state, ended="the fixed old set lost more than is allowed")
    if lesson.dev is None or not len(lesson.dev):
        state = replace(state, best=state.matrix.copy())
    else:
        losses, _ = loss_and_slopes(lesson.dev.rows, lesson.dev.labels, state.matrix)
        loss = float(losses.mean())
        if loss < state.best_loss:
            state = replace(state, best=state.matrix.copy(), best_loss=loss, worse=0)
        else:
            state = replace(state, worse=state.worse + 1)
    if state.worse >= pace.patience:
        return replace(state, ended="new rows that do not teach gained nothing more")
    if state.step >= pace.updates:
        return replace(state, ended="all updates are done")
    return state
