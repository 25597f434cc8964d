"""Items that rules find in texts: amounts, dates, parties, obligations, quantities, references."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.extraction.amounts import amounts
from router.extraction.dates import dates
from router.extraction.details import quantities, references
from router.extraction.items import Item, apart
from router.extraction.obligations import obligations
from router.extraction.parties import parties
from router.triage.text.amounts import AmountReader
from tests.kits.checks.growth import in_proportion

READER = AmountReader({"USD": 1.0, "EUR": 1.1, "GBP": 1.25})
READERS: dict[str, Callable[[str], list[Item]]] = {
    "amounts": lambda text: list(amounts(text, READER)),
    "dates": dates,
    "obligations": obligations,
    "parties": parties,
    "quantities": quantities,
    "references": references,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fee is $1,200.", [("$1,200", 1200.0, "USD")]),
        ("Pay EUR 3.500,00 and £20", [("EUR 3.500,00", 3500.0, "EUR"), ("£20", 20.0, "GBP")]),
        ("two million dollars", [("two million dollars", 2_000_000.0, "USD")]),
        ("$5 today, $5 tomorrow", [("$5", 5.0, "USD"), ("$5", 5.0, "USD")]),
        ("“ﬁfty” costs €50 — cheap", [("€50", 50.0, "EUR")]),
        ("Room 12 on floor 3", []),
    ],
)
def test_amounts_have_their_value_and_currency(
    text: str, expected: list[tuple[str, float, str]]
) -> None:
    found = [(one.text(text), one.values["value"], one.values["currency"]) for one in
             amounts(text, READER)]  # fmt: skip
    assert found == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 2026-03-05", "2026-03-05"),
        ("on 5 March 2026", "2026-03-05"),
        ("this 5th day of March, 2026", "2026-03-05"),
        ("March 5, 2026", "2026-03-05"),
        ("am 5. März 2026", "2026-03-05"),
        ("bis 05.03.2026", "2026-03-05"),
        ("by 25/03/2026", "2026-03-25"),
        ("by 03/25/2026", "2026-03-25"),
        ("by 03/04/2026", None),
        ("in June 2027", "2027-06"),
        ("within thirty (30) days", "P30D"),
        ("no later than 2 weeks", "P2W"),
        ("for a term of three years", "P3Y"),
    ],
)
def test_a_date_is_read_as_iso_8601(text: str, value: str | None) -> None:
    assert [item.values["value"] for item in dates(text)] == [value]


@pytest.mark.parametrize("text", ["version 2026.13.45", "call 555-2026", "31/31/2026", "may we"])
def test_figures_that_are_no_date_are_left(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize("text", ["5. Jul\u0131 2026", "due within f\u0131ve days"])
def test_letters_that_only_look_like_a_month_or_a_number_are_left(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("text", "value"), [("5 \u017feptember 2026", "2026-09-05"), ("within \u017fix days", "P6D")]
)
def test_a_long_s_is_an_s(text: str, value: str) -> None:
    assert [item.values["value"] for item in dates(text)] == [value]


def test_a_party_is_given_once_with_its_role() -> None:
    text = (
        'Between Acme Tools GmbH (the "Supplier") and Harbor Retail Inc. ("Buyer"). '
        "Acme Tools GmbH delivers."
    )
    found = [(one.text(text), one.values.get("role")) for one in parties(text)]
    assert found == [("Acme Tools GmbH", "Supplier"), ("Harbor Retail Inc.", "Buyer")]


def test_a_person_is_a_party_too() -> None:
    text = "The lease is between Jane Keller and Robert Hughes."
    assert [one.text(text) for one in parties(text)] == ["Jane Keller", "Robert Hughes"]


@pytest.mark.parametrize(
    ("text", "party", "duty", "deadline"),
    [
        ("The Buyer shall pay within 10 days.", "The Buyer", "must", "P10D"),
        ("The Tenant must not sublet the flat.", "The Tenant", "must not", None),
        ("Either party may not assign it.", "Either party", "must not", None),
        ("We agree to deliver the goods by 3 May 2026.", "We", "must", "2026-05-03"),
    ],
)
def test_an_obligation_says_who_must_do_what(
    text: str, party: str, duty: str, deadline: str | None
) -> None:
    (found,) = obligations(text)
    assert (found.values["party"], found.values["duty"]) == (party, duty)
    assert found.values["deadline"] == deadline


def test_two_obligations_of_a_sentence_are_two() -> None:
    text = "The Seller shall deliver the goods and the Buyer shall pay the price."
    assert [one.values["party"] for one in obligations(text)] == ["The Seller", "the Buyer"]


def test_a_quantity_has_its_unit() -> None:
    text = "BP 150/90, temp 38.5 °C, start metformin 500 mg"
    found = [(one.text(text), one.values["unit"]) for one in quantities(text)]
    assert found == [("BP 150/90", ""), ("temp 38.5 °C", "°C"), ("500 mg", "mg")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("order number A-10442 please", ["A-10442"]),
        ("Invoice #2026-0031 and ticket INC0012345", ["2026-0031", "INC0012345"]),
        ("in order to pay the invoice", []),
        ("case closed in 2 days", []),
    ],
)
def test_references_are_numbers_of_something(text: str, found: list[str]) -> None:
    assert [one.text(text) for one in references(text)] == found


@pytest.mark.parametrize("name", READERS)
@given(st.text(max_size=300))
def test_places_are_inside_any_text(name: str, text: str) -> None:
    for item in READERS[name](text):
        assert 0 <= item.start < item.end <= len(text)
        assert item.text(text).strip()


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "piece",
    ["a", "A ", "Acme ", "1 ", "$1 ", "the party shall ", "between A and ", "within 3 ", "order 1",
     '("The ', "BP 1", "3 May "],
)  # fmt: skip
def test_time_is_in_proportion_to_the_text(name: str, piece: str) -> None:
    assert in_proportion(READERS[name], piece)


@pytest.mark.parametrize(
    ("name", "piece"),
    [("dates", "1.2.2026 "), ("quantities", "5 mg "), ("references", "order 12345 ")],
)
def test_time_is_in_proportion_to_the_items(name: str, piece: str) -> None:
    assert in_proportion(READERS[name], piece)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12))))
def test_items_that_overlap_an_earlier_one_are_left_out(places: list[tuple[int, int]]) -> None:
    items = [Item(start, start + length, "rule") for start, length in places]
    kept: list[Item] = []
    for item in items:
        if not any(item.overlaps(other) for other in kept):
            kept.append(item)
    assert apart(items) == sorted(kept, key=lambda item: item.start)
