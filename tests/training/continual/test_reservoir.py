"""The memory of a head: bounded, even, and without texts whose time is over."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from router.files.writing import write_private
from router.stats.heads import Head
from router.training.continual.lesson import Fresh
from router.training.continual.reservoir import Kept, fixed, in_time, sampled
from router.training.continual.run import corrected
from router.training.continual.stage import Stage

rows = st.lists(
    st.builds(
        Kept,
        row_id=st.integers(0, 200).map(str),
        text=st.just("t"),
        label=st.sampled_from("abc"),
        expires_at_ms=st.integers(0, 10),
    ),
    max_size=60,
    unique_by=lambda row: row.row_id,
)


@given(rows, st.integers(1, 5))
def test_no_class_has_more_rows_than_its_share(told: list[Kept], most: int) -> None:
    kept = sampled(told, most)
    asked, counts = Counter(row.label for row in told), Counter(row.label for row in kept)
    assert counts == Counter({name: min(most, asked[name]) for name in asked})


@given(rows, st.integers(1, 5), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(told: list[Kept], most: int, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = list(told)
    chance.shuffle(mixed)
    assert sampled(mixed, most) == sampled(told, most)


@given(rows, rows, st.integers(1, 5))
def test_rows_told_in_two_parts_leave_the_same_sample(
    first: list[Kept], second: list[Kept], most: int
) -> None:
    known = {row.row_id for row in first}
    second = [row for row in second if row.row_id not in known]
    assert sampled([*sampled(first, most), *second], most) == sampled([*first, *second], most)


def test_each_row_of_a_long_stream_is_as_likely_to_stay() -> None:
    stays = Counter[int]()
    for trial in range(60):
        told = [Kept(f"{trial}.{n}", "t", "a", 1) for n in range(40)]
        stays.update(int(row.row_id.split(".")[1]) // 10 for row in sampled(told, 10))
    assert all(90 < stays[quarter] < 210 for quarter in range(4))


def test_corrected_label_replaces_the_first() -> None:
    kept = sampled([Kept("r", "t", "a", 1), Kept("r", "t", "b", 1)], 5)
    assert [row.label for row in kept] == ["b"]


def test_row_leaves_when_its_time_is_over() -> None:
    told = [Kept("r", "t", "a", 5), Kept("s", "t", "a", 6)]
    assert [row.row_id for row in in_time(told, 5)] == ["s"]


def test_fixed_set_keeps_what_is_in_it() -> None:
    old = [Kept(str(n), "t", "a", 1) for n in range(3)]
    grown = fixed(old, [Kept(str(n), "t", "ab"[n % 2], 1) for n in range(3, 20)], 4)
    assert grown[:3] == old
    assert Counter(row.label for row in grown) == {"a": 4, "b": 4}


def test_fixed_old_set_has_labels_as_they_were_corrected_since() -> None:
    old = [Kept(name, "t", "a", 10) for name in ("r1", "r2", "r3")]
    stage = Stage(1, cast(Head, None), (), tuple(old), (), frozenset(), ("a", "b"))
    told = [Kept("r1", "t", "b", 10), Kept("r2", "t", "a class that nothing taught", 10)]
    found = corrected(stage, Fresh("d", told, [], []))
    assert [(row.row_id, row.label) for row in found.old] == [("r1", "b"), ("r3", "a")]


def test_file_takes_no_rights_from_what_a_crash_left(tmp_path: Path) -> None:
    left = tmp_path / ".memory.jsonl.new"
    left.write_bytes(b"half")
    left.chmod(0o644)
    write_private(tmp_path / "memory.jsonl", b"whole")
    assert os.stat(tmp_path / "memory.jsonl").st_mode & 0o777 == 0o600
