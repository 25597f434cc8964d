"""Checks which addresses of an answer belong to nobody, and which the client gave itself."""

from __future__ import annotations

import pytest

from router.privacy.answer_findings import Known, holds


@pytest.mark.parametrize(
    ("text", "known", "held"),
    [
        ("write to ann@example.com", "", False),
        ("write to ann@mail.example.org", "", False),
        ("write to ann@shop.example", "", False),
        ("write to ann@counterexample.com", "", True),
        ("write to ann@acme.io", "I am Ann@acme.io.", False),
        ("write to ann@acme.io", "I am joann@acme.io", True),
    ],
)
def test_address_is_let_out_where_it_is_nobodys_or_was_given(
    text: str, known: str, held: bool
) -> None:
    assert holds("personal", text, Known(known)) is held
