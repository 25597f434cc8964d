"""Puts a judge behind each answerer whose section has a `check`.

It belongs to the composition root (`build`). A policy without `check` loads none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from router.errors import Mistake, PolicyError
from router.policy.judge_checks import same_model
from router.policy.loading import LoadedPolicy
from router.policy.parsing.text_files import text_of
from router.policy.sections.answerers import AnswererSection
from router.policy.sections.judging import CheckSection
from router.routing.rungs.rung_plan import RungPlan
from router.types import AnswererFacts, Clock

if TYPE_CHECKING:  # a policy without calibrations loads none of it
    from router.judging.pairs import PairJudge
    from router.stats.judge_calibration import JudgeCalibration

EXPECTED_WHY_TOKENS = 30
"""Tokens of a reason with its grade, as judges write them."""


def with_check(
    loaded: LoadedPolicy, plan: RungPlan, plans: Mapping[str, RungPlan], clock: Clock
) -> RungPlan:
    """Returns the plan with the judge of its section; as it is where the section has none.

    Raises PolicyError for a rubric with mistakes, or a calibration of another rubric or judge.
    """
    section = plan.section.check
    if section is None:
        return plan
    from router.judging.asking import TOKENS_BESIDE, TOKENS_EACH, described
    from router.policy.content.rubrics import load_rubric
    from tiers.judged import Check, JudgedAnswerer

    judge = plans[section.judge].facts
    author = plan.facts if plan.over is None else plan.over
    rubric = load_rubric(loaded.file(section.rubric))
    check = Check(
        rubric,
        rubric.digest,
        judge,
        section.at_least,
        section.repair and not _reads_passages(plan.section),
        same_model(author.model, judge.model),
        _calibration(loaded, section, rubric.digest, judge),
    )
    count = len(rubric.criteria)
    # The judge reads the rubric and the answer beside the question. This is what is expected: three
    # bytes of a rubric make a token or less, and each call is held at its own worst case.
    beside = len(described(rubric).encode()) // 3 + plan.facts.expected_output_tokens
    judged_by = replace(
        judge,
        added_input_tokens=judge.added_input_tokens + beside,
        max_output_tokens=min(judge.max_output_tokens, TOKENS_BESIDE + count * TOKENS_EACH),
        expected_output_tokens=TOKENS_BESIDE // 2 + count * EXPECTED_WHY_TOKENS,
    )
    answerer = JudgedAnswerer(plan.answerer, check, clock=clock)
    return replace(plan, answerer=answerer, judged_by=judged_by)


def _reads_passages(section: AnswererSection) -> bool:
    """Returns True for a section with the step `context`, whose answers are not repaired.

    A second answer would be written without that step: without the passages, and without the rule
    to state nothing that they do not say, which holds where no passage fits as well.
    """
    return "context" in getattr(section, "steps", ())


def pair_judge(loaded: LoadedPolicy, plans: Mapping[str, RungPlan]) -> PairJudge | None:
    """Returns who compares shadow answers; None where the policy wants no such judge.

    Raises PolicyError for a rubric with mistakes.
    """
    section = loaded.policy.shadow.judged
    if section is None:
        return None
    from router.judging.pairs import PairJudge
    from router.policy.content.rubrics import load_rubric

    rubric = load_rubric(loaded.file(section.rubric))
    return PairJudge(rubric, rubric.digest, plans[section.judge].facts, section.own_model)


def _calibration(
    loaded: LoadedPolicy, section: CheckSection, digest: str, judge: AnswererFacts
) -> JudgeCalibration | None:
    if section.calibration is None:
        return None
    from router.stats.judge_calibration import read_calibration

    path = loaded.file(section.calibration)
    try:
        read = read_calibration(text_of(path))
    except ValueError as error:
        wanted = "a calibration as `tiergate train judge` wrote it"
        raise PolicyError((Mistake(str(path), 1, "(top)", str(error), wanted),)) from error
    if read.rubric != digest or not same_model(read.model, judge.model):
        measured = f"a calibration of {read.model} with rubric {read.rubric}"
        wanted = f"one of {judge.model} with rubric {digest}: scores of others mean something else"
        raise PolicyError((Mistake(str(path), 1, "(top)", measured, wanted),))
    return read
