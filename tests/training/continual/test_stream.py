"""The comparison of ways to learn, on rows whose class shows in their vector."""

from __future__ import annotations

import numpy as np
import pytest

from router.errors import TrainingDataError
from router.stats.heads import Encoded
from router.stats.ngrams import BUCKETS, Grams
from router.training.continual.stream import Reached, Setting, Sorted, compared
from router.training.continual.updates import Method, Pace

RARE = np.ones(BUCKETS, np.float32)
WIDTH, CLASSES = 8, 6


def rows(domains: int = 1) -> Sorted:
    """Thirty rows of each class; of a second domain they have other words and a moved vector."""
    chance = np.random.default_rng(4)
    count = 30 * CLASSES
    labels = np.arange(count) % CLASSES
    domain = np.arange(count) // CLASSES % domains
    vectors = chance.normal(scale=0.7, size=(count, WIDTH)).astype(np.float32)
    vectors[np.arange(count), labels] += 2.0
    vectors[np.arange(count), 6] += domain
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    grams = Grams.of(
        [
            (np.array([10 + 10 * int(d) + int(label)], np.int32), np.array([1.0], np.float32))
            for label, d in zip(labels, domain, strict=True)
        ]
    )
    return Sorted(
        [f"text {n}" for n in range(count)],
        Encoded(vectors, grams),
        labels,
        tuple(f"class {k}" for k in range(CLASSES)),
        [f"domain {d}" for d in domain],
    )


def found(given: Sorted, **changes: object) -> dict[Method, Reached]:
    setting = Setting(tasks=3, orders=2, pace=Pace(updates=60, every=30), **changes)  # type: ignore[arg-type]
    return {one.method: one for one in compared(given, setting, RARE)}


def test_memory_that_has_every_row_is_the_full_refit() -> None:
    ways = found(rows(), remembered=60)
    assert ways[Method.MEMORY].old == ways[Method.FULL].old
    assert ways[Method.MEMORY].lost == 0.0


def test_replay_keeps_what_a_naive_learner_forgets() -> None:
    ways = found(rows(), remembered=5)
    assert ways[Method.REPLAY].old > ways[Method.NAIVE].old
    naive, replay = ways[Method.NAIVE].transfer.backward, ways[Method.REPLAY].transfer.backward
    assert naive is not None
    assert replay is not None
    assert naive < replay


def test_domains_arrive_in_turn_with_the_same_classes() -> None:
    ways = found(rows(domains=2), remembered=60)
    forward = ways[Method.FULL].transfer.forward
    assert forward is not None
    # A class of the first domain is known before the second one teaches it.
    assert forward > 0


def test_same_orders_give_the_same_figures() -> None:
    first, again = found(rows(), remembered=5), found(rows(), remembered=5)
    assert [one.old for one in first.values()] == [one.old for one in again.values()]


def test_too_few_classes_make_no_stream() -> None:
    with pytest.raises(TrainingDataError, match="no stream of 4 tasks"):
        compared(rows(), Setting(tasks=4), RARE)
