"""Turns feedback on answers into readings for alerts: wrong answers, unearned confidence. Pure.

Feedback of the reference's days counts, since it comes late. Those who give feedback choose the
answers: complaints come more often than thanks. So these figures describe the judged answers, not
all traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from router.policy.sections.learning import Watched
from router.rollout.confidence import interval
from router.stats.calibration import Floats, ece
from router.stats.measures import Draws, eces_if_calibrated, paired_bootstrap
from router.types import TrueOutcome
from router.watch.readings import Bounded, Reading, share_in_words

DELTA = 0.05
"""An alarm of wrong answers is false with this chance, however often it is looked at while words
come, were all judged by chance."""
DRAWS = 200
"""Resamples behind an interval of ECE: some 30 ms for a thousand answers of a tenant."""
LEVEL_1 = 1


def outcome_readings(by_tenant: Mapping[str, Sequence[TrueOutcome]]) -> list[Bounded]:
    """Returns the wrong answers of each tenant, and how far its confidence is from the truth.

    A share counts at its lower bound, a distance at what exceeds chance.
    """
    readings: list[Bounded] = []
    for tenant, outcomes in sorted(by_tenant.items()):
        judged = [one for one in outcomes if one.correct is not None and not one.draft]
        wrong = sum(not one.correct for one in judged)
        readings.append((_share(Watched.WRONG_ANSWERS, tenant, wrong, len(judged), DELTA), None))
        stated = [(one.confidence, one.correct) for one in judged if one.confidence is not None]
        if stated:
            chances, right = np.array(stated, float).T
            readings.append((_calibration(tenant, chances, right), None))
    return readings


def _calibration(tenant: str, chances: Floats, right: Floats) -> Reading:
    """Returns by how much ECE exceeds what a perfect forecast shows in all but DELTA of cases."""
    value, rows = ece(chances, right), len(chances)
    by_chance = float(np.quantile(eces_if_calibrated(chances, draws=DRAWS), 1.0 - DELTA))
    low, high = paired_bootstrap(
        lambda drawn: ece(chances[drawn], right[drawn]), rows, Draws(DRAWS)
    )
    detail = (
        f"ECE {value:.3f} ({low:.3f} to {high:.3f}) of {rows} answers; a perfect forecast has up "
        f"to {by_chance:.3f}"
    )
    return Reading(Watched.CALIBRATION, tenant, max(0.0, value - by_chance), rows, detail)


def certified(
    policy: str, outcomes: Iterable[TrueOutcome], risk: float, confidence: float
) -> Bounded:
    """Returns the share of wrong ones among level 1's judged answers under this policy.

    Its bound is the risk that the policy's certificate promises.
    """
    judged = [
        one
        for one in outcomes
        if one.correct is not None
        and not one.draft
        and one.level == LEVEL_1
        and one.policy == policy
    ]
    wrong = sum(not one.correct for one in judged)
    subject = subject_of(policy)
    return _share(Watched.CERTIFICATE, subject, wrong, len(judged), 1.0 - confidence), risk


def subject_of(policy: str) -> str:
    """Returns the subject of an alarm on feedback that contradicts a policy's certificate."""
    return f"{policy} / told of level 1"


def _share(watched: Watched, subject: str, wrong: int, of: int, delta: float) -> Reading:
    """Returns a share at the lower bound that it exceeds with confidence 1 - `delta`.

    The bound holds at all looks together. A bound for one look would be passed by chance in time,
    since the same words are looked at again each minute.
    """
    low = interval((0.0, 1.0), (of - wrong, wrong), delta).lower
    return Reading(watched, subject, low, of, f"wrong are {share_in_words(wrong, of)}")
