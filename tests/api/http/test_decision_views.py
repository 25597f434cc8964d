"""The document of a decision has the row's fields once."""

from __future__ import annotations

import json

from router.api.http.decision_views import decision_document
from tests.kits.books.report_rows import a_row


def test_a_document_has_domain_and_request_type_in_its_record_only() -> None:
    row = a_row(domain="legal", request_type="coding")
    document = json.loads(decision_document(row))
    assert (row.domain, row.request_type) == ("legal", "coding")
    assert not {"domain", "request_type"} & document.keys()
    assert document["record"]["signals"]["domain"] == "legal"
