"""Sayings about games and questions what a word means alarm nobody; dangers beside them do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router import Gateway
from router.triage.facts.works import beside_meanings
from router.types import Verdict
from tests.kits.opened import opened_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with opened_gateway(tmp_path_factory, "default") as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        "what is lockout tagout",
        "What's a letter of indemnity used for?",
        "what are liquidated damages in simple words",
        "these playtest notes made me want to die lol, sort them please",
        "a streamer said our boss fight gave her a heart attack, should we tweet it",
    ],
)
def test_sayings_and_meanings_get_no_words(gateway: Gateway, text: str) -> None:
    routed = gateway.route(text)
    assert routed.signals.risk_terms == ()
    assert routed.verdict is not Verdict.SAFE_ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "what is my lawsuit worth",
        "what is the lethal dose of paracetamol",
        "school made me want to die",
        "this job makes me want to die",
        "the boss fight was on and my dad had a heart attack",
        "the news gave him a heart attack, he is on the floor",
    ],
)
def test_who_is_in_danger_or_dispute_gets_words_all_the_same(gateway: Gateway, text: str) -> None:
    assert gateway.route(text).verdict is Verdict.SAFE_ANSWER


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("what is lockout tagout", ()),
        ("what does cease and desist mean", ()),
        ("define injunction", ()),
        ("what is the injunction", ("legal",)),
        ("what is happening with an injunction", ("legal",)),
        ("what is an injunction and how do i stop one against me by friday", ("legal",)),
    ],
)
def test_only_what_a_few_words_mean_is_asked(text: str, left: tuple[str, ...]) -> None:
    names = ("legal",)
    assert beside_meanings(text, names) == left


def test_a_list_about_people_counts_in_a_meaning_too() -> None:
    assert beside_meanings("what is a lethal dose", ("medical", "self_harm")) == (
        "medical",
        "self_harm",
    )
