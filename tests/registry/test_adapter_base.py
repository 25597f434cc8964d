"""What an adapter's files say of its base, and links in folders that are added."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from router.errors import RegistryError
from router.registry.adapter_base import header_texts, stated_base
from router.registry.contents import contents_of


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def a_gguf(**texts: str) -> bytes:
    """A header with a number and an array of texts before the texts that are asked for."""
    others = text("a.number") + struct.pack("<If", 6, 1.0)
    others += text("a.list") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("y")
    keys = {"general.architecture": "llama"} | {k.replace("__", "."): v for k, v in texts.items()}
    named = b"".join(text(key) + struct.pack("<I", 8) + text(v) for key, v in keys.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 2 + len(keys)) + others + named


@pytest.mark.parametrize(
    ("contents", "name", "architecture", "local"),
    [
        ({"adapter_config.json": b'{"base_model_name_or_path": "Qwen/Q"}'}, "Qwen/Q", "", False),
        ({"adapter_config.json": b'{"base_model_name_or_path": "/m/q"}'}, "/m/q", "", True),
        ({"a.gguf": a_gguf()}, "", "llama", True),
        (
            {"a.gguf": a_gguf(general__base_model__0__repo_url="https://huggingface.co/Qwen/Q")},
            "Qwen/Q",
            "llama",
            False,
        ),
    ],
)
def test_files_say_their_base(
    contents: dict[str, bytes], name: str, architecture: str, local: bool
) -> None:
    stated = stated_base(contents)
    assert stated is not None
    assert (stated.name, stated.architecture, stated.is_local) == (name, architecture, local)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}"])
def test_files_that_say_nothing(content: bytes) -> None:
    assert stated_base({"adapter_config.json": content, "weights.bin": b"x"}) is None


def test_every_cut_of_a_header_is_read_without_an_error() -> None:
    whole = a_gguf()
    assert header_texts(whole) == {"general.architecture": "llama"}
    assert all(header_texts(whole[:end]).keys() <= {"general.architecture"} for end in range(64))


@pytest.mark.parametrize(
    "value",
    [struct.pack("<IIQ", 9, 10, 2**63), struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 5_000],
    ids=["longer than memory", "nested without an end"],
)
def test_header_of_impossible_arrays_is_read_without_an_error(value: bytes) -> None:
    assert (
        header_texts(b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + text("k") + value + b"x" * 32) == {}
    )


def test_a_link_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    inside, secret = tmp_path / "model", tmp_path / "secret"
    inside.mkdir()
    secret.write_text("s")
    (inside / "config.json").write_text(json.dumps({}))
    (inside / "same").symlink_to(inside / "config.json")
    assert set(contents_of([inside])) == {"config.json", "same"}
    (inside / "other").symlink_to(secret)
    with pytest.raises(RegistryError, match="outside of"):
        contents_of([inside])
    # Who names a link means the file behind it.
    assert contents_of([inside / "other"]) == {"other": b"s"}


def test_a_folder_without_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=f"found no file in {tmp_path}"):
        contents_of([tmp_path])
