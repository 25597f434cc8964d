"""Checks that a late expression finds what a compiled one does, from its first use on."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from router.regexes.late import late_regex

TEXT = "Pay 12 euros, then 7"
NUMBER = r"(?P<sum>\d+) ?(EUROS)?"


def test_a_late_expression_finds_what_a_compiled_one_finds() -> None:
    late, compiled = late_regex(NUMBER, re.IGNORECASE), re.compile(NUMBER, re.IGNORECASE)
    for _ in range(2):  # before and after it is compiled
        assert late.findall(TEXT) == compiled.findall(TEXT)
        assert [m["sum"] for m in late.finditer(TEXT)] == ["12", "7"]
        assert late.sub("x", TEXT) == compiled.sub("x", TEXT)
        assert late.subn("x", TEXT, 1) == compiled.subn("x", TEXT, 1)
        assert late.split(TEXT) == compiled.split(TEXT)
        assert late.search(TEXT, 7) is not None
        assert late.match(TEXT) is None
        assert late.fullmatch("12 Euros") is not None


def test_what_is_no_method_is_the_compiled_expressions_own() -> None:
    assert late_regex(NUMBER).pattern == NUMBER
    assert late_regex(NUMBER).groupindex == {"sum": 1}


def test_nothing_is_compiled_before_the_first_use() -> None:
    broken = late_regex("(")
    with pytest.raises(re.error):
        broken.search("")


@pytest.mark.parametrize("used", [False, True])
def test_a_late_expression_can_be_copied(used: bool) -> None:
    late = late_regex(NUMBER)
    assert not used or late.search(TEXT)
    for copied in (copy.copy(late), copy.deepcopy(late), pickle.loads(pickle.dumps(late))):
        assert copied.findall(TEXT) == late.findall(TEXT)
