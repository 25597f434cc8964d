"""Checks that no regular expression of ours takes time that grows with the square of a text.

Requests and answers are read on the event loop: one that a pattern reads for a minute stops all
others. The tests of single functions try a few texts; this tries every pattern on many.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from types import ModuleType

import pytest

import router
import tiers
from router.regexes.late import LateRegex
from tests.kits.checks.growth import in_proportion

pytestmark = pytest.mark.slow

PIECES = (
    *("a", "A ", "1", "1 ", "1,", "1.", "$", "$1 ", "-", " ", "\n", "\t", "(", "[", "<", '"', "'"),
    *("a.", "a,", "a-", "a_", "a@", "#", "=", "a: ", "/", "http://a", "\\", "*", "`", "1+", "%"),
    *("\u00e9", "\u4e2d", "{", "and ", "usd ", "1k ", "?", "!", "a\n", "1a ", "x' ", "#\n", "|"),
    *("10, ", "x<!--", "x<b "),
)
SHORT, TIMES = 1_000, 8  # characters, and the factor of the long text
LIMIT = 3.0  # of the long text's time to TIMES short ones; the square gives TIMES
QUICK_S = 0.004  # a long text read in less is in proportion for every pattern there is
SLOW_S = 10 * QUICK_S  # a short text that takes more says enough

# What reads no text of a stranger, with the reason. Training reads its own files: see TRAINING.
BOUNDED = {
    "router.analysis.replay.fail_conditions._FORM": "an option of the command line",
    "router.caches.semantic_gates._CODE": "matched on one token",
    "router.caches.semantic_gates._SENTENCE": "reads at most MAX_CHARS",
    "router.wire.responses.items._HOSTED": "matched on a type's name",
    "router.triage.matching.denials._ASKS_FIRST": "matched from the beginning",
    "router.triage.text.tables._ENUMERATED": "matched from the beginning of a line",
    "router.triage.framing.given.set_tasks.TASK": "matched from the beginning of MOST_CHARS",
    "router.triage.framing.given.text_jobs._LISTED": "reads at most MOST_CHARS",
    "router.triage.disguises.undone._NUMBER_WITH_UNIT": "matched on one word",
    "router.triage.text.phrases._PLACEHOLDER": "reads at most MAX_PLACEHOLDER_CHARS",
    "tiers.local.wire._REPLY": "matched from the beginning",
    "tiers.exact.arithmetic._TOKEN": "matched from where the last token ended",
    "tiers.exact.wording._CLOSING": "reads at most MAX_CHARACTERS",
    "tiers.exact.phrased.figures._SUM": "reads a part of at most MAX_CHARACTERS",
    "tiers.exact.phrased.figures._FRAME": "reads at most MAX_CHARACTERS",
}

TRAINING = "router.training."


def _modules() -> Iterator[ModuleType]:
    for package in (router, tiers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" in found.name or ".migrations." in found.name:
                continue
            with contextlib.suppress(ImportError):  # of an optional package
                yield importlib.import_module(found.name)


def _patterns(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, LateRegex):
        yield value.compiled()
    elif isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth < 3 and isinstance(value, (list, tuple, set, frozenset, dict)):
        within: Iterable[object] = value.values() if isinstance(value, dict) else value
        for each in within:
            yield from _patterns(each, depth + 1)


def _in_proportion(pattern: re.Pattern[str], piece: str) -> bool:
    """Returns True when eight times as long a text takes about eight times as long."""

    def read(text: str) -> None:
        for _ in pattern.finditer(text):
            pass

    return in_proportion(
        read,
        piece,
        end="\x01",
        short=SHORT,
        times=TIMES,
        limit=LIMIT,
        quick_s=QUICK_S,
        slow_s=SLOW_S,
    )


def test_no_pattern_takes_time_that_grows_with_the_square() -> None:
    named: dict[re.Pattern[str], str] = {}
    for module in _modules():
        for name, value in vars(module).items():
            if not name.startswith("__"):
                for pattern in _patterns(value):
                    named.setdefault(pattern, f"{module.__name__}.{name}")
    assert len(named) > 200  # so nearly all modules were read
    slow = [
        (name, piece)
        for pattern, name in named.items()
        if name not in BOUNDED and not name.startswith(TRAINING)
        for piece in PIECES
        if not _in_proportion(pattern, piece)
    ]
    assert slow == []


def test_the_measure_finds_the_square() -> None:
    assert _in_proportion(re.compile(r"a+b"), "b")
    assert not _in_proportion(re.compile(r"a+b"), "a")
    assert not _in_proportion(re.compile(r"(?:^|\n)\s*#*\s*end"), "\n")
