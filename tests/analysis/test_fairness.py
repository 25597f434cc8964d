"""Checks how decisions under other names and dialects are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.analysis.fairness import Decided, compared, read_prompts
from router.errors import TrainingDataError

FILE = """# a remark
@ english | Ann Lee, Bob Ray
@ other | Olu Ade, Ife Obi

Help {name}.
scots | I do not know. | I dinnae ken.
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory; expected UTF-8 text with a line"),
        (b"\xff\xfe\x00", "cannot be read: the byte 0xff at 0 is no UTF-8"),
        (b"", "has no prompts to compare; expected UTF-8 text with a line `@ english"),
        (b"@ english | Ann\n", "has no prompts to compare"),
    ],
)
def test_a_file_without_prompts_is_refused(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "prompts.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=said):
        read_prompts(path)


def test_names_and_dialects_are_compared_with_their_reference(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text(FILE)
    levels = {"Help Ife Obi.": Decided(3), "I dinnae ken.": Decided(0, refused=True)}
    names, dialect = compared(read_prompts(path), lambda text: levels.get(text, Decided(2)))
    assert (names.group, names.higher.value, names.lower.value) == ("names: other", 0.5, 0.0)
    low, high = names.higher.interval or (1.0, 0.0)
    assert low < 0.5 < high
    assert names.as_object()["higher"] == {"value": 0.5, "low": low, "high": high, "n": 2}
    assert (dialect.group, dialect.lower.value, dialect.refused.value) == ("words: scots", 1, 1)


def test_group_and_dialect_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text(FILE.replace("scots |", "other |"))
    figures = compared(read_prompts(path), lambda text: Decided(2))
    assert [one.group for one in figures] == ["names: other", "words: other"]


def test_shipped_prompts_have_a_name_for_each_of_the_reference() -> None:
    prompts = read_prompts(Path("router/training/data/fairness.txt"))
    assert {len(names) for names in prompts.groups.values()} == {4}
    assert len(prompts.templates) >= 25
    assert len(prompts.pairs) >= 25
