"""Checks the digits of numbers that people and banks are known by. Pure."""

from __future__ import annotations

from router.privacy.redact import luhn
from router.regexes.late import late_regex

_CARD_ISSUERS = late_regex(
    r"4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|30[0-5]|3[689]|35|6011|64[4-9]|65|62"
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_card(digits: str) -> bool:
    """Returns True for a number that a card can have: an issuer's first digits, and Luhn's check.

    >>> is_card("4111111111111111"), is_card("4111111111111112"), is_card("9781234567897")
    (True, False, False)
    """
    return 13 <= len(digits) <= 19 and bool(_CARD_ISSUERS.match(digits)) and luhn(digits)


def is_us_ssn(digits: str) -> bool:
    """Returns True for nine digits that the Social Security Administration may have issued."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def is_french_number(digits: str) -> bool:
    """Returns True where the last two of 15 digits are 97 less the rest modulo 97 (NIR)."""
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_spanish_number(compact: str) -> bool:
    """Returns True where the letter fits the number of a DNI or NIE.

    >>> is_spanish_number("12345678Z"), is_spanish_number("12345678A")
    (True, False)
    """
    body = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return body.isdigit() and _DNI_LETTERS[int(body) % 23] == compact[-1]


def is_german_tax_id(digits: str) -> bool:
    """Returns True where the last of 11 digits is right (ISO 7064, MOD 11,10)."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])
