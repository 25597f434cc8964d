"""A dry run says why no question is offered, though an approved answer is likely."""

from __future__ import annotations

import pytest

from router.api.http.decision_views import routing_view
from router.cli.policies.explain import explained
from router.types import Hints, Outcome
from tests.kits.asking_kit import C1, asking_house, turns
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses

DRY = Hints(dry_run=True, context=C1)
LACKING = "those likely have 0.88, but too few of the request's words stand in their"


async def _dry(houses: Houses, text: str, clarify: object) -> Outcome:
    return await _asked(asking_house(houses, clarify=clarify), text)


async def _asked(house: House, text: str) -> Outcome:
    return await house.gateway.complete(replace(turns(text), hints=DRY), ALICE)


@pytest.mark.parametrize(
    ("text", "clarify", "why"),
    [
        ("hmm, my zebra shampoo licence", {}, LACKING),
        ("hmm, my order", {"from": 0.56}, "order_status, has 0.55, and `clarify.from` is 0.56"),
        ("hmm, my order", {"together": 0.97, "most": 2}, "have 0.88 together, and 0.97 is needed"),
        ("hmm, my order", {"not_for": ["faq", "factual", "status"]}, "`clarify.not_for` has"),
        ("hmm, my order", {}, ""),  # it is offered
        ("when are you open?", {}, ""),  # it is answered
    ],
)
async def test_a_dry_run_says_why_nothing_is_offered(
    houses: Houses,
    capsys: pytest.CaptureFixture[str],
    text: str,
    clarify: dict[str, object],
    why: str,
) -> None:
    """A message that reaches `together` and climbs all the same is told why."""
    house = asking_house(houses, clarify={"from": 0.5, "most": 3, **clarify})
    outcome = await _asked(house, text)
    assert outcome.foretold is not None
    assert (why in outcome.foretold.unoffered) if why else outcome.foretold.unoffered == ""
    explained(turns(text), outcome, house.gateway.router.default)
    assert ("offers   none" in capsys.readouterr().out) == bool(why)
    foretold = routing_view(outcome)["foretold"]
    assert isinstance(foretold, dict)
    assert foretold["unoffered"] == (outcome.foretold.unoffered or None)


@pytest.mark.parametrize(
    ("text", "offered", "least"),
    [
        ("hmm, my order", [("Where is my order?", 0.55), ("Cancel my order", 0.33)], 0.8),
        ("my order, oddly", [("Where is my order?", 0.54), ("Cancel my order", 0.36)], 0.8),
        ("both, my order", [("Where is my order?", 0.97), ("Cancel my order", 0.96)], 0.8),
        ("when are you open?", [], None),
    ],
)
async def test_a_dry_run_names_what_is_offered_with_its_chances(
    houses: Houses, text: str, offered: list[tuple[str, float]], least: float | None
) -> None:
    """`oddly`: each alone is unlikely, and the chance that was fitted for both is another one."""
    outcome = await _dry(houses, text, {"from": 0.05, "together": 0.8, "most": 3})
    assert outcome.foretold is not None
    assert outcome.foretold.offered_from == least
    assert [name for name, _ in outcome.foretold.offered] == [name for name, _ in offered]
    for (_, shown), (_, expected) in zip(outcome.foretold.offered, offered, strict=True):
        assert shown == pytest.approx(expected, abs=0.006)
    foretold = routing_view(outcome)["foretold"]
    assert isinstance(foretold, dict)
    assert [(one["question"], one["chance"]) for one in foretold["offered"]] == [
        (name, round(p, 4)) for name, p in outcome.foretold.offered
    ]


async def test_a_policy_that_offers_nothing_gives_no_reason(houses: Houses) -> None:
    outcome = await _dry(houses, "hmm, my order", None)
    assert outcome.foretold is not None
    assert outcome.foretold.unoffered == ""
