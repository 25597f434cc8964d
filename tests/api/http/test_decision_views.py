"""The document of a decision has the row's fields once."""

from __future__ import annotations

import json

import msgspec
import pytest

from router.api.http.decision_views import decision_document, signals_view
from router.cli.ledger.row_lines import row_lines
from router.types import AttemptState, Baselines, CostBasis, Matter, Role
from tests.kits.books.report_rows import a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.gateway_kit import CALM


def test_a_document_has_domain_and_request_type_in_its_record_only() -> None:
    row = a_row(domain="legal", request_type="coding")
    document = json.loads(decision_document(row))
    assert (row.domain, row.request_type) == ("legal", "coding")
    assert not {"domain", "request_type"} & document.keys()
    assert document["record"]["signals"]["domain"] == "legal"


def test_a_document_of_an_unknown_price_has_neither_cost_nor_saving() -> None:
    """What reading the request took is known, and is not what the request cost."""
    state = AttemptState.UNKNOWN_COST
    call = an_attempt("r", 2, 0, state=state, cost_basis=CostBasis.UNKNOWN)
    reading = an_attempt("r", 1, 34, role=Role.TRIAGE)
    row = a_row(attempts=(call, reading), baselines=Baselines(requested_model=5_000))
    document = json.loads(decision_document(row))
    assert (document["cost_nano_usd"], document["cost_usd"]) == (None, None)
    assert document["saved_usd"] is None
    assert " unknown " in list(row_lines([row], 200))[1]


def test_a_document_has_what_the_provider_stated_beside_our_cost() -> None:
    by_token = CostBasis.TOKEN_PRICE
    stated = an_attempt("r", 1, 2_000, provider_cost_nano_usd=123_400_000, cost_basis=by_token)
    (shown,) = json.loads(decision_document(a_row(attempts=(stated,))))["attempts"]
    assert shown["cost_nano_usd"] == 2_000
    assert shown["provider_cost_nano_usd"] == 123_400_000
    assert shown["provider_difference_nano_usd"] == 123_398_000
    reading = an_attempt("r", 1, 34, role=Role.TRIAGE)
    (shown,) = json.loads(decision_document(a_row(attempts=(reading,))))["attempts"]
    assert shown["provider_cost_nano_usd"] is None


def test_a_sum_of_more_than_64_bits_stays_exact() -> None:
    row = a_row()
    record = json.loads(row.record) | {"signals": {"impact_nano_usd": 30 * 10**18 + 1}}
    read = json.loads(decision_document(replace(row, record=json.dumps(record))))["record"]
    assert repr(read["signals"]["impact_nano_usd"]) == "30000000000000000001"


def test_a_document_has_the_steps_as_they_are_stored() -> None:
    assert json.loads(decision_document(a_row(), steps='[{"step": 1}]'))["reasoning"] == [
        {"step": 1}
    ]


@pytest.mark.parametrize(("grave", "shown"), [(0.49, (None, "")), (0.5, ("fraud", "en"))])
def test_matter_is_shown_where_it_is_likelier_than_not(
    grave: float, shown: tuple[str | None, str]
) -> None:
    signals = replace(CALM, grave=grave, matter=Matter.FRAUD, matter_language="en")
    view = signals_view(signals)
    assert (view["matter"], view["matter_language"]) == shown
    row = a_row()
    record = json.loads(row.record) | {"signals": msgspec.to_builtins(signals)}
    read = json.loads(decision_document(replace(row, record=json.dumps(record))))["record"]
    assert (read["signals"]["matter"], read["signals"]["matter_language"]) == shown
