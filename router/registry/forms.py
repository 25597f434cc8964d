"""Tells a model's files from any other file, by what no file of that kind lacks.

It looks at names and first keys only: whoever loads a model reads all of it, and says what is
wrong with it. It imports none of the parts that load models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

import msgspec

from router.errors import RegistryError
from router.registry.adapter_base import PEFT_FILE
from router.registry.model import ModelKind

MANIFEST = "manifest.json"


def check_form(kind: ModelKind, contents: Mapping[str, bytes]) -> None:
    """Raises RegistryError where no file, by name, is one of that kind of model."""
    fits, expected = _FORMS[kind]
    if not any(fits(name, content) for name, content in contents.items()):
        named = ", ".join(sorted(contents)[:3]) + (", ..." if len(contents) > 3 else "")
        raise RegistryError(f"found {named}, which is no {kind}; expected {expected}")


def _described(*keys: str) -> Callable[[str, bytes], bool]:
    """Returns a function that tells a JSON object with all these keys."""

    def fits(name: str, content: bytes) -> bool:
        if not name.endswith(".json"):
            return False
        try:
            read = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return isinstance(read, dict) and all(key in read for key in keys)

    return fits


def _is_adapter(name: str, content: bytes) -> bool:
    return content[:4] == b"GGUF" or PurePath(name).name == PEFT_FILE


def _is_encoder(name: str, content: bytes) -> bool:
    return name == MANIFEST or name.endswith(".onnx")


_FORMS: Mapping[ModelKind, tuple[Callable[[str, bytes], bool], str]] = {
    ModelKind.HEAD: (
        _described("format"),
        "the .json file that `tiergate train head` wrote, with its .npz file beside it",
    ),
    ModelKind.CALIBRATOR: (
        _described("schema", "slope", "shift"),
        "the .json file that `tiergate train judge` wrote",
    ),
    ModelKind.CERTIFICATE: (
        _described("schema", "domains", "seal"),
        "the .json file that `tiergate tune --out` wrote",
    ),
    ModelKind.MATCH: (
        _described("format", "coefficients"),
        "the match.json that `tiergate train match` wrote",
    ),
    ModelKind.ADAPTER: (
        _is_adapter,
        f"a .gguf file of an adapter, or a folder with {PEFT_FILE}",
    ),
    ModelKind.ENCODER: (
        _is_encoder,
        f"the folder that `tiergate train` wrote, with its {MANIFEST}, or an .onnx file",
    ),
}
