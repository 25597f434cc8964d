"""Questions that a recorded policy offered, replayed under a floor that the match reaches."""

from __future__ import annotations

import pytest

from router.analysis.replay.cases import Case, Recorded
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Assumed
from router.analysis.replay.replay import Replay, replay
from router.routing.constraints import Asked, Shape
from router.routing.decision_record import StepRecord
from router.routing.next_rung import Left
from router.types import Action, Match, Reason, Step, Usage
from tests.analysis.test_replay import a_side, floor
from tests.kits.books.ledger_rows import attempt
from tests.kits.changed import replace
from tests.kits.fakes import CALM
from tests.kits.replay_kit import facts_of

ACCEPTED = Step(Action.ACCEPT, None, Reason.ANSWER_ACCEPTED)


def offered(match: Match) -> Case:
    """Returns a request to which level 1 offered questions at .9, since no answer was sure."""
    signals = replace(CALM, match=match)
    resolver, model = facts_of(signals, 0.5)
    asks = replace(resolver, p=0.9, because=Reason.ASKED_WHICH, least=0.3)
    step = StepRecord(0, 0.9, "rung", None, Left(), True, ACCEPTED)
    return Case(
        request_id="r1",
        policy_hash="recorded",
        signals=signals,
        asked=Asked(),
        shape=Shape((), None),
        facts=(asks, model),
        cost_nano_usd=10,
        usage=Usage(10, 0, 0, 5, 0, True),
        level=1,
        tier="resolve",
        answerer="faq",
        first="faq",
        reason=Reason.ASKED_WHICH.value,
        called={"faq": Recorded((attempt("r1", cost=10),), step)},
        propensity={"faq": 1.0, "mid": 0.0},
    )


def replayed(case: Case, at: float) -> Replay:
    outcome = KnownCorrectness.of([Correctness("r1", correct=True)])
    return replay(lambda: iter([case]), a_side(**floor(at)), None, outcome)


@pytest.mark.parametrize(("at", "sure"), [(0.75, 1), (0.751, 0)])
def test_answer_stands_in_place_of_questions_from_the_floor_on(at: float, sure: int) -> None:
    result = replayed(offered(Match("greeting", 0.75, 0.9, 0.3)), at)
    assert result.assumed[Assumed.SURE] == sure
    # The outcome is of the questions, so it says nothing of the answer.
    assert result.errors.no_overlap == sure


def test_two_asks_are_asked_back_however_sure_each_answer_is() -> None:
    both = (("greeting", 0.9), ("refund", 0.9))
    result = replayed(offered(Match("greeting", 0.9, 0.9, 0.3, asked=both)), 0.5)
    assert (result.assumed[Assumed.SURE], result.errors.no_overlap) == (0, 0)
