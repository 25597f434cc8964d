"""Lines of a batch's file, whatever parts they come in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.batches.lines import BOM, Line, TooLong, checked, failed_line, line_of, lines_of
from router.types import BatchError

CHAT = "/v1/chat/completions"


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_parts_do_not_change_the_lines(raw: bytes, cuts: Sequence[int]) -> None:
    ends = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    parts = [raw[a:b] for a, b in itertools.pairwise(ends)]
    lines = raw.removeprefix(BOM).split(b"\n")
    expected = [(i + 1, line) for i, line in enumerate(lines) if line.strip()]
    assert list(lines_of(parts, 1_000)) == expected


@pytest.mark.parametrize(("size", "fits"), [(10, True), (11, False)])
def test_a_line_has_a_longest_length(size: int, fits: bool) -> None:
    parts = [b"x" * size]
    if fits:
        assert list(lines_of(parts, 10)) == [(1, b"x" * size)]
    else:
        with pytest.raises(TooLong):
            list(lines_of(parts, 10))


def test_an_endless_line_is_given_up_early() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield b"x" * 100

    with pytest.raises(TooLong):
        list(lines_of(endless(), 1_000))  # type: ignore[arg-type]
    assert taken <= 11


def test_a_line_is_read() -> None:
    raw = orjson.dumps({"custom_id": "a", "method": "POST", "url": CHAT, "body": {"n": 1}})
    assert line_of(3, raw, CHAT) == Line(3, "a", b'{"n":1}')


def request(**fields: object) -> bytes:
    given = {"custom_id": "a", "method": "POST", "url": CHAT, "body": {"n": 1}}
    return orjson.dumps({**given, **fields})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (request(url="/v1/embeddings"), "found '/v1/embeddings'; expected /v1/chat/completions"),
        (request(method="GET"), "found 'GET'; expected POST"),
        (request(body=[1]), "found an array of 1; expected an object"),
        (request(custom_id=7), "found 7; expected a string of 1 to 512 characters"),
        (b"{", "The line is not JSON"),
        (b'{"custom_id": "caf\xe9"}', "The line is not UTF-8: byte 18 is 0xe9"),
    ],
)
def test_a_mistake_says_what_was_found(raw: bytes, said: str) -> None:
    mistake = line_of(1, raw, CHAT)
    assert isinstance(mistake, BatchError)
    assert mistake.message.startswith(said)


def test_a_name_that_comes_twice_leads_to_its_first_line() -> None:
    _, errors = checked([BOM + request() + b"\n\n" + request()], CHAT, 9, 1_000)
    assert [(error.line, error.message) for error in errors] == [
        (3, "line 1 has the same custom_id 'a'")
    ]


def test_only_the_first_mistakes_are_reported() -> None:
    count, errors = checked([b"nonsense\n" * 500], CHAT, 1_000, 1_000)
    assert len(errors) == 20
    assert errors[0].line == 1
    assert count == 20


@pytest.mark.parametrize(("lines", "fits"), [(3, True), (4, False)])
def test_a_file_has_a_most_number_of_requests(lines: int, fits: bool) -> None:
    rows = [
        orjson.dumps({"custom_id": str(i), "method": "POST", "url": CHAT, "body": {}})
        for i in range(lines)
    ]
    _, errors = checked([b"\n".join(rows)], CHAT, 3, 1_000)
    assert (errors == ()) is fits


def test_a_line_that_failed_names_its_request() -> None:
    said = orjson.loads(failed_line(Line(2, "a", b"{}"), "batch_x", "batch_expired", "late"))
    assert said == {
        "id": "batch_req_x_2",
        "custom_id": "a",
        "response": None,
        "error": {"code": "batch_expired", "message": "late"},
    }


def test_a_lone_surrogate_is_a_mistake_of_its_line() -> None:
    assert isinstance(line_of(1, b'{"custom_id": "\\ud800"}', CHAT), BatchError)


def test_a_body_too_deep_to_be_written_is_a_mistake_of_its_line() -> None:
    deep = b"[" * 900 + b"]" * 900
    raw = b'{"custom_id": "a", "method": "POST", "url": "%s", "body": {"x": %s}}'
    error = line_of(4, raw % (CHAT.encode(), deep), CHAT)
    assert isinstance(error, BatchError)
    assert (error.code, error.param, error.line) == ("invalid_json_line", "body", 4)
