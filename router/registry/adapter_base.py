"""Reads from an adapter's own files which base it was trained on. It knows no policy.

PEFT's `adapter_config.json` names the base, and so may the header of a GGUF file. Sources:
https://huggingface.co/docs/peft/developer_guides/checkpoint and
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import PurePath

import msgspec
from msgspec import Struct

PEFT_FILE = "adapter_config.json"
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
TEXT, ARRAY = 8, 9
"""Number the types of values in a GGUF header; the others are numbers."""
MOST_VALUES = 10_000
"""Bounds the values that are read of a header; an adapter has about twenty."""


class StatedBase(Struct, frozen=True):
    """Holds what a file says of its base; `name` is "" where only the architecture is known."""

    file: str
    name: str
    architecture: str = ""

    @property
    def is_local(self) -> bool:
        """Returns True for a path of the machine that trained: it says nothing elsewhere."""
        return not self.name or self.name.count("/") != 1 or self.name.startswith((".", "/", "~"))


def stated_base(contents: Mapping[str, bytes]) -> StatedBase | None:
    """Returns what the first file says that says anything; None where none does."""
    for file, content in sorted(contents.items(), key=lambda item: not item[0].endswith(PEFT_FILE)):
        if PurePath(file).name == PEFT_FILE:
            try:
                name = msgspec.json.decode(content).get("base_model_name_or_path")
            except (msgspec.DecodeError, AttributeError):
                continue
            if isinstance(name, str) and name:
                return StatedBase(file, name)
        elif content[:4] == b"GGUF":
            values = header_texts(content)
            url = values.get("general.base_model.0.repo_url", "")
            name = "/".join(url.rstrip("/").split("/")[-2:]) if url else ""
            return StatedBase(file, name, values.get("general.architecture", ""))
    return None


def same_base(given: str, stated: str) -> bool:
    """Returns True when both name one base; the owner and `.gguf` are no part of the name.

    >>> same_base("smollm2-135m-instruct", "HuggingFaceTB/SmolLM2-135M-Instruct")
    True
    >>> same_base("Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B-Instruct")
    False
    """
    return _plain(given) == _plain(stated)


def _plain(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2].lower().removesuffix(".gguf")


def header_texts(content: bytes) -> dict[str, str]:
    """Returns the texts in a GGUF header by key, up to the first value that is unreadable."""
    texts: dict[str, str] = {}
    try:
        version, _, count = struct.unpack_from("<IQQ", content, 4)
        offset = 24 if version >= 2 else len(content)
        for _ in range(min(count, MOST_VALUES)):
            key, offset = _text(content, offset)
            (kind,) = struct.unpack_from("<I", content, offset)
            if kind == TEXT:
                texts[key], offset = _text(content, offset + 4)
            else:
                offset = _after(content, offset + 4, kind)
    except (struct.error, KeyError, UnicodeDecodeError, OverflowError, RecursionError):
        pass  # a broken file is found where it is loaded
    return texts


def _text(content: bytes, offset: int) -> tuple[str, int]:
    length: int = struct.unpack_from("<Q", content, offset)[0]
    end = offset + 8 + length
    if end > len(content):
        raise struct.error("the header ends within a text")
    return content[offset + 8 : end].decode(), end


def _after(content: bytes, offset: int, kind: int) -> int:
    """Returns the place after a value that is no text, or after an array."""
    if kind != ARRAY:
        return offset + struct.calcsize("<" + NUMBERS[kind])
    element: int = struct.unpack_from("<I", content, offset)[0]
    length: int = struct.unpack_from("<Q", content, offset + 4)[0]
    offset += 12
    if element not in (TEXT, ARRAY):
        return offset + length * struct.calcsize("<" + NUMBERS[element])
    for _ in range(min(length, len(content))):
        offset = _text(content, offset)[1] if element == TEXT else _after(content, offset, element)
    return offset
