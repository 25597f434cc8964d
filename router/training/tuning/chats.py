"""Reads what an adapter learns from: chats with right answers, and answers preferred to others.

Lines of JSON have one of three forms: `messages`; `prompt` or `text` with `answer`; `prompt` with
`chosen` and `rejected`. A line may name its `split`; others are split by a hash of their
answer, or of what was asked where the answers are few. It knows nothing about models.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import TrainingDataError
from router.errors.system import in_words

ROLES = ("system", "user", "assistant")
DEV_SHARE, TEST_SHARE = 0.1, 0.1
SYNTHETIC_WEIGHT = 0.5
"""Weight of a synthetic row beside 1.0 of a real one, where its line states none."""
FEW_ANSWERS = 20
"""Different answers below which rows are split by question alone: a tenth of them is under two, and
who is to learn few answers needs them all."""
FORMS = "messages, prompt and answer, or prompt, chosen and rejected"
"""The columns of which a row has one set."""
TRAIN, DEV, TEST = "train", "dev", "test"
SPLITS = (TRAIN, DEV, TEST)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """Holds one turn."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Chat:
    """Holds turns whose assistant's words are to be learned."""

    messages: tuple[ChatMessage, ...]
    weight: float = 1.0
    synthetic: bool = False

    @property
    def asked(self) -> str:
        """Returns what the split sees: the words of the user, lower case, letters and digits."""
        return _plain(" ".join(turn.content for turn in self.messages if turn.role == "user"))

    @property
    def answered(self) -> str:
        """Returns the last answer, lower case, letters and digits."""
        return _plain(self.messages[-1].content)


@dataclass(frozen=True, slots=True)
class Preference:
    """Holds a right answer and a wrong one to the same turns."""

    prompt: tuple[ChatMessage, ...]
    chosen: str
    rejected: str
    synthetic: bool = False

    @property
    def asked(self) -> str:
        """Returns what the split sees."""
        return self.with_answer(self.chosen).asked

    @property
    def answered(self) -> str:
        """Returns the chosen answer, as the split sees it."""
        return _plain(self.chosen)

    def with_answer(self, answer: str) -> Chat:
        """Returns the chat that ends with this answer."""
        return Chat((*self.prompt, ChatMessage("assistant", answer)), synthetic=self.synthetic)


@dataclass(frozen=True, slots=True)
class Part:
    """Holds one split."""

    chats: tuple[Chat, ...] = ()
    pairs: tuple[Preference, ...] = ()

    def answers(self) -> list[str]:
        """Returns the right answer of each row, as the split sees it."""
        return [*(chat.answered for chat in self.chats), *(pair.answered for pair in self.pairs)]


@dataclass(frozen=True, slots=True)
class Material:
    """Holds all splits, and the sha256 of each file that they come from."""

    train: Part
    dev: Part
    test: Part
    files: Mapping[str, str] = field(default_factory=dict)
    repeats: int = 0  # rows left out, as another one says the same
    held: int = 0  # rows left out of train, as dev or test have their question or answer

    def counts(self) -> dict[str, dict[str, int]]:
        """Returns rows by split, synthetic ones apart: they are never counted as real."""
        return {
            name: {
                "chats": sum(not chat.synthetic for chat in part.chats),
                "pairs": sum(not pair.synthetic for pair in part.pairs),
                "synthetic": sum(c.synthetic for c in part.chats)
                + sum(p.synthetic for p in part.pairs),
            }
            for name, part in zip(SPLITS, (self.train, self.dev, self.test), strict=True)
        }


def read_chats(path: Path) -> Material:
    """Returns the rows of a .jsonl or .jsonl.gz file. Raises TrainingDataError."""
    rows, digest = read_rows(path)
    return material(rows, {path.name: digest}, str(path))


def read_rows(path: Path) -> tuple[list[dict[str, object]], str]:
    """Returns the lines of a .jsonl or .jsonl.gz file and its sha256. Raises TrainingDataError."""
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
        # Of bytes: a text may hold characters that end a line elsewhere, such as U+2028.
        lines = [
            line.decode("utf-8") for line in content.removeprefix(codecs.BOM_UTF8).splitlines()
        ]
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise TrainingDataError(
            f"{path} cannot be read: {in_words(error)}; expected a .jsonl or .jsonl.gz file"
        ) from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TrainingDataError(
                f"{path}, line {number} is no JSON: {error}; expected one JSON object a line"
            ) from error
        if not isinstance(row, dict):
            raise TrainingDataError(
                f"{path}, line {number} is a {type(row).__name__}; expected one JSON object a line"
            )
        rows.append(row)
    return rows, hashlib.sha256(raw).hexdigest()


def material(
    rows: Iterable[Mapping[str, object]], files: Mapping[str, str], where: str
) -> Material:
    """Returns parsed and split rows, each text once. Raises TrainingDataError.

    A synthetic row is never in dev or test. What is asked in dev or test is not trained on, nor is
    an answer that the split holds. Rows are split by question alone where they have fewer than
    `FEW_ANSWERS` answers, or where a split by answer leaves dev or test empty.
    """
    parsed_rows = [
        (row, _parsed(row, f"{where}, row {number}")) for number, row in enumerate(rows, start=1)
    ]
    split_by = {
        parsed.answered: split_of(parsed.answered)
        for row, parsed in parsed_rows
        if row.get("split") is None and not parsed.synthetic
    }
    if len(split_by) < FEW_ANSWERS or not {DEV, TEST} <= set(split_by.values()):
        split_by = {}
    held_answers = {answer for answer, split in split_by.items() if split != TRAIN}
    chats: dict[str, dict[str, Chat]] = {name: {} for name in SPLITS}
    pairs: dict[str, dict[tuple[str, str], Preference]] = {name: {} for name in SPLITS}
    held: set[str] = set()
    for number, (row, parsed) in enumerate(parsed_rows, start=1):
        split = _split_of(row, parsed, split_by, f"{where}, row {number}")
        if split != TRAIN:
            held.add(parsed.asked)
        if isinstance(parsed, Chat):
            chats[split].setdefault(f"{parsed.asked}|{parsed.messages[-1].content}", parsed)
        else:
            pairs[split].setdefault((parsed.asked, parsed.rejected), parsed)

    def is_free(row: Chat | Preference) -> bool:
        return row.asked not in held and row.answered not in held_answers

    parts = [
        Part(
            tuple(c for c in chats[name].values() if name != TRAIN or is_free(c)),
            tuple(p for p in pairs[name].values() if name != TRAIN or is_free(p)),
        )
        for name in SPLITS
    ]
    if not parts[0].chats and not parts[0].pairs:
        raise TrainingDataError(f"{where} has no row to train on; expected {FORMS}")
    different = sum(len(rows) for one in (chats, pairs) for rows in one.values())
    kept = sum(len(part.chats) + len(part.pairs) for part in parts)
    repeats, left_out = len(parsed_rows) - different, different - kept
    return Material(parts[0], parts[1], parts[2], files, repeats, left_out)


def _parsed(row: Mapping[str, object], where: str) -> Chat | Preference:
    if not isinstance(row, Mapping):
        raise TrainingDataError(f"{where}: expected a JSON object, found {type(row).__name__}")
    synthetic = bool(row.get("synthetic", False))
    weight = row.get("weight", SYNTHETIC_WEIGHT if synthetic else 1.0)
    if not isinstance(weight, int | float) or not 0.0 <= weight <= 100.0:
        raise TrainingDataError(f"{where}: weight is {weight!r}; expected 0 to 100")
    if "chosen" in row or "rejected" in row:
        _need(row, ("prompt", "chosen", "rejected"), where)
        chosen, rejected = _text(row, "chosen", where), _text(row, "rejected", where)
        if chosen.strip() == rejected.strip():
            raise TrainingDataError(f"{where}: chosen and rejected are equal")
        return Preference(turns_of(row["prompt"], f"{where}: prompt"), chosen, rejected, synthetic)
    if "messages" in row:
        turns = turns_of(row["messages"], f"{where}: messages")
        if turns[-1].role != "assistant":
            raise TrainingDataError(f"{where}: the last turn is not the assistant's")
        return Chat(turns, float(weight), synthetic)
    question = "prompt" if "prompt" in row else "text"
    _need(row, (question, "answer"), where)
    asked = turns_of(row[question], f"{where}: {question}")
    answer = ChatMessage("assistant", _text(row, "answer", where))
    return Chat((*asked, answer), float(weight), synthetic)


def _need(row: Mapping[str, object], columns: Sequence[str], where: str) -> None:
    """Raises TrainingDataError with the columns that are there where one of these is not."""
    if not set(columns) <= row.keys():
        there = ", ".join(list(row)[:12]) or "none"
        raise TrainingDataError(f"{where}: found the columns {there}; expected {FORMS}")


def turns_of(value: object, where: str) -> tuple[ChatMessage, ...]:
    """Returns turns; a string is a stored transcript, or one turn of the user.

    Raises TrainingDataError, which `where` begins: the row, and the column if that is known.
    """
    if isinstance(value, str) and value.strip():
        return tuple(transcript(value))
    if not isinstance(value, Sequence) or not value:
        raise TrainingDataError(
            f"{where} is {_shown(value)}; expected a text, or a list of turns with role and content"
        )
    turns = []
    for turn in value:
        role = turn.get("role") if isinstance(turn, Mapping) else None
        content = turn.get("content") if isinstance(turn, Mapping) else None
        if role not in ROLES or not isinstance(content, str):
            raise TrainingDataError(
                f"{where}: a turn has role {role!r}; expected one of {', '.join(ROLES)} with a "
                "text as content"
            )
        turns.append(ChatMessage(str(role), content))
    return tuple(turns)


def transcript(text: str) -> list[ChatMessage]:
    r"""Returns the turns of a stored transcript; a text without roles is one turn of the user.

    >>> [turn.role for turn in transcript("user: Hello\n\nassistant: Yes?\n\nuser: My order")]
    ['user', 'assistant', 'user']
    """
    parts = re.split(r"(?:^|\n\n)(system|user|assistant): ", text)
    if parts[0].strip() or len(parts) == 1:
        return [ChatMessage("user", text.strip())]
    return [
        ChatMessage(role, content.strip())
        for role, content in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _text(row: Mapping[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TrainingDataError(f"{where}: {key} is {_shown(value)}; expected a text")
    return value


def _shown(value: object) -> str:
    """Returns a value as its file has it (`null`, `NaN`), cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _split_of(
    row: Mapping[str, object], parsed: Chat | Preference, split_by: Mapping[str, str], where: str
) -> str:
    stated = row.get("split")
    if stated is not None and stated not in SPLITS:
        raise TrainingDataError(
            f"{where}: split is {stated!r}; expected one of {', '.join(SPLITS)}"
        )
    if parsed.synthetic:
        return TRAIN
    if stated is not None:
        return str(stated)
    return split_by.get(parsed.answered) or split_of(parsed.asked)


def _plain(text: str) -> str:
    """Returns a text in lower case, letters and digits.

    >>> _plain("Where is it?")
    'where is it'
    """
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def split_of(asked: str) -> str:
    """Returns the split of a text by its hash: a fifth is held, half of it for choosing."""
    digest = hashlib.sha256(f"tuning-v1|{asked}".encode()).digest()
    place = int.from_bytes(digest[:4]) / 2**32
    if place < TEST_SHARE:
        return TEST
    return DEV if place < TEST_SHARE + DEV_SHARE else TRAIN
