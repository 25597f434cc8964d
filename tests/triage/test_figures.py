"""Figures of speech: what "kills" somebody and only hurts or bothers is no violence."""

from __future__ import annotations

import pytest

from router import Gateway
from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.batches.config import TriageConfig
from router.triage.other_readings import of_figures, of_plain_words
from router.triage.text.folding import fold
from router.types import Match, MatchBasis, Matter
from tests.kits.checks.growth import in_proportion
from tests.kits.decision_kit import a_policy
from tests.kits.opened import gateway_of
from tests.triage.test_reading import PLAIN

FIGURES = TriageConfig.of(a_policy(), terms=load_language_terms(policies_dir() / "terms")).figures


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("My molar has been killing me all night.", "my molar hurts all night"),
        ("these shoes are literally killing me", "these shoes bothers me"),
        ("Hi! My back's killing me, can you help?", "hi, my back hurts, can you help"),
        ("this tooth will be the death of me", "this tooth hurts"),
        ("mein Rücken bringt mich um", "mein rucken tut mir sehr weh"),
        ("Cette chaleur me tue", "cette chaleur me gêne beaucoup"),
    ],
)
def test_a_figure_is_said_in_plain_words(text: str, plain: str) -> None:
    assert FIGURES.plainly(fold(text)) == plain


@pytest.mark.parametrize(
    "text",
    [
        "he is killing me",
        "my husband is killing me slowly",
        "the man with the bad back is killing me",
        "the gas is killing me",
        "mein Mann bringt mich um",
        "mon mari me tue",
        "my back hurts",
        "",
    ],
)
def test_who_else_kills_is_no_figure(text: str) -> None:
    assert FIGURES.plainly(fold(text)) == ""


def test_a_figure_takes_the_matter_of_its_plain_words() -> None:
    violent = PLAIN._replace(grave=0.96, matter=Matter.VIOLENCE)
    painful = PLAIN._replace(grave=0.9, matter=Matter.MEDICAL_EMERGENCY)
    read = of_figures(violent, painful)
    assert (read.grave, read.matter) == (0.9, Matter.MEDICAL_EMERGENCY)


@pytest.mark.parametrize(
    ("matter", "plain_matter", "plain_grave"),
    [
        (Matter.VIOLENCE, Matter.VIOLENCE, 0.9),  # somebody else's violence beside a figure
        (Matter.POISON, Matter.MEDICAL_EMERGENCY, 0.1),  # a figure sounds like no poison
    ],
)
def test_other_matters_beside_a_figure_stay(
    matter: Matter, plain_matter: Matter, plain_grave: float
) -> None:
    row = PLAIN._replace(grave=0.96, matter=matter)
    assert of_figures(row, PLAIN._replace(grave=plain_grave, matter=plain_matter)) == row


def test_a_chance_is_never_raised() -> None:
    row = PLAIN._replace(grave=0.1, matter=Matter.VIOLENCE)
    hurts = PLAIN._replace(grave=0.9, matter=Matter.MEDICAL_EMERGENCY)
    assert of_figures(row, hurts).grave == 0.1


def test_figures_are_found_in_linear_time() -> None:
    piece = "my back is really just "
    assert in_proportion(lambda text: FIGURES.plainly(fold(text)), piece, end="killing me")


@pytest.mark.parametrize("basis", [MatchBasis.WRITTEN, MatchBasis.RERANKED])
def test_the_match_of_plain_words_counts_where_it_is_surer(basis: MatchBasis) -> None:
    said = Match("opening", 0.3, 0.5, 0.1)
    read = of_plain_words(said, Match("toothache", 0.8, 0.9, 0.2, basis=basis))
    assert read.intent_id == "toothache"
    assert read.basis is not MatchBasis.WRITTEN  # the text is not the operator's


def test_a_surer_match_of_the_text_itself_stays() -> None:
    said = Match("opening", 0.9, 0.5, 0.1, basis=MatchBasis.WRITTEN)
    assert of_plain_words(said, Match("toothache", 0.8, 0.9, 0.2)) == said


gateway = gateway_of("openai", OPENAI_API_KEY="x")


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("my molar has been killing me all night", Matter.MEDICAL_EMERGENCY),
        ("the toothache is killing me since last night", Matter.MEDICAL_EMERGENCY),
        ("My ribs are killing me. He kicked me again last night.", Matter.VIOLENCE),
        ("my boyfriend's fists are killing me", Matter.VIOLENCE),
    ],
)
def test_the_matter_is_that_of_the_plain_words(gateway: Gateway, text: str, matter: Matter) -> None:
    assert gateway.route(text).signals.matter is matter
