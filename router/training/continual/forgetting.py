"""Says what was forgotten: the accuracy on every task after every task, and what follows from it.

R[i][j] is the accuracy on task j after task i was learnt. With T tasks: ACC is the mean of
R[T-1][j]; backward transfer the mean of R[T-1][j] - R[j][j] over j < T-1, negative where something
was forgotten; forward transfer the mean of R[j-1][j] - b[j] over j > 0, where b[j] is what a guess
reaches. Source: Lopez-Paz and Ranzato 2017, "Gradient episodic memory". Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

Recall = Mapping[str, tuple[int, int]]  # class -> rows found, rows


class Transfer(Struct, frozen=True):
    """Holds what a matrix of accuracies comes to, 0..1; None where there are too few tasks."""

    acc: float
    backward: float | None
    forward: float | None
    forgotten: float | None  # mean over old tasks of the best accuracy ever minus the last


class Lost(Struct, frozen=True):
    """Holds what became of one class: the share of its rows found, at its best and now."""

    name: str
    best: float
    now: float
    rows: int

    @property
    def loss(self) -> float:
        """Returns how much was lost, 0..1."""
        return self.best - self.now


def transfer(matrix: Sequence[Sequence[float | None]], guess: Sequence[float]) -> Transfer:
    """Returns the figures of a square matrix; cells that were not measured are None.

    >>> transfer([[0.9, 0.2], [0.7, 0.8]], [0.5, 0.5])
    Transfer(acc=0.75, backward=-0.2, forward=-0.3, forgotten=0.2)
    """
    last = len(matrix) - 1
    acc = _mean([matrix[last][j] for j in range(last + 1)])
    back = [_minus(matrix[last][j], matrix[j][j]) for j in range(last)]
    ahead = [_minus(matrix[j - 1][j], guess[j]) for j in range(1, last + 1)]
    best = [max(v for row in matrix if (v := row[j]) is not None) for j in range(last)]
    lost = [_minus(most, matrix[last][j]) for j, most in enumerate(best)]
    return Transfer(acc or 0.0, _mean(back), _mean(ahead), _mean(lost))


def per_class(recalls: Sequence[Recall]) -> list[Lost]:
    """Returns what became of each class over the tasks, those that lost most first."""
    names = sorted({name for recall in recalls for name in recall})
    losses = []
    for name in names:
        shares = [r[name][0] / r[name][1] for r in recalls if name in r and r[name][1]]
        now = recalls[-1].get(name)
        if shares and now is not None and now[1]:
            losses.append(Lost(name, round(max(shares), 4), round(now[0] / now[1], 4), now[1]))
    return sorted(losses, key=lambda lost: (-lost.loss, lost.name))


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None
