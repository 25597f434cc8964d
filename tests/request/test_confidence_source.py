"""A confidence is shown with what it rests on: a prior is an assumption that nobody measured."""

from __future__ import annotations

import dataclasses
import json

import pytest

from router.analysis.report.output.row_json import rows_json
from router.api.http.decision_headers import outcome_headers
from router.api.http.decision_views import decision_document
from router.ledger.record_reading import source_of
from router.types import PSource, Reason
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ask
from tests.kits.gateway_kit import UNSURE, low, mid, only_row


def guessing(house: House) -> House:
    """Returns the gateway with answerers that nobody measured."""
    runtime = house.gateway.router.default
    plans = [
        replace(plan, ability=replace(plan.ability, source=PSource.PRIOR)) for plan in runtime.plans
    ]
    house.gateway.router.swap({"test": dataclasses.replace(runtime, plans=tuple(plans))})
    return house


@pytest.mark.parametrize(
    ("assumed", "unsure", "source"),
    [(True, True, "prior"), (False, True, "labelled"), (True, False, "match")],
)
async def test_every_place_says_what_a_confidence_rests_on(
    houses: Houses, *, assumed: bool, unsure: bool, source: str
) -> None:
    """`GET /v1/decisions/{id}`, rows and the dashboard showed .88 of a prior without a word."""
    house = houses([low(), mid()], signals=UNSURE if unsure else CALM)
    if assumed:
        guessing(house)
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert dict(outcome_headers(outcome))[b"x-tiergate-confidence-source"] == source.encode()
    assert source_of(row) == source
    assert json.loads(rows_json(row))["confidence_source"] == source
    assert json.loads(decision_document(row))["confidence_source"] == source


async def test_words_in_place_of_an_answer_rest_on_a_rule(houses: Houses) -> None:
    house = guessing(houses([low(), mid()], signals=UNSURE))
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert source_of(replace(row, verdict="safe_answer")) == PSource.KNOWN
    assert source_of(replace(row, reason=Reason.NOTHING_KNOWN.value)) == PSource.KNOWN
    refused = replace(row, verdict="")
    assert source_of(refused) == ""
    assert json.loads(rows_json(refused))["confidence_source"] is None
