"""Compressed bodies come out whole, or are refused before they cost more than they may."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.http.content_coding import MAX_MEMBERS, coding_of, decoded
from router.errors import BodyTooLarge, RequestError, UnsupportedMedia
from tests.kits.zstandard import zstd

PACK = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


@given(st.binary(max_size=2_000), st.sampled_from(sorted(PACK)))
def test_what_was_compressed_comes_out_whole(body: bytes, coding: str) -> None:
    assert decoded(PACK[coding](body), coding, 2_000) == body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_are_put_together(coding: str) -> None:
    pack = PACK[coding]
    assert decoded(pack(b"ab") + pack(b"") + pack(b"cd"), coding, 4) == b"abcd"
    with pytest.raises(BodyTooLarge):
        decoded(pack(b"ab") + pack(b"cde"), coding, 4)


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_takes_no_more_memory_than_the_limit(coding: str) -> None:
    bomb = PACK[coding](b" " * 50_000_000)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge, match="once decompressed"):
        decoded(bomb, coding, 100_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000


@given(st.binary(max_size=200), st.sampled_from(sorted(PACK)))
def test_any_bytes_are_read_or_refused(body: bytes, coding: str) -> None:
    with suppress(RequestError):
        decoded(body, coding, 1_000)


@pytest.mark.parametrize("coding", PACK)
def test_what_breaks_off_is_told(coding: str) -> None:
    with pytest.raises(RequestError, match="breaks off"):
        decoded(PACK[coding](b"hello there")[:-3], coding, 100)


def test_a_body_of_very_many_members_is_refused() -> None:
    one = gzip.compress(b"")
    assert decoded(one * MAX_MEMBERS, "gzip", 10) == b""
    with pytest.raises(RequestError, match="pieces"):
        decoded(one * (MAX_MEMBERS + 1), "gzip", 10)


def test_a_window_that_would_take_a_gigabyte_is_refused() -> None:
    wide = zstd.compress(b"x" * 20_000_000, options={zstd.CompressionParameter.window_log: 27})
    with pytest.raises(RequestError, match="is no zstd"):
        decoded(wide, "zstd", 30_000_000)


@pytest.mark.parametrize(
    ("said", "coding"), [("", ""), ("Identity", ""), ("GZIP", "gzip"), ("x-gzip", "gzip")]
)
def test_codings_have_any_case(said: str, coding: str) -> None:
    assert coding_of({"content-encoding": said}) == coding


@pytest.mark.parametrize("said", ["br", "gzip, zstd", "zstd;q=1"])
def test_other_codings_are_refused(said: str) -> None:
    with pytest.raises(UnsupportedMedia):
        coding_of({"content-encoding": said})
