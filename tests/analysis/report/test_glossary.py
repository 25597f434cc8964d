"""A report ends with the words that it uses, each explained in a sentence, and with no others."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from router.analysis.report.output.glossary import (
    TERMS,
    terms_in,
    terms_of_page,
)
from router.analysis.report.output.html import OPENED, report_html
from router.analysis.report.output.leads import GISTS
from router.analysis.report.output.titles import Title
from router.ledger.row_reading import REASONS
from tests import ROOT
from tests.analysis.report.test_sections import report_of, terminal
from tests.kits.books.report_rows import a_day, a_row


def explained_on_page(page: str) -> list[str]:
    (table,) = (
        t for t in ET.fromstring(page).iter("table") if t.findtext("caption") == Title.GLOSSARY
    )
    return ["".join(row[0].itertext()) for row in table.iter("tr")][1:]


def test_terms_stand_in_order_and_each_has_one_plain_sentence() -> None:
    names = [term.name.lower() for term in TERMS]
    assert names == sorted(set(names))
    for term in TERMS:
        assert term.meaning.endswith(".")
        assert ". " not in term.meaning
        assert term.meaning[0].isupper() or term.meaning[0].isdigit()


PASSED_OVER = {
    "above_ceiling", "asks_twice", "below_floor", "higher_expected_loss", "hint_max_tier",
    "kept_off_shelf", "ladder_full", "low_impact", "not_capable", "over_max_cost", "residency",
    "tier_not_allowed", "tools_offered", "unknown_price", "would_not_help",
}  # fmt: skip
"""Reasons for a rung that was not taken: no report names them."""
PLAIN = {"answer_accepted", "answer_in_hand", "certificate_suspended", "shadowed"}
"""Reasons whose rows a report does not count by reason, or names in its notes."""


@pytest.mark.parametrize("reason", sorted(REASONS - PASSED_OVER - PLAIN))
def test_each_reason_of_a_decision_is_explained(reason: str) -> None:
    assert terms_in(reason.replace("_", " "))


def test_the_page_explains_what_it_shows_and_nothing_else() -> None:
    page = report_html(report_of(a_day()))
    before = page[: page.index(f"<h2>{Title.GLOSSARY}</h2>")]
    used = [term.name for term in terms_of_page(before)]
    assert explained_on_page(page) == used
    assert {"Accepted", "Baseline", "Expected loss", "Prior", "Tier"} <= set(used)
    assert not {"Asked which", "Kappa", "Slot unfilled"} & set(used)


def test_the_terminal_explains_what_it_shows_and_nothing_else() -> None:
    text = terminal(report_of(a_day()), words=True)
    before, _, after = text.partition(Title.GLOSSARY)
    explained = [term for term in TERMS if f"\n{term.name} " in after]
    assert explained == list(terms_in(before))
    assert "Expected loss" in [term.name for term in explained]


def test_the_terminal_explains_the_first_tables_in_a_few_lines() -> None:
    """A report of 69 requests had 130 lines, of which 45 explained words."""
    text = terminal(report_of(a_day()))
    before, _, after = text.partition(Title.GLOSSARY)
    first = before[: before.index("\nWhy requests went where they did")]
    unfolded = " ".join(after.split())
    explained = [term for term in TERMS if f"{term.name}: {term.meaning}" in unfolded]
    assert explained == list(terms_in(first))
    more = len(terms_in(before)) - len(explained)
    assert more
    assert f"explains {more} other words too" in unfolded
    assert after.count("\n") < 20


def test_every_word_is_on_its_page() -> None:
    page = (ROOT / "docs" / "reference" / "report-words.md").read_text("utf-8")
    lines = [" ".join(part.split()) for part in page.split("\n- ")[1:]]
    assert lines == [f"**{term.name}**: {term.meaning}" for term in TERMS]


def test_a_term_comes_with_the_figure_that_uses_it() -> None:
    asked = [a_row(n, reason="asked_which", reasons=("asked_which",)) for n in range(40)]
    assert "Asked which" in explained_on_page(report_html(report_of(asked)))


def test_a_part_of_a_word_is_no_term() -> None:
    assert [term.name for term in terms_in("prioritised tierless drafty")] == []
    assert [term.name for term in terms_in("on priors, and\nTIERS")] == ["Prior", "Tier"]


def test_names_of_a_page_are_no_words_of_it() -> None:
    assert terms_of_page('<p class="tier">a &lt;b&gt;</p>') == ()


def test_the_title_of_a_section_stands_in_one_place() -> None:
    files = sorted((ROOT / "router/analysis/report").rglob("*.py"))
    code = "\n".join(file.read_text("utf-8") for file in files)
    assert [title for title in Title if code.count(f'"{title}"') != 1] == [Title.SAVINGS]  # a word
    assert {*GISTS, *OPENED} == set(Title)
