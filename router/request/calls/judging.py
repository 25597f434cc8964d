"""Has a judge compare the answer that a client got with its shadow, in both orders."""

from __future__ import annotations

from router.errors import TiergateError
from router.judging.pairs import PairJudge
from router.request.calls.priced_calls import Spender
from router.routing.routed_request import RoutedRequest
from router.types import Answer, PairNote

OWN_MODEL, UNREADABLE, RESIDENCY = "own_model", "no_verdict", "residency"


async def judged_pair(
    spender: Spender,
    routed: RoutedRequest,
    judge: PairJudge,
    rung: int,
    shown: Answer,
    shadow: Answer,
) -> PairNote:
    """Returns the judge's preference; a judge that fails or may not judge gives none."""
    models = (shown.model, shadow.model)
    if judge.bars(*models):
        return judge.without(OWN_MODEL)
    if routed.kept_from(judge.judge.name):
        return judge.without(RESIDENCY)
    plan, said = routed.plan(judge.judge.name), []
    for asked in judge.asked(routed.request, shown.text, shadow.text):
        try:
            answer = await spender.judge_rung(rung, plan, asked.request)
        except TiergateError as error:
            return judge.without(error.code)
        verdict = judge.read(answer.text, asked)
        if verdict is None:
            return judge.without(UNREADABLE)
        said.append(verdict)
    return judge.note(said[0], said[1], *models)
