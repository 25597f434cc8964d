"""Checks which names count as forms of one person's name."""

from __future__ import annotations

import pytest

from router.privacy.pseudonyms.persons import Persons


@pytest.mark.parametrize(
    ("mentioned", "name", "whole"),
    [
        (["Maria Schmidt"], "Maria", "Maria Schmidt"),
        (["Maria Schmidt"], "Schmidt", "Maria Schmidt"),
        (["Maria Schmidt"], "SCHMIDT, Maria", "Maria Schmidt"),
        (["Maria Schmidt"], "M. Schmidt", "Maria Schmidt"),
        (["Maria Schmidt"], "Maria Elena Schmidt", "Maria Schmidt"),
        (["Maria Elena Schmidt"], "Maria Schmidt", "Maria Elena Schmidt"),
        (["Maria Schmidt"], "Maria Braun", None),
        (["Maria Schmidt", "Maria Braun"], "Maria", None),
        (["Maria Schmidt", "Maria", "Maria Braun"], "Maria", "Maria Schmidt"),
        (["Maria", "Maria Schmidt"], "Maria", None),
        (["Maria Schmidt"], "Jo", None),
        (["Maria Schmidt"], "M.", None),
    ],
)
def test_form_belongs_to_the_name_that_was_first(
    mentioned: list[str], name: str, whole: str | None
) -> None:
    persons = Persons()
    for one in mentioned:
        persons.mention(one)
    persons.mention(name)
    assert persons.whole(name) == whole


def test_name_of_thousands_is_nobodys() -> None:
    persons = Persons()
    for i in range(5_000):
        persons.mention(f"Maria Schmidt{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}")
    assert persons.whole("Maria") is None
