"""Makes `everyday_languages.jsonl.gz`: harmless lines of thirteen languages, from three sources.

    pip download --no-deps chatterbot-corpus==1.3.3 Django==5.2.19   # unpack both with unzip
    git clone https://github.com/home-assistant/intents && git -C intents checkout aa550032a57b
    python -m router.training.data.everyday_languages --chatterbot chatterbot_corpus \\
        --django django --intents intents --out DATA

The licences are BSD-3-Clause, BSD-3-Clause and CC BY 4.0. The same folders give the same lines.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NAME = "everyday_languages.jsonl.gz"
SEED = 5
EACH_FILE = 25
"""Lines of one file of intents: they differ in a word."""

_CORPORA = {
    "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese",
    "nl": "dutch", "tr": "turkish", "ru": "russian", "hi": "hindi", "zh": "chinese",
    "ja": "japanese",
}  # fmt: skip
_MAY_BE_GRAVE = ("health", "psychology", "emotion", "politics", "gossip")
_LOCALES = (
    "de", "fr", "es", "it", "pt_BR", "pt", "nl", "pl", "tr", "ru", "hi", "ar", "zh_Hans", "ja",
)  # fmt: skip
_BRANCHES = {"pt-BR": "pt", "zh-CN": "zh", "zh-Hans": "zh"}
_UNSPACED = ("zh_Hans", "ja")
_LINE = re.compile(r"- - (.*)|  - (.*)")
_MESSAGE = re.compile(r'msgstr(\[\d\])? "(.*)"$')
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<[^>]+>")


class Line(NamedTuple):
    """Holds one harmless line."""

    language: str
    source: str
    text: str


def lines(chatterbot: Path, django: Path, intents: Path) -> list[Line]:
    """Returns the lines of the three sources, each once."""
    every = [*_chats(chatterbot), *_translations(django), *_commands(intents)]
    return list(dict.fromkeys(every))


def _chats(folder: Path) -> Iterator[Line]:
    for language, name in _CORPORA.items():
        for path in sorted((folder / "data" / name).glob("*.yml")):
            if path.stem in _MAY_BE_GRAVE:
                continue
            for line in path.read_text(encoding="utf-8", errors="ignore").splitlines():
                match = _LINE.match(line)
                text = (match[1] or match[2] or "").strip().strip("\"'") if match else ""
                if 6 <= len(text) <= 160:
                    yield Line(language, "chatterbot-corpus", text)


def _translations(folder: Path) -> Iterator[Line]:
    for locale in _LOCALES:
        least = 8 if locale in _UNSPACED else 18
        for path in sorted(folder.glob(f"**/locale/{locale}/LC_MESSAGES/*.po")):
            if "gis" in path.as_posix().removeprefix(folder.as_posix()):
                continue
            for text in list(_messages(path))[1:]:  # the first one is the file's header
                if least <= len(text) <= 200:
                    yield Line(locale[:2], "django", text)


def _messages(path: Path) -> Iterator[str]:
    """Yields the translations of a .po file without their placeholders."""
    messages: list[list[str]] = []
    open_: list[str] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _MESSAGE.match(line)
        if match:
            open_ = [match[2]]
            messages.append(open_)
        elif line.startswith('"') and open_ is not None:
            open_.append(line[1:-1])
        else:
            open_ = None
    for parts in messages:
        text = "".join(parts).replace("\\n", " ").replace('\\"', '"')
        yield " ".join(_PLACEHOLDER.sub("", text).split())


def _commands(folder: Path) -> Iterator[Line]:
    rng = random.Random(SEED)
    for branch in sorted((folder / "tests").iterdir()):
        language = _BRANCHES.get(branch.name, branch.name)
        if language not in {*_CORPORA, "pl", "ar"}:
            continue
        for path in sorted(branch.glob("*.yaml")):
            if path.name.startswith("_"):
                continue
            rows = _sentences(path)
            rng.shuffle(rows)
            for text in rows[:EACH_FILE]:
                if len(text) >= 4:
                    yield Line(language, "home-assistant", text)


def _sentences(path: Path) -> list[str]:
    rows, inside = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if stripped.startswith(("sentences:", "- sentences:")):
            inside = True
        elif inside and stripped.startswith("- "):
            rows.append(stripped[2:].strip("\"' "))
        else:
            inside = False
    return rows


def write(rows: list[Line], folder: Path) -> Path:
    """Writes the lines where `tiergate train grave --data` reads them; returns the path."""
    path = folder / NAME
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for line in rows:
            row = {"text": line.text, "language": line.language, "source": line.source}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def main() -> None:
    """Reads the folders named on the command line."""
    parser = argparse.ArgumentParser(description="Make the harmless lines of other languages.")
    for name in ("chatterbot", "django", "intents", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args()
    write(lines(given.chatterbot, given.django, given.intents), given.out)


if __name__ == "__main__":
    main()
