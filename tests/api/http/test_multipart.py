"""Forms with one file, whatever pieces they come in."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.http.multipart import MAX_FIELD, MAX_HEAD, Form, boundary_of, file_of
from router.errors import RequestError, UnsupportedMedia


async def pieces(raw: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    ends = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    for a, b in itertools.pairwise(ends):
        yield raw[a:b]


def read(raw: bytes, cuts: Sequence[int] = ()) -> tuple[Form, bytes]:
    async def whole() -> tuple[Form, bytes]:
        form = Form()
        return form, b"".join([p async for p in file_of(pieces(raw, cuts), b"B", form)])

    return asyncio.run(whole())


def part(name: str, content: bytes, filename: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


@given(st.binary(max_size=80), st.lists(st.integers(0, 300), max_size=8), st.booleans())
def test_pieces_do_not_change_the_file(content: bytes, cuts: Sequence[int], last: bool) -> None:
    file, purpose = part("file", content, "a.jsonl"), part("purpose", b"batch")
    raw = (purpose + file if last else file + purpose) + b"--B--\r\n"
    if b"\r\n--B" in content:
        return
    form, said = read(raw, cuts)
    assert said == content
    assert form.filename == "a.jsonl"
    assert form.fields == {"purpose": "batch"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"--B\r\n",
        part("file", b"x", "a"),
        b"--Bad",
        part("file", b"x", "a") + part("file", b"y", "b") + b"--B--",
        part("purpose", b"x" * (MAX_FIELD + 1)) + b"--B--",
        b"--B\r\n" + b"x" * (MAX_HEAD + 1),
        b"".join(part(f"f{i}", b"x") for i in range(20)) + b"--B--",
    ],
)
def test_what_is_no_bounded_form_is_refused(raw: bytes) -> None:
    with pytest.raises(RequestError):
        read(raw)


def test_the_boundary_comes_from_the_type() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary_of("multipart/form-data;boundary=ab; charset=utf-8") == b"ab"
    for other in ("application/json", "multipart/form-data", "", "multipart/mixed; boundary=x"):
        with pytest.raises(UnsupportedMedia):
            boundary_of(other)
