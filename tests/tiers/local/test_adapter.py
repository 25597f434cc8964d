"""The shipped support adapter: chosen by domain, and as good as its card promises."""

from __future__ import annotations

import hashlib
import json

import pytest

from router.policy.schema import LocalAnswerer as LocalSection
from router.training.adapter.measure import token_f1
from router.training.adapter.pairs import approved_answers
from router.types import Domain, Sampling
from tests import ROOT
from tests.kits.local_kit import NEEDS_WEIGHTS, never_called, work
from tiers.local.answerer import LocalModelAnswerer
from tiers.local.weights import SMOLLM2_SHA256, find_adapter

ADAPTERS = ROOT / "tiers" / "adapters"
KNOWLEDGE = ADAPTERS.parent.parent / "policies" / "knowledge" / "customer_support.yaml"
CARD = json.loads((ADAPTERS / "card.json").read_text("utf-8"))
SECTION = LocalSection.model_validate(  # the fixtures of this folder start it
    {
        "kind": "local",
        "name": "local",
        "context_tokens": 512,
        "parallel": 1,
        "system_prompt": CARD["system_prompt"],
        "adapters": [
            {
                "name": "support",
                "path": "package:support_lora",
                "domains": ["customer_support"],
            }
        ],
    }
)
QUESTION = "someone stole my card, what now?"
GREEDY = Sampling(temperature=0.0, max_output_tokens=60)


def test_the_card_names_the_shipped_file() -> None:
    shipped = find_adapter("package:support_lora")
    assert hashlib.sha256(shipped.read_bytes()).hexdigest() == CARD["sha256"]


def test_the_adapter_fits_the_served_weights() -> None:
    assert CARD["base"]["sha256"] == SMOLLM2_SHA256


def test_the_card_shows_it_better_than_the_base() -> None:
    assert CARD["generation"]["n"] >= 100
    assert CARD["held_loss"]["adapter_perplexity"] < CARD["held_loss"]["base_perplexity"]
    base, adapter = CARD["generation"]["base"], CARD["generation"]["adapter"]
    assert adapter["token_f1"] > base["token_f1"]
    assert adapter["rouge_l"] > base["rouge_l"]


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_support_questions_wear_the_adapter(local: LocalModelAnswerer) -> None:
    asked = work(QUESTION, domain=Domain.CUSTOMER_SUPPORT, sampling=GREEDY)
    answer = await local.answer(asked, never_called)
    assert answer.adapter == "support"
    approved = approved_answers(KNOWLEDGE).values()
    assert max(token_f1(answer.text, text) for text in approved) > 0.8


@pytest.mark.local
@NEEDS_WEIGHTS
async def test_other_questions_do_not(local: LocalModelAnswerer) -> None:
    answer = await local.answer(work(QUESTION, sampling=GREEDY), never_called)
    assert answer.adapter is None
    approved = approved_answers(KNOWLEDGE).values()
    assert max(token_f1(answer.text, text) for text in approved) < 0.8
