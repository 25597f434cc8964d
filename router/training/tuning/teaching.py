"""Lets a teacher answer prompts, so that a smaller base can learn its answers and its chances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from router.errors import TrainingDataError
from router.training.tuning.bases import Base
from router.training.tuning.chats import turns_of
from router.training.tuning.speaking import speaker
from router.training.tuning.tokens import rendered

ANSWER_TOKENS = 64
"""Of an answer that a teacher writes: long enough for a fact, and cheap to write and to learn."""
ANSWERED = frozenset({"answer", "chosen", "messages"})
"""Keys of which a line that needs no teacher's answer has one."""


def answered(
    rows: Sequence[Mapping[str, object]],
    teacher: Base,
    longest: int,
    where: str,
    say: Callable[[str], None],
) -> list[dict[str, object]]:
    """Returns the rows, those that only ask with the teacher's answer, `longest` tokens at most.

    Longer ones are left out, as are those to which it says nothing. Raises TrainingDataError for a
    row that asks nothing.
    """
    made = [dict(row) for row in rows]
    asking = []
    for number, row in enumerate(made, start=1):
        if ANSWERED & row.keys():
            continue
        turns = turns_of(row.get("prompt", row.get("text")), f"{where}, row {number}: prompt")
        asked = teacher.tokenizer.encode(rendered(teacher.tokenizer, turns, to_answer=True))
        if len(asked) <= longest - ANSWER_TOKENS:
            asking.append((row, turns))
    say(f"{teacher.name} answers {len(asking)} prompts")
    speak = speaker(teacher, teacher.model, None, longest)
    texts = speak([turns for _, turns in asking], ANSWER_TOKENS, False)
    for (row, _), text in zip(asking, texts, strict=True):
        row["answer"] = text
    return [row for row in made if ANSWERED & row.keys() and row.get("answer", "-")]


def check_teacher(base: Base, teacher: Base) -> None:
    """Raises TrainingDataError where the teacher's tokens are not the base's."""
    if base.tokenizer.get_vocab() != teacher.tokenizer.get_vocab():
        raise TrainingDataError(
            f"--teacher {teacher.name} has other tokens than --base {base.name}; expected a base "
            "with the same tokenizer"
        )
