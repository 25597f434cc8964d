"""Tests the messages whose type, domain and weight somebody wrote down."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.unseen import labelled
from router.training import unread_sources
from router.training.data.authors import grave_texts, labelled_texts


def test_a_line_has_the_labels_of_its_section(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(
        "# who wrote them\n\n## decision finance many high\nSell it or keep it?\n"
        "## math general\nforty_fifth/12\n",
        encoding="utf-8",
    )
    first, second = labelled_texts.texts(tmp_path)
    assert (first.text, first.author, first.named) == ("Sell it or keep it?", "one", False)
    assert first.labels == {
        "request_type": "decision",
        "domain": "finance",
        "multi_factor": "yes",
        "stakes": "high",
        "strategic": "no",
    }
    assert second.named
    assert (second.labels["multi_factor"], second.labels["stakes"]) == ("no", "low")


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("## advice general", "expected `## type domain`: 'advice'"),
        ("## math physics", "expected `## type domain`: 'physics'"),
        ("## math general much", "'much' in '## math general much', expected some of"),
    ],
)
def test_a_section_of_other_words_is_named(tmp_path: Path, heading: str, told: str) -> None:
    path = tmp_path / "one.txt"
    path.write_text(f"{heading}\nhello\n", encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        list(labelled_texts.texts(tmp_path))


def test_each_labelled_message_is_there_once_and_no_judge_is_among_them() -> None:
    rows = list(labelled_texts.texts())
    assert len({row.text.casefold() for row in rows}) == len(rows)
    named = {row.text for row in rows if row.named}
    assert len(named) > 1_000
    assert not {name.split("/")[0] for name in named} & set(grave_texts.JUDGES)
    # A line stands in one row here, and as it was written there.
    judging = {" ".join(line["text"].split()).casefold() for line in labelled()}
    assert not {" ".join(row.text.split()).casefold() for row in rows} & judging


def test_each_named_line_teaches_with_the_labels_of_its_section() -> None:
    rows = list(labelled_texts.texts())
    lines = [line for line in unread_sources.author_lines(7) if line.labelled]
    assert len(lines) == len(rows)
    many = sum(line.labels["multi_factor"] == "yes" for line in lines)
    assert many == sum(row.labels["multi_factor"] == "yes" for row in rows)
