"""Tests what `redact` removes, what it leaves, and that its time grows with the text's length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.redact import LEFT_OUT, ibans, luhn, redact, redacted_to_store
from tests.kits.checks.growth import in_proportion

TAKEN = [
    ("mail jo.doe+x@mail.example.co.uk now", "mail [EMAIL] now"),
    ("à josé.garcía@beispiel.de!", "à [EMAIL]!"),
    ("jose\u0301@beispiel.de", "[EMAIL]"),
    ("info@müller.de, info@xn--mller-kva.xn--p1ai", "[EMAIL], [EMAIL]"),
    ("jo.doe (at) example (dot) com", "[EMAIL]"),
    ("jo[at]mail.example.com", "[EMAIL]"),
    (
        "\u8bf7\u8054\u7cfbwang@example.com\u8c22\u8c22\u4f60\u4eec",
        "\u8bf7\u8054\u7cfb[EMAIL]\u8c22\u8c22\u4f60\u4eec",
    ),
    ("\u8bf7\u8054\u7cfb12345@qq.com\u3002", "\u8bf7\u8054\u7cfb[EMAIL]\u3002"),
    ("\uba54\uc77c\uc740kim(at)example.co.kr\uc73c\ub85c", "\uba54\uc77c\uc740[EMAIL]\uc73c\ub85c"),
    ("\u5f20\u4f1f@\u4f8b\u5b50.\u4e2d\u56fd", "[EMAIL]"),
    ("\u5f20\u4f1f@example.com\u3067\u3059", "[EMAIL]\u3067\u3059"),
    ("\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444", "[EMAIL]"),
    ("j\u043ee@example.com, jo@m\u00fcnchen.verm\u00f6gensberater", "[EMAIL], [EMAIL]"),
    ("to=jo%40example.com&x=1", "to=[EMAIL]&x=1"),
    ("call +1 (415) 555-0132.", "call [PHONE]."),
    ("call 0301234567", "call [PHONE]"),
    ("call 415-555-0132", "call [PHONE]"),
    ("card 4111 1111 1111 1111 ok", "card [CARD] ok"),
    ("7,4111111111111111,+49301234567,078-05-1120", "7,[CARD],[PHONE],[ID]"),
    ("Ann Lee,4111111111111111", "Ann Lee,[CARD]"),
    ("card 378282246310005 ok", "card [CARD] ok"),
    ("IBAN GB82 WEST 1234 5698 7654 32 AND more", "IBAN [IBAN] AND more"),
    ("iban de89370400440532013000", "iban [IBAN]"),
    ("ssn 078-05-1120", "ssn [ID]"),
    ("é 4111\u00a01111\u20111111\u20131111 é", "é [CARD] é"),
    ("\uff14\uff15\uff13\uff12015112830366", "[CARD]"),
    ("call +49\u202f30\u202f1234567", "call [PHONE]"),
    ("card 4111\u20021111\u200a1111\u20001111", "card [CARD]"),
    ("IBAN DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000.", "IBAN [IBAN]."),
    ("ssn 078\u201105\u20111120", "ssn [ID]"),
    (
        "card 4111\u20131111\u20131111\u20131111, 3782 \u2212 822463 \u2212 10005",
        "card [CARD], [CARD]",
    ),
    ("ssn 078\u201305\u20131120 x", "ssn [ID] x"),
    ("from 1\u20134111111111111111", "from 1\u2013[CARD]"),
    ("7,+49 30\u20131234567; (030)\u20131234567", "7,[PHONE]; [PHONE]"),
    ("0049\u201330\u20131234567, 0176\u2013123 456 78", "[PHONE], [PHONE]"),
    ("415\u2013555\u20130132, (415) 555\u20130132", "[PHONE], [PHONE]"),
    ("01\u201323\u201345\u201367\u201389", "[PHONE]"),
    ("0800\u20131234\u2013567", "[PHONE]"),
    ("1000\u20132000 to 0301234567", "1000\u20132000 to [PHONE]"),
    ("call 612\u00a0345\u00a0678, 612 345 678", "call [PHONE], [PHONE]"),
    ("612 345 678 europe, 06 12 34 56 78 \u20ac", "[PHONE] europe, [PHONE] \u20ac"),
    ("4\u00a0111\u00a0111\u00a0111\u00a0111\u00a0111 \u20ac", "[CARD] \u20ac"),
    ("(2019-2100)", "[PHONE])"),
    ("number 12345678901234567890", "number [ID]"),
    ("key sk-abcdefghijklmnop1234", "key [SECRET]"),
    ("key tg_" + "a" * 43, "key [SECRET]"),
    ("AKIAIOSFODNN7EXAMPLE", "[SECRET]"),
    ("ghp_abcdefghijklmnop1234567890", "[SECRET]"),
    ("eyJhbGciOiJI.eyJzdWIiOiIx.abc_def", "[SECRET]"),
    ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [SECRET]"),
    ('{"password": "hunter22"}', '{"password": "[SECRET]"}'),
    ("my password is hunter22", "my password is [SECRET]"),
    ("password='hunter 2!' x", "password='[SECRET]' x"),
    ("{'password': 'it is \"7\"'}", "{'password': '[SECRET]'}"),
    ("pass: hunter2!", "pass: [SECRET]"),
    ("Uid=sa;Pwd=Abc123;Pooling=1", "Uid=sa;Pwd=[SECRET];Pooling=1"),
    ("redis://:secret@cache/0", "redis://[SECRET]@cache/0"),
    (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nAB\n-----END PGP PRIVATE KEY BLOCK-----\nx",
        "[SECRET]\nx",
    ),
    ("postgres://u:pw@db/x", "postgres://[SECRET]@db/x"),
    ("-----BEGIN PRIVATE KEY-----\nAB\n-----END PRIVATE KEY-----\nx", "[SECRET]\nx"),
    ("-----BEGIN RSA PRIVATE KEY-----\nAB", "[SECRET]"),
]
LEFT = [
    "refund $12,000 or 1200000 EUR, 5.000,00 or 12k",
    "on 2026-11-20 at 10:15, room 1204",
    "version 3.11.7 of order 12345678",
    "1,234,567,890 parts at .4111111111111111 each, 12,500 more",
    "the password is wrong",
    "pass: gate, boarding pass: yes, PASS: test_login, bypass=hunter22",
    'FIRST_PASS="-pass 1 -c:v x264"',
    "http://example.com:8080/a@b and ::1",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\nAB\n-----END PGP PUBLIC KEY BLOCK-----",
    "card number 1234 is no card",
    "GB82 TEST is no IBAN at all, nor is AB12CDEFGHIJKLMNO",
    "@home and a@b",
    "50%40 of it, meet (at) noon, f(at) x.y",
    "15000\u201320000 euros, 15000 \u2013 20000 euros, 15000\u221220000 euros",
    "Preis 1.250.000\u20131.500.000 Euro",
    "\u00a7 10115\u201320099, (100000\u2013250000 users), +1000\u20131500 points",
    "1000\u20131500\u20132000 mg, 1000\u20131500\u20132000\u20132500\u20133000 mg",
    "4111\u20131111\u20131111\u20131112 fails its check",
    "version 10.15.7\u201311.2.3",
    "01.02.\u201303.04.2024, 01/02\u201303/04/2024, 2024-01-01\u20132024-02-03",
    "1\u00a0250\u00a0000\u00a0000\u00a0\u20ac, 123\u202f456\u202f789 EUR, 1 250 000 000 euros",
    "(1954-1962), (1000 - 2099)",
    "open 0800\u20131700 10 May",
    "the war (1954\u20131962) cost 12\u00a0500\u00a0€ in \uff11\uff12 towns",
]


@pytest.mark.parametrize(("text", "expected"), TAKEN)
def test_detail_is_taken_out(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize("text", LEFT)
def test_ordinary_text_is_left(text: str) -> None:
    assert redact(text) == text


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("digits", "valid"), [("4111111111111111", True), ("4111111111111112", False)]
)
def test_luhn_check(digits: str, valid: bool) -> None:
    assert luhn(digits) is valid


@pytest.mark.parametrize(
    "piece",
    [
        "a@",
        "1 ",
        "AB12 ",
        "eyJa-",
        "password=",
        "a.",
        "://a:b",
        "(1",
        "x@y.",
        "a(at)",
        "a%40",
        "1\u2013",
        "+1 \u2013",
        "0123\u2013",
    ],
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    assert in_proportion(redact, piece)


@pytest.mark.parametrize("piece", ["DE89 ", "gb29 "])
def test_beginnings_of_ibans_take_little_time_beside_other_words(piece: str) -> None:
    """Each of them had its check digits worked out, for which the text took four times as long."""

    def least_s(one: str) -> float:
        text = one * (60_000 // len(one))
        times = list[float]()
        for _ in range(5):
            began = time.thread_time()
            redact(text)
            times.append(time.thread_time() - began)
        return min(times)

    assert least_s(piece) < 2.5 * least_s("a b ")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("DE89 DE89 3704 0044 0532 0130 00", 1),  # begins within what has the form of one
        ("NO93 8601 1117 947 NO9386011117947", 2),
        ("MT84MALT011000012345MTLCAST001S", 1),
        ("DE89 3704 0044 0532 0130 001", 0),  # longer than a German one
        ("\u017fE89 3704 0044 0532 0130 00", 0),  # no letter of a country
    ],
)
def test_an_iban_has_the_length_of_its_country(text: str, count: int) -> None:
    assert len(list(ibans(text))) == count


@pytest.mark.parametrize(
    "parts", [(9_000, 300, 43), (300, 20_000, 43), (300, 300, 9_000), (8_000, 16_000, 43)]
)
def test_a_signed_token_of_any_length_is_taken_out(parts: tuple[int, int, int]) -> None:
    token = ".".join(letter * size for letter, size in zip("abc", parts, strict=True))
    assert redact(f"key eyJ{token} end") == "key [SECRET] end"


MOST = 100_000


def test_a_text_of_the_most_that_is_stored_is_stored_whole() -> None:
    text = ("Mail jo@example.com " * MOST)[:MOST]
    assert redacted_to_store(text, MOST) == redact(text)


def test_a_longer_text_is_stored_with_its_begin_and_its_end() -> None:
    text = "Mail jo@example.com first. " + "more words " * MOST + "Call +1 (415) 555-0132 at last."
    stored = redacted_to_store(text, MOST)
    begin, end = stored.split(LEFT_OUT)
    assert begin.startswith("Mail [EMAIL] first. ")
    assert end.endswith("Call [PHONE] at last.")
    assert MOST / 4 < len(stored) < MOST


@pytest.mark.parametrize(
    "secret", ["4111 1111 1111 1111", "password: hunter2hunter2", "sk-" + "a1" * 5_000]
)
@pytest.mark.parametrize("side", [1, -1])
def test_no_part_of_a_secret_is_left_where_a_long_text_is_cut(secret: str, side: int) -> None:
    within = len(secret) // 2
    rest = "x " * MOST
    before = "x " * (MOST // 4)
    parts = (before[within:] + secret, rest) if side > 0 else (rest, secret + before[within:])
    stored = redacted_to_store("".join(parts), MOST)
    assert set(stored) <= set("x \n[PART LEFT OUT]SECRET")
