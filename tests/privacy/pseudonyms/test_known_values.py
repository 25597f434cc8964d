"""Checks that known values are found, each whole, in one pass."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.pseudonyms.known_values import KnownValues


def found(values: list[str], text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in KnownValues(values).hits(text)]


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        (["Anna Keller"], "Anna Keller and Anna Kellermann", ["Anna Keller"]),
        (["Anna Keller"], "ANNA KELLER, Anna\nKeller", ["ANNA KELLER", "Anna\nKeller"]),
        (["Keller", "Anna Keller"], "Anna Keller, Keller", ["Anna Keller", "Keller"]),
        (["Will Ray", "Ray Bo"], "Will Ray Bo", ["Will Ray", "Ray Bo"]),
        (["Wackernagel"], "wackernagel Wackernagel", ["Wackernagel"]),
        (["a@b.io"], "xa@b.io a@b.io A@B.io", ["a@b.io", "A@B.io"]),
        (["+1 (415) 555"], "call +1 (415) 555!", ["+1 (415) 555"]),
        ([], "nothing", []),
    ],
)
def test_value_is_found_whole(values: list[str], text: str, expected: list[str]) -> None:
    assert found(values, text) == expected


WORDS = st.text(alphabet="ab .", min_size=1, max_size=6).filter(lambda word: word.strip() != "")


@given(st.lists(WORDS, max_size=6), st.text(alphabet="ab .", max_size=40))
def test_every_value_between_other_words_is_covered(values: list[str], text: str) -> None:
    hits = KnownValues(values).hits(text)
    for value in values:
        words = re.findall(r"\w+|\s+|[^\w\s]", value)
        inner = r"\s+".join(re.escape(part) for part in re.split(r"\s+", value))
        pattern = (r"(?<!\w)" if words[0].isalnum() else "") + inner
        pattern += r"(?!\w)" if words[-1].isalnum() else ""
        for match in re.finditer(pattern, text):
            assert any(hit.start <= match.start() and match.end() <= hit.end for hit in hits)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["names", "repeats"])
def test_four_times_the_values_take_no_sixteen_times_as_long(shape: str) -> None:
    def seconds(count: int) -> float:
        if shape == "names":
            values = [f"Anna Keller{i}" for i in range(count)]
            text = ", ".join(values)
        else:  # each value begins another, and the text keeps all of them open
            values = ["-".join(["a"] * i) + "-b" for i in range(1, 1 + round(count**0.5))]
            text = "-".join(["a"] * 4 * count)
        spent = []
        for _ in range(3):
            begin = time.process_time()
            KnownValues(values).hits(text)
            spent.append(time.process_time() - begin)
        return min(spent)

    assert seconds(20_000) < 10 * seconds(5_000)
