"""The calls that a deliberation makes are the calls that it is priced by."""

from __future__ import annotations

import pytest

from router.policy.content.deliberation_full import StepId
from router.types import ChatRequest, Domain
from tests.kits.thinking_kit import QUESTION, TEMPLATES, Strong, deliberation, work

EACH = 150  # about what the scripted model writes in a step


def words_of(request: ChatRequest) -> int:
    """The tokens of a request, at four characters each."""
    schema = request.response_format.schema or ""
    return (sum(len(message.text) for message in request.messages) + len(schema)) // 4


@pytest.mark.parametrize("domain", Domain)
async def test_as_many_calls_are_counted_as_are_made(domain: Domain) -> None:
    strong, thinker, asked = Strong(), deliberation(), work(domain=domain)
    await thinker.answer(asked, strong)
    first = [role for role in strong.roles if role.value == "deliberation"]
    counted = thinker.calls(asked.signals, EACH)
    assert counted.calls == len(first)
    assert counted.output_tokens == EACH * len(first)


async def test_counted_tokens_are_near_those_that_the_steps_read() -> None:
    strong, thinker, asked = Strong(), deliberation(), work()
    await thinker.answer(asked, strong)
    assert len(strong.requests) == 10
    read = sum(map(words_of, strong.requests))
    counted = thinker.calls(asked.signals, EACH)
    expected = counted.added_input_tokens + counted.calls * (len(QUESTION) // 4)
    assert 0.75 * read < expected < 1.33 * read


def test_steps_in_short_form_write_no_more_than_their_caps() -> None:
    thinker, steps = deliberation(profile="short"), TEMPLATES[Domain.GENERAL].steps
    caps = [step.max_output_tokens or 0 for step in steps]
    assert thinker.calls(None, 4_096).calls == len(steps) == 5
    assert thinker.calls(None, 4_096).output_tokens == sum(caps)
    assert thinker.calls(None, 10).output_tokens == 50


def test_no_step_reads_more_than_the_context_lets_it() -> None:
    small, large = deliberation(context_tokens=2_000), deliberation(context_tokens=200_000)
    assert small.calls(None, 4_000).added_input_tokens < 20_000
    assert large.calls(None, 4_000).added_input_tokens > 80_000
    assert small.calls(None, 10) == large.calls(None, 10)


def test_a_worksheet_is_counted_where_the_template_has_one() -> None:
    ids = {domain: [step.id for step in TEMPLATES[domain].full.steps] for domain in Domain}
    assert StepId.WORKSHEET in ids[Domain.FINANCE]
    assert StepId.WORKSHEET not in ids[Domain.GENERAL]
    thinker = deliberation()
    counted = {d: thinker.calls(work(domain=d).signals, 1).calls for d in ids}
    assert (counted[Domain.FINANCE], counted[Domain.GENERAL]) == (10, 8)
