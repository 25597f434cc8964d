"""What customers write to the made-up companies: what it teaches the reader of grave matters."""

from __future__ import annotations

from router.training.data.authors.grave_rows import CUSTOMERS, SET_APART, harmless, of_companies
from router.training.data.authors.grave_texts import HARMLESS
from router.training.data.companies import FITTING, JUDGING, companies, taught

BY_NAME = {one.name: one for one in companies()}


def test_companies_that_judge_are_there_and_teach_nothing() -> None:
    held = [*FITTING, *JUDGING]
    assert len(set(held)) == len(held) == 36
    assert BY_NAME.keys() >= set(held)
    assert {one.name for one in taught()} == BY_NAME.keys() - set(held)
    learnt = {row.text for row in of_companies() if not row.apart}
    own = {message.text for one in taught() for message in one.messages}
    assert learnt <= own


def test_customers_are_harmless_but_for_those_that_nobody_sorted() -> None:
    rows = list(of_companies())
    assert {(row.section, row.language, row.author) for row in rows} == {
        (HARMLESS, "en", CUSTOMERS)
    }
    whole = {row.text for row in rows if not row.apart}
    assert "dont want it anymore" in whole
    assert "smells like gas in the stairwell, your office doesn't answer" not in whole
    # The lines of one company are held out together.
    by_company = {row.group: row for row in rows}
    assert len(by_company) == len(taught())


def test_each_unsorted_message_is_one_of_a_company() -> None:
    lines = SET_APART.read_text(encoding="utf-8").splitlines()
    comments = sum(line.startswith("#") for line in lines)
    unsorted = set(lines[comments:])
    assert len(unsorted) == len(lines) - comments > 500
    written = {message.text for one in companies() for message in one.messages}
    assert unsorted <= written
    kept = {text for one in companies() for text in harmless(one)}
    assert kept == written - unsorted
