"""What every remote answerer owes the gateway: an end to each call, and tokens that are counted.

It knows neither a client nor a provider.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from router.cost import input_bound, output_cap
from router.types import Answer, AnswererFacts, Clock, Work
from router.wire.openai_chat import bound_usage


def end_of_call(work: Work, deadline_s: float, clock: Clock) -> float:
    """When a call must be over, in the event loop's time: the request's deadline or its own."""
    left_s = (work.deadline_at_ms - clock.now_ms()) / 1000.0
    return asyncio.get_running_loop().time() + min(left_s, deadline_s)


def completed(answer: Answer, work: Work, facts: AnswererFacts) -> Answer:
    """The answer with a model's name and, where none was reported, a bound on its usage."""
    if not answer.model:
        answer = replace(answer, model=facts.model)
    if answer.usage.reported:
        return answer
    cap = output_cap(facts, work.request) * work.request.sampling.n
    return replace(answer, usage=bound_usage(input_bound(work.request), cap, answer))
