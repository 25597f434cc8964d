"""Moves a rung's chance by what was told of its past answers, within seconds.

A cell is an answerer in a domain, or an intent that level 1 matched. Its shift s, in log-odds, is
the one of least loss

    sum w log loss(right, sigmoid(base + s)) + prior / 2 · s²,      -most_down <= s <= most_up

over its words; base is the log-odds before any shift. The loss is convex by at least `prior`, and a
word's slope is at most 1. So whoever changes weights by W in all moves s by at most W / prior. One
voice weighs at most `per_voice` words in a cell and all voices of a tenant `per_tenant`: whatever a
voice says, and how often, s stays within 2 · per_voice / prior of where it would be without it.
What level 1 matched is only doubted: caps and certificates say what it may be sure of. Pure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from router.types import PSource, RungFacts, Signals

HALVINGS = 40
"""Halvings of an interval of three: far below what a decision could tell."""
INSIDE = 1e-4
"""Chances of 0 and 1 are moved inwards: what is known needs no words."""
SETTLED = (PSource.KNOWN,)
"""Sources that no verdict moves: an exact tool works it out."""


class Bounds(Struct, frozen=True):
    """Sets how far words may move a chance."""

    prior: float = 16.0
    per_voice: float = 4.0
    per_tenant: float = 16.0
    most_up: float = 0.5
    most_down: float = 1.5


class ToldWord(Struct, frozen=True):
    """Holds what one voice said of one answer."""

    cells: tuple[str, ...]
    base: float  # log-odds of the answer's chance, before any shift
    right: bool
    voice: str  # the key that said it
    tenant: str


class Moved(Struct, frozen=True):
    """Holds the shift of a cell and what it rests on."""

    shift: float
    words: int
    voices: int
    right: int
    weight: float  # what the words weigh in all


class Cell(Struct, frozen=True):
    """Holds a cell with what it was worked out from."""

    words: tuple[ToldWord, ...]
    bounds: Bounds
    moved: Moved


Cells = Mapping[str, Cell]
NO_CELLS: Cells = {}


class Shifts:
    """Holds the shifts that count now; they are replaced at once, never changed in place."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: Mapping[str, float] = {}

    def of(self, facts: tuple[RungFacts, ...], signals: Signals) -> tuple[RungFacts, ...]:
        """Returns the facts with the chances that were told of moved."""
        shifts = self.current
        return shifted(facts, signals, shifts) if shifts else facts


def answerer_cell(answerer: str, domain: str) -> str:
    """Returns the cell of an answerer in a domain."""
    return f"answerer {answerer} {domain}"


def intent_cell(intent: str) -> str:
    """Returns the cell of an intent of the knowledge file."""
    return f"intent {intent}"


def weights_of(words: Sequence[ToldWord], bounds: Bounds) -> list[float]:
    """Returns what each word weighs, 0..1: no voice and no tenant more than its share."""
    by_voice: dict[tuple[str, str], int] = defaultdict(int)
    for word in words:
        by_voice[word.tenant, word.voice] += 1
    shares = {who: min(1.0, bounds.per_voice / count) for who, count in by_voice.items()}
    by_tenant: dict[str, float] = defaultdict(float)
    for who, count in by_voice.items():
        by_tenant[who[0]] += shares[who] * count
    return [
        shares[word.tenant, word.voice] * min(1.0, bounds.per_tenant / by_tenant[word.tenant])
        for word in words
    ]


def shift_of(words: Sequence[ToldWord], bounds: Bounds) -> float:
    """Returns the shift of one cell, in log-odds."""
    weighted = list(zip(words, weights_of(words, bounds), strict=True))
    low, high = -bounds.most_down, bounds.most_up

    def slope(shift: float) -> float:
        # Of the loss; it rises with the shift, so its zero is found by halving.
        rising = sum(w * (_chance(word.base + shift) - word.right) for word, w in weighted)
        return rising + bounds.prior * shift

    if slope(low) >= 0.0:
        return low
    if slope(high) <= 0.0:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if slope(middle) < 0.0:
            low = middle
        else:
            high = middle
    return round((low + high) / 2, 6)


def moved_cells(words: Iterable[ToldWord], bounds: Bounds, known: Cells = NO_CELLS) -> Cells:
    """Returns every cell with its shift, by name.

    Cells of `known` that have the same words still are taken from there.
    """
    cells: dict[str, list[ToldWord]] = defaultdict(list)
    for word in words:
        for cell in word.cells:
            cells[cell].append(word)
    return {
        name: _cell(tuple(words), bounds, known.get(name)) for name, words in sorted(cells.items())
    }


def _cell(words: tuple[ToldWord, ...], bounds: Bounds, known: Cell | None) -> Cell:
    if known is not None and known.words == words and known.bounds == bounds:
        return known
    moved = Moved(
        shift_of(words, bounds),
        len(words),
        len({(word.tenant, word.voice) for word in words}),
        sum(word.right for word in words),
        round(sum(weights_of(words, bounds)), 3),
    )
    return Cell(words, bounds, moved)


def shifted(
    facts: tuple[RungFacts, ...], signals: Signals, shifts: Mapping[str, float]
) -> tuple[RungFacts, ...]:
    """Returns the facts with the chances that were told of moved, and by how much."""
    domain = signals.domain.value
    moved_facts = []
    for fact in facts:
        shift = shifts.get(answerer_cell(fact.answerer, domain), 0.0)
        if fact.p_source is PSource.MATCH:
            intent = "" if signals.match is None else signals.match.intent_id
            shift = min(0.0, shifts.get(intent_cell(intent), 0.0))
        if shift == 0.0 or fact.p_source in SETTLED or fact.p <= 0.0:
            moved_facts.append(fact)
            continue
        moved_facts.append(replace(fact, p=_chance(log_odds(fact.p) + shift), told=shift))
    return tuple(moved_facts)


def shifts_in(facts: Iterable[RungFacts], signals: Signals) -> dict[str, float]:
    """Returns the shifts that recorded facts were moved by, so that they may move others alike."""
    domain, shifts = signals.domain.value, dict[str, float]()
    for fact in facts:
        if fact.told is UNSET:
            continue
        cell = answerer_cell(fact.answerer, domain)
        if fact.p_source is PSource.MATCH:
            cell = intent_cell("" if signals.match is None else signals.match.intent_id)
        shifts[cell] = fact.told
    return shifts


def base_of(facts: RungFacts) -> float:
    """Returns the log-odds of a recorded chance before it was moved."""
    told = facts.told
    return log_odds(facts.p) - (0.0 if told is UNSET else told)


def unmoved(facts: RungFacts) -> float:
    """Returns a recorded chance as it was before what was told moved it."""
    return facts.p if facts.told is UNSET else _chance(base_of(facts))


def log_odds(p: float) -> float:
    """Returns log(p / (1 - p)), for chances a little inside of 0 and 1.

    >>> log_odds(0.5)
    0.0
    """
    inside = min(max(p, INSIDE), 1.0 - INSIDE)
    return math.log(inside / (1.0 - inside))


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))
