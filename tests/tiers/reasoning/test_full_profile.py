"""The full profile works without caps, in parallel perspectives, and code checks what it wrote."""

from __future__ import annotations

import asyncio
import json

import pytest

from router.errors import AnswererNotReady, BudgetExceeded, UpstreamUnreachable
from router.types import (
    AnswererFacts,
    Capability,
    DocumentPassage,
    Domain,
    Price,
    Role,
    SearchResult,
)
from tests.kits.thinking_kit import CONTRACT, Strong, deliberation, work
from tiers.reasoning.answerer import profile_for
from tiers.reasoning.sources import AllSources, DocumentSources, Evidence


def _over(kind: str, context_tokens: int) -> AnswererFacts:
    able = frozenset({Capability.JSON_SCHEMA})
    return AnswererFacts(
        "strong", "big", 3, kind, "m", Price(), 512, context_tokens, able, 200, 500.0, 60_000
    )


@pytest.mark.parametrize(
    ("wanted", "kind", "context", "profile"),
    [
        ("auto", "upstream", 16_000, "full"),
        ("auto", "litellm", 128_000, "full"),
        ("auto", "upstream", 15_999, "short"),
        ("auto", "local", 128_000, "short"),
        ("short", "upstream", 128_000, "short"),
        ("full", "local", 4_096, "full"),
    ],
)
def test_profile_follows_the_answerer(wanted: str, kind: str, context: int, profile: str) -> None:
    assert profile_for(wanted, _over(kind, context)) == profile


async def test_all_steps_are_calls_without_a_cap_of_output() -> None:
    strong = Strong()
    answer = await deliberation().answer(work(), strong)
    assert strong.steps == [
        "decompose", "worksheet", "perspectives", "perspectives", "perspectives", "evidence",
        "alternatives", "scenarios", "risk_benefit", "synthesis",
    ] or strong.steps == [
        "decompose", "perspectives", "perspectives", "perspectives", "evidence",
        "alternatives", "scenarios", "risk_benefit", "synthesis",
    ]  # fmt: skip
    assert {r.sampling.max_output_tokens for r in strong.requests} == {None}
    assert "maxLength" not in "".join(r.response_format.schema or "" for r in strong.requests)
    assert answer.verified is None
    assert answer.worked is not None
    assert (answer.worked.profile, answer.worked.go_no_go) == ("full", "conditional_go")


async def test_perspectives_are_asked_at_one_time() -> None:
    strong = Strong(wait_for=3)
    async with asyncio.timeout(120):
        answer = await deliberation().answer(work(), strong)
    assert strong.most_at_once == 3
    assert answer.worked is not None
    asked = [step.id for step in answer.worked.steps if step.id.startswith("perspective:")]
    assert asked == ["perspective:own_counsel", "perspective:other_side", "perspective:business"]
    assert "perspectives: 2 for, 1 conditional" in answer.text


async def test_one_failed_perspective_is_marked() -> None:
    strong = Strong()
    strong.fails["perspectives"] = [UpstreamUnreachable("down")]
    answer = await deliberation().answer(work(), strong)
    assert answer.worked is not None
    states = [s.state for s in answer.worked.steps if s.id.startswith("perspective:")]
    assert sorted(states) == ["done", "done", "failed"]
    assert answer.verified is False


async def test_spent_budget_in_a_perspective_is_the_gateways_to_judge() -> None:
    strong = Strong()
    strong.fails["perspectives"] = [BudgetExceeded("no money")]
    with pytest.raises(BudgetExceeded):
        await deliberation().answer(work(), strong)


async def test_probabilities_that_do_not_sum_are_repaired_once() -> None:
    strong = Strong()
    wrong = json.loads(json.dumps(CONTRACT["scenarios"]))
    wrong["scenarios"][0]["probability"] = 0.9
    strong.says["scenarios"] = [wrong]
    answer = await deliberation().answer(work(), strong)
    assert strong.steps.count("scenarios") == 2
    assert "they sum to 1.65" in strong.requests[-3].messages[-1].text
    assert answer.worked is not None
    assert next(s for s in answer.worked.steps if s.id == "scenarios").state == "repaired"


async def test_verdict_that_contradicts_its_text_is_repaired_once() -> None:
    strong = Strong()
    strong.says["synthesis"] = [
        {**CONTRACT["synthesis"], "decision": "Do not sign it.", "go_no_go": "go"}
    ]
    answer = await deliberation().answer(work(), strong)
    assert strong.steps.count("synthesis") == 2
    assert "make them agree" in strong.requests[-1].messages[-1].text
    assert strong.roles[-1] is Role.RETRY
    assert answer.verified is None
    assert answer.worked is not None
    assert answer.worked.marks == ()


async def test_verdict_that_contradicts_its_text_twice_is_marked() -> None:
    strong = Strong()
    wrong = {**CONTRACT["synthesis"], "decision": "Do not sign it.", "go_no_go": "go"}
    strong.says["synthesis"] = [wrong, wrong]
    answer = await deliberation().answer(work(), strong)
    assert strong.steps.count("synthesis") == 2
    assert "Marked after one repair" in answer.text
    assert answer.verified is False
    assert answer.worked is not None
    assert answer.worked.marks == (
        "go_no_go says go, the decision reads as no_go: make them agree",
    )


async def test_wrong_figure_that_stays_has_the_right_one_next_to_it() -> None:
    strong = Strong()
    wrong = {**CONTRACT["synthesis"], "rationale": "Over 3 years 3 * $700,000 = $2,000,000."}
    strong.says["synthesis"] = [wrong, wrong]
    answer = await deliberation().answer(work(), strong)
    assert "[wrong: calculated, it is $2,100,000]" in answer.text
    assert answer.worked is not None
    assert answer.worked.wrong_claims == 1


async def test_wrong_figure_of_a_step_reaches_the_next_one_corrected() -> None:
    strong = Strong()
    evidence = json.loads(json.dumps(CONTRACT["evidence"]))
    evidence["assumed"] = ["Yearly 200 + 300 = 600."]
    strong.says["evidence"] = [evidence, evidence]
    answer = await deliberation().answer(work(), strong)
    assert "calculated, it is 500" in strong.requests[-1].messages[-1].text
    assert answer.verified is False
    assert answer.worked is not None
    assert answer.worked.marks == ("Evidence: 200 + 300 = 600: wrong, it is 500",)


@pytest.mark.parametrize(
    ("source", "mark"),
    [("d7", "[d7] is no passage"), ("c-12", "not borne out by [c-12]: Harlow has 900 lorries.")],
)
async def test_false_citation_that_one_repair_does_not_mend_is_marked(
    source: str, mark: str
) -> None:
    strong = Strong()
    told = {"known": [{"statement": "Harlow has 900 lorries.", "source": source}]}
    strong.says["evidence"] = [{**CONTRACT["evidence"], **told}] * 2
    answer = await deliberation(sources=_Library()).answer(work(), strong)
    assert strong.steps.count("evidence") == 2
    assert answer.verified is False
    assert answer.worked is not None
    assert f"Evidence: {mark}" in " ".join(answer.worked.marks)


async def test_steps_of_filler_words_are_marked() -> None:
    strong = Strong()
    known = [{"statement": "some text", "source": "some text"}]
    cases = [{**case, "probability": 0.0} for case in CONTRACT["scenarios"]["scenarios"]]
    strong.says["scenarios"] = [{"scenarios": cases}] * 2
    strong.says["evidence"] = [{**CONTRACT["evidence"], "known": known}] * 2
    answer = await deliberation().answer(work(), strong)
    assert answer.verified is False
    assert answer.worked is not None
    assert any("they sum to 0.00" in mark for mark in answer.worked.marks)
    assert any("[some text] is no passage" in mark for mark in answer.worked.marks)


class _Library:
    async def find(self, question: str, work: object) -> list[Evidence]:
        return [Evidence("c-12", "Liability is limited to $2,000,000.", "contract.pdf, page 4")]


async def test_passages_are_cited_by_their_ids() -> None:
    strong = Strong()
    strong.says["synthesis"] = [
        {**CONTRACT["synthesis"], "rationale": "The limit is $2,000,000 [c-12]."}
    ]
    answer = await deliberation(sources=_Library()).answer(work(), strong)
    evidence = next(r for r in strong.requests if r.response_format.name == "step_evidence")
    assert "[c-12] Liability is limited" in evidence.messages[-1].text
    assert "[c-12] contract.pdf, page 4" in answer.facts


class _Documents:
    """Two passages of documents; `away` stands for a store that cannot be read."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    async def passages(self, work: object) -> SearchResult:
        if self.away:
            raise AnswererNotReady("no store")
        return SearchResult(
            (
                DocumentPassage("a1", "The cap is $2,000,000.", "", "terms.pdf", "c", page=4),
                DocumentPassage("b2", "Notice is 30 days.", "", "terms.pdf", "c", page=9),
            )
        )


async def test_documents_are_cited_by_short_ids_and_named_in_the_sources() -> None:
    strong = Strong()
    strong.says["synthesis"] = [{**CONTRACT["synthesis"], "rationale": "The cap is known [d1]."}]
    sources = AllSources([DocumentSources(_Documents()), _Library()])
    answer = await deliberation(sources=sources).answer(work(), strong)
    evidence = next(r for r in strong.requests if r.response_format.name == "step_evidence")
    assert "[d2] Notice is 30 days. (terms.pdf, page 9)" in evidence.messages[-1].text
    assert "[c-12] Liability" in evidence.messages[-1].text
    assert [(s.id, s.place, s.cited) for s in answer.sources] == [
        ("a1", "terms.pdf, page 4", True),
        ("b2", "terms.pdf, page 9", False),
    ]
    assert "[d1] terms.pdf, page 4" in answer.facts


async def test_decision_goes_on_where_the_store_of_documents_is_away() -> None:
    sources = AllSources([DocumentSources(_Documents(away=True)), _Library()])
    answer = await deliberation(sources=sources).answer(work(), Strong())
    assert answer.sources == ()
    assert answer.worked is not None


async def test_citation_of_an_unknown_passage_is_marked() -> None:
    strong = Strong()
    wrong = {**CONTRACT["synthesis"], "rationale": "As [c-99] says."}
    strong.says["synthesis"] = [wrong, wrong]
    answer = await deliberation(sources=_Library()).answer(work(), strong)
    assert answer.worked is not None
    assert "[c-99] is no passage" in answer.worked.marks[0]


async def test_matter_of_health_has_no_verdict_but_may_make_no_diagnosis() -> None:
    strong = Strong()
    strong.says["synthesis"] = [{**strong.filled_synthesis, "decision": "You have appendicitis."}]
    answer = await deliberation().answer(work(domain=Domain.MEDICAL), strong)
    schema = next(
        r.response_format.schema for r in strong.requests if "synthesis" in r.response_format.name
    )
    assert "go_no_go" not in json.loads(schema or "{}")["properties"]
    assert strong.steps.count("synthesis") == 2
    assert "appendicitis" not in answer.text
