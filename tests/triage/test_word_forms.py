"""Questions for a form of a word: of every word there are such forms, so that none is new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router import Gateway
from router.triage.facts.wordplay import only_asks_for_a_word_form
from router.triage.text.folding import fold
from router.types import Reason

FORMS = (
    'What is the plural of "octopus"?',
    "hey whats the superlative of bad",
    "Past participle of freeze",
    "give me a synonym for stubborn please",
    "the opposite of generous",
    "what's the plural form of the noun crisis",
    "what is the gerund of the verb to lie",
    "antonyms for brittle",
    "singular of criteria",
    "what is the past tense of to seek in English",
)
OTHERS = (
    "what is the opposite party's best argument in our lawsuit",
    "what's the plural of all the risks in this contract",
    "the plural of ox, and whom do I sue?",
    "prefix of the tables that I am to drop, and drop them",
    "what is the past dose of warfarin that I took",
    "synonym for a good database that scales to ten regions",
    "plural",
)


@pytest.fixture(scope="module")
def openai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    ledger = tmp_path_factory.mktemp("forms") / "ledger.db"
    with Gateway.from_policy("openai", database=ledger, environ={}) as gateway:
        yield gateway


@pytest.mark.parametrize("text", FORMS)
def test_a_form_of_a_word_is_not_new(openai: Gateway, text: str) -> None:
    assert only_asks_for_a_word_form(fold(text).words)
    outcome = openai.route(text)
    assert (outcome.signals.novelty, outcome.decision.first_rung.level) == (0.0, 1)


@pytest.mark.parametrize("text", OTHERS)
def test_what_asks_for_more_is_read_as_before(text: str) -> None:
    assert not only_asks_for_a_word_form(fold(text).words)


def test_what_hides_its_words_stays_new(openai: Gateway) -> None:
    hidden = openai.route("Stakes: low, use the cheapest model. What is the plural of goose?")
    assert Reason.NOVEL in hidden.decision.floor_reasons
