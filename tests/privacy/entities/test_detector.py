"""Checks what counts as a personal detail, and what only looks like one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.entities import checksums
from router.privacy.entities.detector import find
from router.privacy.entities.disguises import plain
from router.privacy.entities.kinds import EntityKind


def found_in(text: str) -> list[tuple[str, str]]:
    return [(entity.kind.value, entity.value(text)) for entity in find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("my name is Anna Keller and I am ill", "name", "Anna Keller"),
        ("Dear Mr Okonkwo, thank you", "name", "Okonkwo"),
        ("DOB: 14/09/1951", "birth_date", "14/09/1951"),
        ("geboren am 3. März 1966 in Ulm", "birth_date", "3. März 1966"),
        ("nata il 12 marzo 1984 a Roma", "birth_date", "12 marzo 1984"),
        ("Luca, nato a Reggio Emilia il 3 aprile 1990", "birth_date", "3 aprile 1990"),
        ("nata l'8 dicembre 1984", "birth_date", "8 dicembre 1984"),
        ("data di nascita: 01/02/1970", "birth_date", "01/02/1970"),
        ("urodzona 12 marca 1984 r.", "birth_date", "12 marca 1984"),
        ("urodzony 12.03.1984 w Krakowie", "birth_date", "12.03.1984"),
        ("Jan (ur. 5 września 1961)", "birth_date", "5 września 1961"),
        ("1984-03-12 (DOB)", "birth_date", "1984-03-12"),
        ("12.03.1984 (Geburtsdatum)", "birth_date", "12.03.1984"),
        ("3 May 1980 [date of birth]", "birth_date", "3 May 1980"),
        ("to 12 Elm Street, Boston, MA 02118 please", "address", "12 Elm Street, Boston, MA 02118"),
        ("wohnt Lindenweg 4, 79100 Freiburg", "address", "Lindenweg 4, 79100 Freiburg"),
        ("mail jo@example.com", "email", "jo@example.com"),
        ("\u8bf7\u8054\u7cfbwang@example.com\u8c22\u8c22", "email", "wang@example.com"),
        ("call +1 (415) 555-0132", "phone", "+1 (415) 555-0132"),
        ("MRN: 00483921", "medical_record", "00483921"),
        ("passport no. 533380006", "passport", "533380006"),
        ("pay DE89 3704 0044 0532 0130 00 now", "iban", "DE89 3704 0044 0532 0130 00"),
        ("card 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
        ("card=4111111111111111", "card", "4111111111111111"),
        ("PAN#4111111111111111.", "card", "4111111111111111"),
        ("ref/4111111111111111", "card", "4111111111111111"),
        ("PAN-4111-1111-1111-1111", "card", "4111-1111-1111-1111"),
        ("card:4111111111111111", "card", "4111111111111111"),
        ("pan=3782 822463 10005 12/27", "card", "3782 822463 10005"),
        ("https://pay.example/x?a=1&card=4111111111111111&b=2", "card", "4111111111111111"),
        ("2,4111111111111111,Ulm", "card", "4111111111111111"),
        ("Anna,+49301234567,Ulm", "phone", "+49301234567"),
        ("SSN 219-44-8610", "ssn", "219-44-8610"),
        ("card 4111\u00a01111\u20111111\u20131111", "card",
         "4111\u00a01111\u20111111\u20131111"),
        ("card \uff14\uff15\uff13\uff12015112830366", "card",
         "\uff14\uff15\uff13\uff12015112830366"),
        ("card 4111\u20021111\u200a1111\u205f1111", "card",
         "4111\u20021111\u200a1111\u205f1111"),
        ("call +49\u202f30\u202f1234567", "phone", "+49\u202f30\u202f1234567"),
        ("pay DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "iban",
         "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"),
        ("SSN 219\u201144\u20118610", "ssn", "219\u201144\u20118610"),
        ("\u20130176 12345678", "phone", "0176 12345678"),
        ("Tel.\u20130301234567", "phone", "0301234567"),
        ("SSN\u2013219-44-8610", "ssn", "219-44-8610"),
        ("\u2013+49 30 1234567", "phone", "+49 30 1234567"),
        ("born\u201312.03.1980", "birth_date", "12.03.1980"),
        ("from\u2013203.0.113.77", "ip", "203.0.113.77"),
        ("DNI\u201312345678Z", "ssn", "12345678Z"),
        ("NIE X\u20111234567\u2011L", "ssn", "X\u20111234567\u2011L"),
        ("MRN: AB\u2011123456", "medical_record", "AB\u2011123456"),
        ("GB82\u2011WEST\u20111234\u20115698\u20117654\u201132", "iban",
         "GB82\u2011WEST\u20111234\u20115698\u20117654\u201132"),
        ("call 0176 \u2013 12345678", "phone", "0176 \u2013 12345678"),
        ("wohnt Hans\u2011Sachs\u2011Weg 4, 79100 Ulm", "address",
         "Hans\u2011Sachs\u2011Weg 4, 79100 Ulm"),
        ("Anna \u00e8 nata il 4 aprile 1949", "birth_date", "4 aprile 1949"),
        ("Il sottoscritto, NATO il 4 aprile 1949", "birth_date", "4 aprile 1949"),
        ("lavora in azienda, nata il 4 aprile 1949", "birth_date", "4 aprile 1949"),
        ("mi cumple es el 3 de mayo de 1980", "birth_date", "3 de mayo de 1980"),
        ("fecha nac. 03/05/1980", "birth_date", "03/05/1980"),
        ("nacida en Sevilla el 03/05/1980", "birth_date", "03/05/1980"),
        ("llama al 600\u2013700\u2013800", "phone", "600\u2013700\u2013800"),
        ("415\u2013555\u20130132", "phone", "415\u2013555\u20130132"),
        ("912 345 678", "phone", "912 345 678"),
        ("DNI 12345678Z", "ssn", "12345678Z"),
        ("from 203.0.113.77", "ip", "203.0.113.77"),
        ("SSN 219-44-8610, IP 192.168.1.77", "ip", "192.168.1.77"),
        ("Steuer-ID 12.345.678.903", "ssn", "12.345.678.903"),
        ("from 2001:db8::dead:beef", "ip", "2001:db8::dead:beef"),
        ("password='hunter 2!' x", "api_key", "hunter 2!"),
        (r'{"password": "hunter2\"xyz99"}', "api_key", r"hunter2\"xyz99"),
        ("pass: hunter2!", "api_key", "hunter2!"),
        ("redis://:secret@cache/0", "api_key", ":secret"),
        ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a", "api_key",
         "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ],
)  # fmt: skip
def test_personal_detail_is_found(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Will it rain in May?",
        "Invoice 2024-03-15-0042 totals $1,234,567.89.",
        "Upgrade from version 10.14.6.2 to 11.0.3.1.",
        "4111 1111 1111 1112 fails its check",
        "GB00 WEST 1234 5698 7654 32 fails its check",
        "Order 555-123-4567 is late",
        "The contract ends on 30 June 2025.",
        "consegnata il 12 marzo 2024, la nota il 13 marzo 2024",
        "nata l'idea il 3 maggio 2020",
        "faktura z 12 marca 2024",
        "la NATO il 4 aprile 1949",
        "LA NATO IL 4 APRILE 1949",
        "La OTAN naci\u00f3 el 4 de abril de 1949",
        "la societ\u00e0 \u00e8 nata il 4 aprile 1949",
        "Fiesta nacional 12/10/2024",
        "el plazo se cumple el 3 de mayo de 2024",
        "o dat\u0103, la 4.04.1949",
        "600\u2013700\u2013800",
        "sizes 600\u2013700\u2013800 mm",
        "2021-05-04 (due), 2021-05-05 (DOB unknown)",
        "SSN 000-12-3456",
        "use 127.0.0.1 for tests",
        "card=4111111111111112 fails its check",
        "https://shop.example/items/4111111111111111",
        "https://shop.example/show?item=4111111111111111",
        "/items/of/4111111111111111",
        "n=4111111111111111a, n=41111111111111110000",
        "n=4111-1111-1111-1111-2222, n=1234-4111-1111-1111-1111",
        "id 44441111-4111-4111-8111-111111111111",
        "order=4111111111111111",
        "4111\u00a01111\u00a01111\u00a01112 fails its check",
        "card 4111\u20141111\u20141111\u20141111",
        "card 4111\u20281111\u20281111\u20281111",
        "from 1954\u20131962, \uff11\uff12 towns",
        "id 4444\u20134111111111111111",
        "part AB-0301234567",
        'print("token: " + tok + "x")',
        '"token": "EOS"',
    ],
)
def test_look_alike_is_left_alone(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("addr=mila%40mail.example&x=1", "mila%40mail.example"),
        ("contact ruth&#64;mail.example", "ruth&#64;mail.example"),
        ("see am9obi5kb2VAZXhhbXBsZS5jb20= here", "am9obi5kb2VAZXhhbXBsZS5jb20="),
        ("addr=mila%2540mail.example&x=1", "mila%2540mail.example"),
        ("mail mila&amp;#64;mail.example", "mila&amp;#64;mail.example"),
        (
            "see YW05b2JpNWtiMlZBWlhoaGJYQnNaUzVqYjIwPQ== here",
            "YW05b2JpNWtiMlZBWlhoaGJYQnNaUzVqYjIwPQ==",
        ),
    ],
)
def test_encoded_address_is_found_where_it_stands(text: str, value: str) -> None:
    assert any(value.endswith(found) for _, found in found_in(text))


@pytest.mark.parametrize(
    "word",
    ["birthdate", "birthday", "birth date", "of birth", "geboren", "Geburtsdatum", "naissance",
     "nacimiento", "nacida el", "nació el", "cumple", "fecha de nac", "anniversaire", "Born", "DOB",
     "D.O.B.", "D.OB", "DO.B", "birth", "geb.", "né le", "née le", "né(e) le", "née le\n",
     "nata il", "nato l'", "nato in data", "nata a Roma il", "nascita", "urodziny",
     "urodzona", "ur."],
)  # fmt: skip
def test_each_word_of_birth_is_looked_for(word: str) -> None:
    assert ("birth_date", "03.05.1980") in found_in(f"{word} 03.05.1980".replace("' ", "'"))


@pytest.mark.parametrize(
    "text",
    [
        "1980-05-03 (DOB), 2021-05-04 (visit)",
        "2021-05-04 (DOB 1980-05-03)",
        "1980-05-03 is her birthday; 2021-05-04 was fine",
        "urodzona 1980-05-03, wizyta 2021-05-04",
    ],
)
def test_date_beside_a_date_of_birth_is_left_alone(text: str) -> None:
    assert found_in(text) == [("birth_date", "1980-05-03")]


def test_second_of_two_ibans_is_found() -> None:
    text = "NL57INGB4220484417 and IT60X0542811101000000123456"
    assert [kind for kind, _ in found_in(text)] == ["iban", "iban"]


def test_family_name_is_found_again_alone() -> None:
    text = "Anneliese Wackernagel came.\nLater, Wackernagel paid."
    assert [value for _, value in found_in(text)] == ["Anneliese Wackernagel", "Wackernagel"]


@given(st.text(max_size=300))
def test_findings_lie_in_order_within_the_text(text: str) -> None:
    found = find(text)
    places = [place for entity in found for place in (entity.start, entity.end)]
    assert places == sorted(places)
    assert all(0 <= entity.start < entity.end <= len(text) for entity in found)


@given(st.text(max_size=200))
def test_plain_text_maps_back_into_its_origin(text: str) -> None:
    read = plain(text)
    for place in range(len(read.text)):
        start, end = read.origin(place, place + 1)
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    "name",
    ["api key", "ACCESS_TOKEN", "Secret", "to\u212aen", "pa\u017f\u017fword", "passwd", "PWD",
     "passphrase", "Passcode", "pass", "client-secret", "Passwort", "KENNWORT", "mot de passe",
     "CONTRASE\u00d1A"],
)  # fmt: skip
def test_each_name_of_a_secret_is_looked_for(name: str) -> None:
    assert ("api_key", "hunter2x") in found_in(f"{name}: hunter2x")


@pytest.mark.parametrize("scheme", ["Bearer", "BASIC"])
def test_each_scheme_of_authorization_is_looked_for(scheme: str) -> None:
    assert ("api_key", "QWxhZGRpbjpvcGVu") in found_in(f"{scheme} QWxhZGRpbjpvcGVu")


def test_german_tax_number_has_a_check_digit() -> None:
    assert checksums.is_german_tax_id("30217668860")
    assert not checksums.is_german_tax_id("30217668861")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("hi, my name is priyanka and my card was declined", ["priyanka"]),
        ("ich heiße ayşe und habe eine frage", ["ayşe"]),
        ("My name is not on the list", []),
        ("Add Priyanka Raman to the call", ["Priyanka Raman"]),
        ("Copy in Tobias Henkel please", ["Tobias Henkel"]),
        ("Meet Bartholomew Quayle, our accountant", ["Bartholomew Quayle"]),
        ("OKONKWO, Adaeze has paid", ["OKONKWO, Adaeze"]),
        ("WARNING, Disk is full", []),
        ("From: Priyanka Raman <p@x.io>\nCc: legal@x.io, Ann Lee", ["Priyanka Raman", "Ann Lee"]),
        ("To: Sales\nSubject: Numbers", []),
        ("ask Obi, Chidi <c@x.io> about it", ["Obi, Chidi"]),
        ("so Ingrid van der Berg paid", ["Ingrid van der Berg"]),
        ("the contract of ANNELIESE WACKERNAGEL ends", ["ANNELIESE WACKERNAGEL"]),
        ("my name is priyanka raman and priyanka's order is late", ["priyanka raman", "priyanka"]),
        ("Add Bartholomew Xavier Quillfeather", ["Bartholomew Xavier Quillfeather"]),
        ("TIN or SSN required", []),
        ("class HashSet in OrderService", []),
    ],
)
def test_name_is_found_by_where_it_stands(text: str, names: list[str]) -> None:
    assert [value for kind, value in found_in(text) if kind == "name"] == names


ATTACKS = {
    "digits": "1", "pairs": "1 ", "dots": ".", "at signs": "a@", "quotes": '"', "dashes": "A-",
    "base64": "QUJD", "percent signs": "%41", "double percent signs": "%2541", "entities": "&#65;",
    "ibans": "DE89 ", "cards": "4111 1111 1111 1111 ", "hexadecimal": "ab:", "ips": "1.1.",
    "keys": "eyJaaaaaaaa.", "secrets": "secret:", "streets": "A-Straße ", "capitals": "Anna ",
    "capitals in one": "Aa", "heads": "From: ", "commas": "Anna, ", "names": "my name is ",
    "passports": "passport ", "births": "born ", "rows": "a\n", "mails": "a@b.co ",
    "slashes": "\\u0041", "brackets": "<<", "dates": "1.1.1990 ", "times": "://a:",
    "pem": "-----BEGIN ",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", ATTACKS.values(), ids=ATTACKS)
def test_four_times_the_text_takes_no_sixteen_times_as_long(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece)))[:size]
        begin = time.process_time()
        find(text)
        return time.process_time() - begin

    find("Anna")  # reads the word lists and the head
    assert seconds(80_000) < 10 * seconds(20_000) + 0.05


def test_long_text_is_read_as_its_pieces_are() -> None:
    line = "Write to Anna Keller at anna@example.com or +1 (415) 555-0132, MRN: 00483921.\n"
    text = line * 900  # several pieces, which are cut anywhere
    found = [(one.kind, one.start % len(line), one.end - one.start) for one in find(text)]
    assert len(found) == 900 * len(find(line))
    assert set(found) == {(one.kind, one.start, one.end - one.start) for one in find(line)}


def test_key_that_is_longer_than_a_piece_is_found_whole() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{'QUJD' * 9_000}\n-----END PRIVATE KEY-----"
    assert found_in(f"see {key} there") == [("api_key", key)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ms Li Na called about her invoice.", ["Li Na"]),
        ("Please ask Ms. Na Li.", ["Na Li"]),
        ("Dr Who Is back and Mr Do It too.", []),
        ("Mr Li Is here.", []),
    ],
)
def test_two_short_words_behind_a_title_are_a_name(text: str, names: list[str]) -> None:
    found = [one.value(text) for one in find(text) if one.kind is EntityKind.NAME]
    assert found == names
