"""What an adapter learns from: forms of lines, splits, and synthetic rows."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.training.tuning.chats import ChatMessage, material, read_chats, transcript
from tests.kits.tiny_llm import chat_row, pair_row, write_lines


def test_three_forms_of_lines_are_read(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "rows.jsonl",
        [
            chat_row("one", "first", split="train"),
            {"prompt": "two", "answer": "second", "split": "train"},
            pair_row("three", "right", "wrong", split="train"),
        ],
    )
    made = read_chats(path)
    assert [chat.messages[-1].content for chat in made.train.chats] == ["first", "second"]
    assert made.train.pairs[0].rejected == "wrong"
    assert list(made.files) == ["rows.jsonl"]


def test_a_stored_transcript_has_its_turns() -> None:
    assert transcript("system: Be brief.\n\nuser: Hi\n\nwhere is it?") == [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "Hi\n\nwhere is it?"),
    ]


def test_a_synthetic_row_is_never_held() -> None:
    rows = [chat_row(f"question {n}", "answer", synthetic=True, split="test") for n in range(40)]
    made = material(rows, {}, "rows")
    assert made.counts()["test"] == {"chats": 0, "pairs": 0, "synthetic": 0}
    assert made.counts()["train"] == {"chats": 0, "pairs": 0, "synthetic": 40}


def test_a_synthetic_row_weighs_half_unless_its_line_says_otherwise() -> None:
    rows = [
        chat_row("one", "a", synthetic=True),
        chat_row("two", "a", synthetic=True, weight=0.25),
        chat_row("three", "a", split="train"),
    ]
    assert [chat.weight for chat in material(rows, {}, "rows").train.chats] == [0.5, 0.25, 1.0]


def test_what_is_asked_in_test_is_not_trained_on() -> None:
    rows = [
        chat_row("Where is it?", "here", split="test"),
        chat_row("where is it", "there", split="train"),
        chat_row("something else", "yes", split="train"),
    ]
    made = material(rows, {}, "rows")
    assert [chat.messages[0].content for chat in made.train.chats] == ["something else"]


def test_the_split_follows_from_the_text() -> None:
    rows = [chat_row(f"question {n}", "answer") for n in range(300)]
    counts = material(rows, {}, "rows").counts()
    assert counts == material(rows[::-1], {}, "rows").counts()
    assert 15 < counts["dev"]["chats"] < 50
    assert 15 < counts["test"]["chats"] < 50


def test_rows_with_the_same_answer_are_on_one_side() -> None:
    rows = [chat_row(f"question {n} of {m}", f"answer {n}") for n in range(60) for m in range(4)]
    made = material(rows, {}, "rows")
    assert material(rows[::-1], {}, "rows").counts() == made.counts()
    trained = set(made.train.answers())
    for part in (made.dev, made.test):
        assert part.chats
        assert not trained & set(part.answers())


def test_a_written_row_with_a_held_answer_is_not_trained_on() -> None:
    rows = [chat_row(f"question {n}", f"answer {n}") for n in range(60)]
    written = [chat_row(f"other {n}", f"answer {n}", synthetic=True) for n in range(60)]
    made = material([*rows, *written], {}, "rows")
    assert not set(made.train.answers()) & set(made.test.answers())


def test_few_answers_are_all_trained_on() -> None:
    rows = [chat_row(f"question {n}", f"answer {n % 19}") for n in range(300)]
    made = material(rows, {}, "rows")
    assert len(set(made.train.answers())) == 19
    assert made.test.chats


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"messages": [{"role": "user", "content": "a"}]}, "not the assistant's"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "'robot'"),
        ({"prompt": "a", "chosen": "b", "rejected": "b "}, "are equal"),
        ({"prompt": "a"}, "found the columns prompt; expected messages"),
        ({"prompt": "a", "reply": "b"}, "found the columns prompt, reply; expected messages"),
        ({"prompt": "a", "answer": None}, "answer is null; expected a text"),
        ({"prompt": math.nan, "answer": "b"}, "prompt is NaN; expected a text, or a list of"),
        ({"text": 3, "answer": "b"}, "text is 3; expected a text, or a list of turns"),
        ({"messages": []}, r"messages is \[\]; expected a text, or a list of turns"),
        ({"chosen": "a", "rejected": "b"}, "found the columns chosen, rejected; expected"),
        (chat_row("a", "b", split="later"), "'later'"),
        (chat_row("a", "b", weight=-1), "weight is -1"),
        ([], "expected a JSON object"),
        ({"q": "a", "a": "b"}, "found the columns q, a; expected messages, prompt and answer"),
    ],
)
def test_a_bad_row_is_named(row: dict[str, object], fault: str) -> None:
    with pytest.raises(TrainingDataError, match=f"rows, row 1.*{fault}"):
        material([row], {}, "rows")


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a", "answer": "b"}\n{', encoding="utf-8")
    with pytest.raises(TrainingDataError, match="line 2 is no JSON"):
        read_chats(path)


def test_a_text_may_hold_a_line_separator(tmp_path: Path) -> None:
    asked = "Where is it?\u2028Thanks\x85"
    path = tmp_path / "rows.jsonl"
    row = {"prompt": asked, "answer": "On its way", "split": "train"}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_chats(path).train.chats[0].messages[0].content == asked.strip()


def test_packed_file_that_is_altered_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    packed = bytearray(gzip.compress(b'{"prompt": "a", "answer": "b"}\n' * 9))
    packed[10:14] = b"\xff\xff\xff\xff"
    path.write_bytes(packed)
    with pytest.raises(TrainingDataError, match="cannot be read: Error -3"):
        read_chats(path)


def test_rows_in_no_part_are_counted_with_the_reason() -> None:
    rows = [
        *[chat_row(f"q{n}", "yes", split="train") for n in range(4)],
        chat_row("Q1!", "yes", split="train"),
        chat_row("t", "no", split="test"),
        chat_row("t", "maybe", split="train"),
    ]
    made = material(rows, {}, "rows")
    assert (len(made.train.chats), len(made.test.chats)) == (4, 1)
    assert (made.repeats, made.held) == (1, 1)


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(TrainingDataError, match="no row to train on"):
        material([chat_row("a", "b", split="test")], {}, "rows")


def test_a_line_that_is_a_list_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "a", "answer": "b"}\n[1]\n')
    with pytest.raises(TrainingDataError, match="line 2 is a list; expected one JSON object a"):
        read_chats(path)
