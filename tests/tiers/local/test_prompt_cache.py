"""A kept prompt: read once, never under another adapter, never for a request with a seed."""

from __future__ import annotations

import asyncio

import pytest

from router.policy.schema import LocalAnswerer as LocalSection
from router.types import Answer, Domain, Sampling
from tests.kits.local_kit import NEEDS_WEIGHTS, answerer_at, never_called, until_ready, work
from tiers.local.answerer import LocalModelAnswerer
from tiers.local.host import LocalModelHost

pytestmark = [pytest.mark.local, NEEDS_WEIGHTS]

SECTION = LocalSection.model_validate(
    {
        "kind": "local",
        "name": "local",
        "context_tokens": 512,
        "parallel": 2,
        "prompt_cache": True,
        "system_prompt": "You are the assistant of a shop for garden tools. Be brief and polite.",
        "adapters": [
            {"name": "support", "path": "package:support_lora", "domains": ["customer_support"]}
        ],
    }
)
GREEDY = Sampling(temperature=0.0, max_output_tokens=24)
QUESTION = "My card was stolen, what do I do now?"


@pytest.fixture
async def fresh(host: LocalModelHost) -> LocalModelAnswerer:
    answerer = answerer_at(SECTION.model_copy(update={"prompt_cache": False}), host.address)
    await until_ready(answerer)
    return answerer


async def asked(
    answerer: LocalModelAnswerer,
    text: str = QUESTION,
    domain: Domain = Domain.GENERAL,
    sampling: Sampling = GREEDY,
) -> Answer:
    return await answerer.answer(work(text, domain=domain, sampling=sampling), never_called)


async def test_shared_beginning_is_read_once(local: LocalModelAnswerer) -> None:
    await asked(local, "Do you sell spades?")
    again = await asked(local, "Do you sell rakes?")
    assert 0 < again.usage.cached_input_tokens < again.usage.input_tokens


async def test_requests_at_one_time_share_it_too(local: LocalModelAnswerer) -> None:
    await asyncio.gather(asked(local, "Do you sell spades?"), asked(local, "Do you sell saws?"))
    both = await asyncio.gather(asked(local, "Are you open?"), asked(local, "Who are you?"))
    assert all(answer.usage.cached_input_tokens > 0 for answer in both)


async def test_prompt_read_without_an_adapter_is_not_kept_for_one(
    local: LocalModelAnswerer, fresh: LocalModelAnswerer
) -> None:
    for domain in (Domain.GENERAL, Domain.CUSTOMER_SUPPORT, Domain.GENERAL):
        expected = await asked(fresh, domain=domain)
        other = Domain.CUSTOMER_SUPPORT if domain is Domain.GENERAL else Domain.GENERAL
        # Both slots hold the prompt under the other adapter now.
        await asyncio.gather(asked(fresh, domain=other), asked(fresh, domain=other))
        switched = await asked(local, domain=domain)
        assert switched.usage.cached_input_tokens == 0
        assert switched.text == expected.text


async def test_request_with_a_seed_reads_its_whole_prompt(local: LocalModelAnswerer) -> None:
    await asked(local)
    seeded = Sampling(temperature=0.0, max_output_tokens=8, seed=1)
    assert (await asked(local, sampling=seeded)).usage.cached_input_tokens == 0


async def test_policy_without_the_key_keeps_no_prompt(fresh: LocalModelAnswerer) -> None:
    await asked(fresh)
    assert (await asked(fresh)).usage.cached_input_tokens == 0
