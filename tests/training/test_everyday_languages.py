"""Harmless lines of other languages, from folders as the three sources have them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from router.training.data.everyday_languages import EACH_FILE, Line, lines, write


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _folders(base: Path) -> tuple[Path, Path, Path]:
    chats, django, intents = base / "chats", base / "django", base / "intents"
    _put(chats / "data/german/food.yml", "- - Magst du Kuchen?\n  - 'Sehr gern'\n  - ja\n")
    _put(chats / "data/german/health.yml", "- - Ich habe Schmerzen\n")
    message = (
        'msgid "a"\nmsgstr "Kopf"\n\nmsgid "b"\nmsgstr "Bitte %(name)s "\n"noch einmal versuchen"\n'
    )
    _put(django / "conf/locale/de/LC_MESSAGES/django.po", message)
    rows = "".join(f'      - "Licht {number} an"\n' for number in range(40))
    _put(intents / "tests/de/light.yaml", f"tests:\n  - sentences:\n{rows}    intent: x\n")
    _put(intents / "tests/de/_common.yaml", "  - sentences:\n      - nicht dies\n")
    _put(intents / "tests/cy/light.yaml", "  - sentences:\n      - not read\n")
    return chats, django, intents


def test_the_sources_give_their_harmless_lines(tmp_path: Path) -> None:
    found = lines(*_folders(tmp_path))
    texts = [line.text for line in found]
    assert Line("de", "chatterbot-corpus", "Magst du Kuchen?") in found
    assert Line("de", "chatterbot-corpus", "Sehr gern") in found
    assert Line("de", "django", "Bitte noch einmal versuchen") in found
    assert sum(line.source == "home-assistant" for line in found) == EACH_FILE
    assert not {"Ich habe Schmerzen", "ja", "nicht dies", "not read", "Kopf"} & set(texts)


def test_the_same_folders_give_the_same_lines_as_the_training_reads_them(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    found = lines(*folders)
    assert found == lines(*folders)
    with gzip.open(write(found, tmp_path), "rt", encoding="utf-8") as file:
        rows = [json.loads(row) for row in file]
    assert [(row["language"], row["source"], row["text"]) for row in rows] == found
