"""Tests what is a secret behind its name, where it ends, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.named_secrets import named_secrets
from router.privacy.redact import redact
from tests.kits.checks.growth import in_proportion


def secrets_in(text: str) -> list[str]:
    return [text[start:end] for start, end in named_secrets(text)]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("my password is hunter22", "hunter22"),
        ("pass: hunter2!", "hunter2!"),
        ('password: "hunter 2!" # of a file', "hunter 2!"),
        ("password='hunter 2!' x", "hunter 2!"),
        ('{"password": "hunter 2!"}', "hunter 2!"),
        ("{'password': 'it is \"7\"'}", 'it is "7"'),
        (r'{"password": "hunter2\"xyz99"}', r"hunter2\"xyz99"),
        (r"password='it\'s 7'", r"it\'s 7"),
        (r'{"password": "hunter2\\"}, "x"', r"hunter2\\"),
        ("password='hunter2\\", "hunter2\\"),
        ('"password": "1234"', "1234"),
        ("token='abcd' if a", "abcd"),
        ("don't say token='ab cd'", "ab cd"),
        ('5" wide\npassword: "ab cd"', "ab cd"),
        ('print("a", "b"); token = "ab cd"', "ab cd"),
        ('say "password: hunter22"', "hunter22"),
        # Where a quote is open already, a value ends at a blank.
        ('the 5" password: "hunter22 x"', "hunter22"),
    ],
)
def test_secret_ends_where_its_quotes_do(text: str, secret: str) -> None:
    assert secrets_in(text) == [secret]


@pytest.mark.parametrize(
    "text",
    [
        'print("token: " + tok + "x")',
        'log("the token: " + tok, "password: " + word + ".")',
        'log("token: ", tok, "x")',
        "log('token: ' + tok + 'x')",
        r'log("a \"quoted\" token: " + tok + "x")',
        '"token": "EOS"',
        '"token": " the"',
        '{"token": "\\"", "id": 3}',
        "token='x' if a else 'y'",
        "password: 'abc'",
        '"password": ""',
        "the password is wrong",
        'pass: "yes and no 7"',
        'token: "[SECRET]"',
    ],
)
def test_what_is_no_secret_is_left(text: str) -> None:
    assert secrets_in(text) == []
    assert redact(text) == text


def test_secret_behind_one_that_is_none_is_found() -> None:
    assert secrets_in('f("token: ", password=hunter22, "x")') == ["hunter22"]


@given(st.text(alphabet="tokenpwd:= \"'\\ab1\n", max_size=200))
def test_secrets_lie_in_order_within_the_text(text: str) -> None:
    places = [place for span in named_secrets(text) for place in span]
    assert places == sorted(places)
    assert all(text[start:end].strip() for start, end in named_secrets(text))


@pytest.mark.parametrize("piece", ['token: "', "token='", '"', 'pwd="\\', "it's token: 'a"])
def test_time_grows_with_the_text_alone(piece: str) -> None:
    assert in_proportion(lambda text: list(named_secrets(text)), piece)
