"""Asks the exact tools in turn; the first that understands all of a question answers it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache
from threading import Lock

from msgspec import Struct

from tiers.exact.arithmetic import arithmetic
from tiers.exact.dates import date_answer
from tiers.exact.other_languages import in_another_language
from tiers.exact.percentages import percentage
from tiers.exact.purchases import purchase
from tiers.exact.shares import share
from tiers.exact.tips import tip
from tiers.exact.units import conversion, exchange
from tiers.exact.wording import question

ALL = ("arithmetic", "percentages", "dates", "units", "currency")


class Solved(Struct, frozen=True):
    """Holds the answer of a tool, and which tool it is."""

    tool: str
    text: str


_LIKE_MANY = ("how many things are split off 3 units with a 15 % tip?", "combien de choses font 3?")
"""Reach the forms of every tool, and fit none."""
_COMPILING = Lock()


def compile_forms() -> None:
    """Compiles the forms of all tools, which takes 60 ms; otherwise the first question waits."""
    with _COMPILING:  # so that only one of several threads compiles
        for text in _LIKE_MANY:
            solved(text, date(2026, 11, 22), opens=True)


def solved(
    text: str, today: date, tools: Collection[str] = ALL, *, opens: bool = False
) -> Solved | None:
    """Returns the exact answer to a question, None where no tool understands all of it.

    `opens`: the text begins a conversation, so that it is no reply to a question of ours.

    >>> solved("What's 15% of 240?", date(2026, 11, 21))
    Solved(tool='percentages', text='15% of 240 = 36')
    """
    return _solved(text, today, frozenset(tools), opens)


@lru_cache(maxsize=16)  # several rungs of a policy ask about one request, and it is answered then
def _solved(text: str, today: date, tools: frozenset[str], opens: bool) -> Solved | None:
    core = question(text)
    if core is None or not any(map(str.isalnum, core.text)):
        return None
    answers: dict[str, Callable[[], str | None]] = {
        "dates": lambda: date_answer(core, today),
        "units": lambda: conversion(core),
        "currency": lambda: exchange(core),
        "percentages": lambda: percentage(core),
        "arithmetic": lambda: (
            purchase(core, opens=opens) or tip(core) or share(core) or arithmetic(core)
        ),
    }
    for tool, answer in answers.items():
        answer_text = answer() if tool in tools else None
        if answer_text is not None:
            return Solved(tool, answer_text)
    if not {"arithmetic", "percentages", "units"} <= tools:
        return None
    answer_text = in_another_language(text)
    return None if answer_text is None else Solved("other_languages", answer_text)
