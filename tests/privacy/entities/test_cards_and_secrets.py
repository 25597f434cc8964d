"""Checks cards beside other numbers, and secrets that no colon or quote names."""

from __future__ import annotations

import pytest

from router.privacy.answer_findings import Known, holds
from router.privacy.entities import detector
from router.privacy.redact import redact

CARDS = {
    "4111111111111111 12/28 123": "4111111111111111",
    "4111 1111 1111 1111 12/28 123": "4111 1111 1111 1111",
    "4111 1111 1111 1111 12 28 123": "4111 1111 1111 1111",
    "4111 1111 1111 1111 1228": "4111 1111 1111 1111",
    "4111-1111-1111-1111 12/28": "4111-1111-1111-1111",
    "5555555555554444 09/27": "5555555555554444",
    "Visa 4111111111111111 12/2028": "4111111111111111",
    "4111111111111111/12/28": "4111111111111111",
    "4111111111111111 123": "4111111111111111",
    "3782 822463 10005 12/27": "3782 822463 10005",
    "2 4111 1111 1111 1111": "4111 1111 1111 1111",
    "1. 4111 1111 1111 1111": "4111 1111 1111 1111",
    "pay 49 4111111111111111": "4111111111111111",
    "4111_1111_1111_1111": "4111_1111_1111_1111",
    "4111 1111\n1111 1111": "4111 1111\n1111 1111",
}


@pytest.mark.parametrize(("text", "card"), CARDS.items())
def test_card_is_found_beside_other_numbers(text: str, card: str) -> None:
    found = [(one.kind.value, one.value(text)) for one in detector.find(text)]
    assert ("card", card) in found
    assert "[CARD]" in redact(text)
    assert holds("personal", f"It is {text}, yes.", Known())
    assert not holds("personal", f"It is {text}, yes.", Known(f"mine is {card}"))


def test_number_beside_a_card_is_found_too() -> None:
    text = "+15550109999 4111111111111111"
    assert [one.kind.value for one in detector.find(text)] == ["phone", "card"]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112 12/28",  # fails its check
        "4111 1111 1111 1111 1111",  # no month and year behind it
        "1234 4111 1111 1111 1111",  # the middle of another number
        "order 2 4532015112830366",
        "the years 1999 2001 2003 2005",
        "4111\n1111\n1111\n1111",  # a column
    ],
)
def test_number_with_other_digits_is_no_card(text: str) -> None:
    assert [one for one in detector.find(text) if one.kind.value == "card"] == []


def made(*pieces: str) -> str:
    """Returns a secret in its vendor's form; no scanner of repositories takes it for a real one."""
    return "".join(pieces)


_HEX = "0123456789abcdef"
SECRETS = {
    "https://hooks.slack.com/services/T0/B0/{}": made("T00000000", "B00000000", "XyXyXyXy"),
    "key {} here": made("SG", ".ngeVfQFYQlKU0ufo8x5d1A.", "TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc"),
    "bot {} here": made("110201543", ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
    "use {} here": made("MTk4NjIyNDgzNDcxOTI1MjQ4", ".Cl2FMQ.", "ZnCjm1XVW7vRze4b7Cq4se7kKWs"),
    "twilio {} here": made("SK", _HEX, _HEX),
    "AccountKey={};Suffix=x": made("Eby8vdM02xNOcqFlqUwJPLlm", "EtlCDXJ1OUzFT50uSRZ6=="),
    "https://a.example/c?sv=2020&sig={}&se=1": made("abcdEFGH1234567890", "abcdEFGH%3D"),
    '{{\\"password\\":\\"{}\\"}}': "Hunter2xyz",
    "curl -u admin:{} https://x.example": "Hunter2xyz",
    "private key 0x{} of mine": made(_HEX, _HEX, _HEX, _HEX),
    "seed phrase: {}.": " ".join(["legal", "winner", "thank"] * 4),
    "Cookie: {}\nAccept: text/html": "session=abcdEFGH1234567890abcd; csrf=zzzz",
    "my PIN is {}.": "4821",
    "CVV {} and": "123",
    "the code from the SMS is {}.": "482913",
}


@pytest.mark.parametrize(("form", "secret"), SECRETS.items())
def test_secret_is_found_where_no_colon_names_it(form: str, secret: str) -> None:
    text = form.format(secret)
    found = [one.value(text) for one in detector.find(text) if one.kind.value == "api_key"]
    assert len(found) == 1
    assert secret in found[0]
    stored = redact(text)
    assert secret not in stored
    assert "[SECRET]" in stored


@pytest.mark.parametrize(
    "text",
    [
        "Pin 12 of the board is 5000 ohms away",
        "my pin board has 4821 photos",
        "PIN code: 560001, Bengaluru",
        "The CVV is on the back of the card",
        "security code reviews take 300 days",
        "The code is 482913 lines long",
        "transaction 0x" + _HEX * 4,
        "The seed phrase: write it down and keep it in a safe place, as it is all that you have",
        "I like a cookie: it is sweet",
        "sign with SK2024 or the SG.2 form",
        "curl -u needs a name and a password",
    ],
)
def test_words_that_sound_like_a_secret_are_none(text: str) -> None:
    assert [one for one in detector.find(text) if one.kind.value == "api_key"] == []
    assert "[SECRET]" not in redact(text)


def test_account_with_dots_is_found() -> None:
    text = "DE89.3704.0044.0532.0130.00"
    assert [one.kind.value for one in detector.find(text)] == ["iban"]
    assert redact(text) == "[IBAN]"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("j a n e @ e x a m p l e . c o m", "email", "j a n e @ e x a m p l e . c o m"),
        ("to j a n e . d o e @ w e b . d e, ok", "email", "j a n e . d o e @ w e b . d e"),
        ("我叫王小明,电话13800138000", "phone", "13800138000"),
        ("手机号是138 0013 8000。", "phone", "138 0013 8000"),
        ("tel13800138000", "phone", "13800138000"),
        ("電話:+8613800138000", "phone", "+8613800138000"),
    ],
)
def test_address_and_number_are_found_however_they_are_spaced(
    text: str, kind: str, value: str
) -> None:
    assert (kind, value) in [(one.kind.value, one.value(text)) for one in detector.find(text)]
    assert value not in redact(text)


@pytest.mark.parametrize("text", ["a @ b . c", "x @ 5 . 0 0", "订单13800138000", "x = a @ b @ c"])
def test_sign_between_letters_is_no_address(text: str) -> None:
    assert not detector.find(text)
    assert redact(text) == text
