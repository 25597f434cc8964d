"""What teaches the head of stakes about money, and where it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.training import unread_sources
from router.training.data.authors import grave_texts, money_texts
from router.training.data.authors.grave_rows import of_money
from router.training.data.authors.grave_texts import sections_in

LEAST = 100


def test_each_author_wrote_many_lines_of_both_kinds_and_none_twice() -> None:
    rows = list(money_texts.texts())
    assert len({row.text.casefold() for row in rows}) == len(rows)
    for author in {row.author for row in rows}:
        for section in (money_texts.LARGE, money_texts.SMALL):
            assert sum((row.author, row.section) == (author, section) for row in rows) >= LEAST


def test_the_lines_teach_stakes_and_what_large_money_is() -> None:
    authors = {row.author for row in money_texts.texts()}
    lines = [line for line in unread_sources.author_lines(7) if line.author in authors]
    assert {line.author for line in lines} == authors
    written = {row.text: row.section for row in money_texts.texts()}
    of_stakes = {
        written[line.text]: unread_sources._label("stakes", line, ("low", "high")) for line in lines
    }
    assert of_stakes == {money_texts.LARGE: 1, money_texts.GRAVE: 1, money_texts.SMALL: 0}
    sections = {row.text: row.section for row in of_money()}
    assert set(sections.values()) == {"money", "none"}
    grave = {text for text, section in written.items() if section == money_texts.GRAVE}
    assert not grave & set(sections)
    assert not authors & {row.author for row in grave_texts.texts(7, 1)}


def test_a_section_that_nobody_knows_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("## huge\nShould we buy the island?\n", encoding="utf-8")
    with pytest.raises(ValueError, match="'huge', expected one of"):
        list(sections_in(path, (money_texts.LARGE, money_texts.SMALL)))
