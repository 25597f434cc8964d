"""A person's own choice is no decision about an organisation, whatever form it has."""

from __future__ import annotations

import pytest

from router.triage.conversation.private_choices import is_private_choice
from router.triage.text.folding import fold
from tests.triage.test_reading import turn

DECISIONS = """\
Should I move my guitar workshop to a cheaper town?
Should our village give up its football pitch for a care home?
Should we swap our wedding season for company retreats?
Should our swimming club take over the lido from the council?
Should our choir merge with the one across the river?
Should I take the army deal or keep building civilian drones?
Should we turn the family campsite into holiday apartments?
Should our college close the music course and open one in nursing?
Should our band of six tour Asia next year or build a studio?
My son wants our dairy to go organic. Should we follow him?
My wife and I have a sawmill. Should we buy the one next door?
My brother and I can't agree: expand the gym to Austria or not?
Should our daughter take over the garage or do we sell it?
Should we put our son in charge of the guesthouse?
My father wants me to switch from pigs to solar panels, should I?
My boss wants me to decide between Berlin and Prague for our new office.
Should our scouts' federation drop membership fees and live on grants?
Should I close the dog salon and go all in on cat boarding?
Should I drop my baby clothes and only make toys?
Should we stop making prams and enter the toddler bike segment?
Should our town close the school and bus the kids to the city?
Should we give up football kits and bet on running gear?
Should we take our piano lessons online and give up the rooms?
Should we rely on freelance tutors or hire our own?
Should our museum give up its children's wing for a paid exhibition?
Should our chess federation accept money from a betting group?
Should our theatre leave the city and become a touring company?
Should our orchard stop selling to supermarkets and press its own cider?
Should our vet group enter the horse segment or stay with dogs and cats?
Should I give my daughter the boatyard now or wait five years?
Should we close the kids department of our museum?
Should our football club leave the league and move to another city?
We run a kindergarten chain; should we expand to Poland?
Should we drop the dog food line and focus on cat litter?
Should our hospital trust merge its two children's wards?
Should we launch our baby food line in Germany next year?
Should our theatre drop the children's shows and go digital?
Should we take the army deal or stay with civilian drones?
Should we enter the wedding market with our venues?
Should we shift our budget from football sponsorship to esports?
Should we raise tuition fees and close the college of music?
Should we relocate our guitar plant to Mexico?
My boss wants us to decide: build or buy the payroll system for 4,000 people?
Should we hire freelance developers or open an office in Krakow?
Should we discontinue the toddler car seat or redesign it?
Should our foundation stop funding university research?
We are thinking of turning our holiday resort into apartments. Should we?
Should our camp chain enter the US?
Should our city close the swimming pools and build a school?
Should our orchestra move to the new concert hall with our choir?
Should we let our daughter take over the dance school?
Should we give our son the driving school?
Should I buy my wife out of the pottery in the divorce?
I'm pregnant, should I give up the pottery or find someone to take it on?
Should I cut my salary to keep the two potters?
Should I have the Berlin people join the Paris team?
Should my brother and I move into wedding photography?
Should our sister school take our name?
Should our son lead the language school from May?
"""
"""Decisions of small firms, clubs, towns and families: 30, a reviewer's 20, and nine with relatives
or places of a private life."""

PRIVATE = """\
Should I quit the swim team?
I have a job offer in Berlin, should I take it?
Should we send our son to the village school?
Should I leave the choir or stay until the Christmas concert?
I'm thinking of quitting the football team. The new trainer shouts at me.
Should our daughter repeat the year at school or move up?
Should I go to college or travel for a year first?
I dropped out of college in May. Should I go back to college this autumn?
Should I quit my job and go travelling?
My job is safe but dull. Should I leave it?
I got two job offers, one in Oslo and one at home. Which should I take?
Should I marry him or wait another year?
Should I divorce my husband or try counselling once more?
Should I leave my boyfriend?
Should I move in with my girlfriend in March?
Should my son go to university in the city or stay with us?
Should we let our daughter change school in the middle of the year?
I'm pregnant. Do I tell my boss now or in spring?
Should I change my career at 45?
Should I drop out of university?
Should we send our eldest daughter to the grammar school?
My daughter wants to drop violin. Should I let her?
Should I quit my band before the tour?
Should I join the drama club or the debate team?
Should I tell my sister that I can't come to her wedding?
I can't decide if I should propose to my girlfriend on holiday.
Should I move back in with my parents to save rent?
My two sons share a bedroom. Should I split them up?
Should I give up my thesis?
Should our son start school at five or at six?
"""
"""Choices in people's own lives."""


@pytest.mark.parametrize(
    "text",
    [
        "Should I quit the swim team or stick it out until regionals?",
        "Should we send our son to the village school or the one across town?",
        "I have a job offer in Berlin, should I take it?",
        "I'm thinking of leaving my band. Nobody wants to tour any more.",
        "Do I tell my boss I'm pregnant now or after the promotion round?",
    ],
)
def test_a_choice_in_ones_own_life_is_told(text: str) -> None:
    assert is_private_choice(fold(text).words)


@pytest.mark.parametrize(
    "text",
    [
        "my two kids both want the restaurant. one manager or both",
        "My daughter is 29 and wants to run the vineyard. I'm 61. When do I let go of it?",
        "Should our school go private?",
        "As the head of a school I must decide if we drop boarding.",
        "I took over my late husband's construction business, sell it or go on?",
        "Do we raise prices or shrink the burger? The college kids count every penny.",
        "Should the board move the swim team's sponsor to another club?",
        "Which school has the best reputation?",  # nobody's own
        "Should we spin off the logistics division?",
    ],
)
def test_what_may_be_about_an_organisation_is_none(text: str) -> None:
    assert not is_private_choice(fold(text).words)


def test_no_decision_of_an_organisation_is_private() -> None:
    lines = DECISIONS.splitlines()
    assert len(lines) == 59
    assert [one for one in lines if is_private_choice(fold(one).words)] == []


def test_most_private_choices_are_told() -> None:
    lines = PRIVATE.splitlines()
    assert len(lines) == 30
    assert sum(is_private_choice(fold(one).words) for one in lines) == 23


@pytest.mark.parametrize(
    ("text", "strategic"),
    [
        ("Should I quit the swim team?", 0.0),
        ("Should we close the plant in Leipzig?", 0.9),
        ("Should I quit the swim team after that scam?", 0.9),  # a term speaks against it
    ],
)
def test_only_a_private_choice_loses_the_chance_of_a_strategic_matter(
    text: str, strategic: float
) -> None:
    assert turn(text, None, strategic=0.9).row.strategic == strategic
