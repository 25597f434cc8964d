"""Reads texts in which personal details are marked, one text per line.

`{{n|Anna Keller}}` marks a name; LETTERS lists the letters. `{{n|Mr Keller|}}` marks what may be
found or left alone, as its bounds are a matter of taste. `\\n` stands for a new line. A line that
ends with `|` is left out, since its reading is unclear.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec import Struct

from router.errors import TrainingDataError
from router.errors.system import in_words
from router.privacy.entities.kinds import Entity, EntityKind

LETTERS = {
    "n": EntityKind.NAME,
    "b": EntityKind.BIRTH_DATE,
    "a": EntityKind.ADDRESS,
    "e": EntityKind.EMAIL,
    "p": EntityKind.PHONE,
    "m": EntityKind.MEDICAL_RECORD,
    "pp": EntityKind.PASSPORT,
    "ib": EntityKind.IBAN,
    "c": EntityKind.CARD,
    "s": EntityKind.SSN,
    "ip": EntityKind.IP,
    "k": EntityKind.API_KEY,
}
FORM = (
    "a .txt file of lines such as `ask {{n|Jo}} at {{p|555 0100}}`, a folder of such files, or a "
    '.jsonl file of lines such as {"text": "ask Jo", "spans": [[4, 6, "name"]]}'
)
"""Shows both forms of marked texts, for an error."""
_MARK = re.compile(r"\{\{([a-z]{1,2})\|(.*?)(\|?)\}\}(?!\})", re.S)


class MarkedText(Struct, frozen=True):
    """Holds a text with its details; `open` ones may be found or not."""

    text: str
    found: tuple[Entity, ...]
    open: tuple[Entity, ...] = ()
    source: str = ""


def read_marked(line: str, source: str = "") -> MarkedText:
    """Returns one line without its marks.

    >>> marked = read_marked("ask {{n|Jo}} at {{p|555 0100|}}")
    >>> marked.text, len(marked.found), len(marked.open)
    ('ask Jo at 555 0100', 1, 1)
    """
    line = line.replace("\\n", "\n")
    pieces: list[str] = []
    entities: list[Entity] = []
    either: list[Entity] = []
    position = length = 0
    for match in _MARK.finditer(line):
        pieces += [line[position : match.start()], match[2]]
        start = length + match.start() - position
        length = start + len(match[2])
        entity = Entity(LETTERS[match[1]], start, length)
        (either if match[3] else entities).append(entity)
        position = match.end()
    pieces.append(line[position:])
    return MarkedText("".join(pieces), tuple(entities), tuple(either), source)


def read_texts(path: Path) -> list[MarkedText]:
    """Returns the texts of a file, or of the .txt files in a folder.

    A .jsonl file has objects with `text` and `spans`, each [start, end, kind]. Raises
    TrainingDataError, also where nothing is marked: figures of such texts would all be perfect.
    """
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    texts: list[MarkedText] = []
    try:
        for file in files:
            for number, line in enumerate(
                file.read_text(encoding="utf-8-sig").split("\n"), start=1
            ):
                if not line.strip() or line.endswith("|"):
                    continue
                jsonl = file.suffix == ".jsonl"
                try:
                    text = _of_json(line, file.stem) if jsonl else read_marked(line, file.stem)
                except (ValueError, KeyError, TypeError) as error:
                    raise TrainingDataError(
                        f"{file}, line {number}: {line[:30]!r} is no marked text; expected {FORM}"
                    ) from error
                texts.append(text)
    except (OSError, ValueError) as error:
        raise TrainingDataError(
            f"{path} cannot be read: {in_words(error)}; expected {FORM}"
        ) from error
    if not any(text.found or text.open for text in texts):
        raise TrainingDataError(
            f"{path}: found no marked detail in {len(texts)} texts; expected {FORM}"
        )
    return texts


def _of_json(line: str, source: str) -> MarkedText:
    row = json.loads(line)
    spans = [Entity(EntityKind(kind), int(start), int(end)) for start, end, kind in row["spans"]]
    if any(not 0 <= span.start < span.end <= len(row["text"]) for span in spans):
        raise ValueError("a span lies outside the text")
    return MarkedText(str(row["text"]), tuple(spans), (), str(row.get("language", source)))
