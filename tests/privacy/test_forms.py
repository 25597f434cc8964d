"""Both detectors of personal details read the same forms of numbers."""

from __future__ import annotations

import pytest

from router.privacy.entities.identifiers import identifiers
from router.privacy.redact import redact


@pytest.mark.parametrize(
    ("number", "placeholder", "kind"),
    [
        ("078-05-1120", "[ID]", "ssn"),
        ("4111 1111 1111 1111", "[CARD]", "card"),
        ("4111_1111_1111_1111", "[CARD]", "card"),
        ("+49 30 1234567", "[PHONE]", "phone"),
        ("12.05.1984", "", ""),  # a date
        ("1984-05-12", "", ""),
        ("12.05.84", "", ""),
        ("12/28", "", ""),
        ("123 456", "", ""),  # too short for anybody's
    ],
)
def test_a_number_has_one_form_for_both(number: str, placeholder: str, kind: str) -> None:
    text = f"It says {number}, as before."
    assert redact(text) == text.replace(number, placeholder or number)
    assert [entity.kind.value for entity in identifiers(text)] == ([kind] if kind else [])


def test_a_part_of_an_id_is_nobodys_and_redacted_in_doubt() -> None:
    text = "See /orders/030-123-4567."
    assert redact(text) == "See /orders/[PHONE]."
    assert list(identifiers(text)) == []
