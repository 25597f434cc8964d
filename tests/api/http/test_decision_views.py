"""The document of a decision has the row's fields once."""

from __future__ import annotations

import json

import pytest

from router.api.http.decision_views import decision_document, signals_view
from router.types import Matter
from tests.kits.books.report_rows import a_row
from tests.kits.changed import replace
from tests.kits.gateway_kit import CALM


def test_a_document_has_domain_and_request_type_in_its_record_only() -> None:
    row = a_row(domain="legal", request_type="coding")
    document = json.loads(decision_document(row))
    assert (row.domain, row.request_type) == ("legal", "coding")
    assert not {"domain", "request_type"} & document.keys()
    assert document["record"]["signals"]["domain"] == "legal"


@pytest.mark.parametrize(("grave", "shown"), [(0.49, (None, "")), (0.5, ("fraud", "en"))])
def test_matter_is_shown_where_it_is_likelier_than_not(
    grave: float, shown: tuple[str | None, str]
) -> None:
    signals = replace(CALM, grave=grave, matter=Matter.FRAUD, matter_language="en")
    view = signals_view(signals)
    assert (view["matter"], view["matter_language"]) == shown
