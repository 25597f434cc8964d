"""What commands print holds nothing that a terminal would act on, and means the same."""

from __future__ import annotations

import json

import pytest

from router.cli.terminal import inert_json, print_json

SIGNS = "\x9b31m \x7f \u202e \u2066 \u200b \u2028 \ufeff \U000e0041 \x1b[2J"


def test_json_has_no_sign_that_a_terminal_acts_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Names of models and tags are clients' words: `decisions export` turned a line around."""
    print_json({"model": SIGNS, "name": "Zoë 日本 😀"}, indented=True)
    printed = capsys.readouterr().out
    assert all(sign.isprintable() or sign == "\n" for sign in printed)
    assert json.loads(printed) == {"model": SIGNS, "name": "Zoë 日本 😀"}
    assert "Zoë 日本 😀" in printed


def test_json_without_such_signs_stays_as_it_is() -> None:
    document = '{"name": "Zoë \\u001b", "n": 1}'
    assert inert_json(document) == document
