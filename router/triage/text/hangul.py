"""Splits folded Korean words into syllables, and reads sums of money in Korean.

A folded text holds Hangul in the letters of its syllables. Particles and endings are written
against a word and blanks are often left out, so that a phrase is found in a run of syllables, as in
a Japanese text. Numbers have scales of 10,000 and 100,000,000. It knows nothing about phrases.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from router.regexes.late import late_regex
from router.triage.text.folding import fold

_FIRST, _LAST = "\u1100", "\u11ff"
"""The first and the last letter of Hangul in a folded text."""
_SYLLABLE = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[^\u1100-\u11ff]+|.")


def in_syllables(words: Sequence[str]) -> Sequence[str]:
    """Returns folded words, each Korean one in its syllables.

    >>> [len(word) for word in in_syllables(fold("가스 냄새 gas").words)]
    [2, 2, 3, 2, 3]
    """
    if not any([_FIRST <= word[0] <= _LAST for word in words]):
        return words
    return [
        part
        for word in words
        for part in (_SYLLABLE.findall(word) if _FIRST <= word[0] <= _LAST else (word,))
    ]


class KoreanSum(NamedTuple):
    """Holds a sum with its place in a folded text."""

    start: int
    end: int
    value: Decimal
    currency: str


def _folded(text: str) -> str:
    return fold(text).text


_DIGITS = {_folded(sign): value for value, sign in enumerate("일이삼사오육칠팔구", start=1)}
_DIGITS |= {_folded(sign): value for sign, value in (("한", 1), ("두", 2), ("세", 3), ("네", 4))}
_TENS = {_folded("십"): 10, _folded("백"): 100, _folded("천"): 1_000}
_MYRIADS = {_folded("만"): 10**4, _folded("억"): 10**8, _folded("조"): 10**12}
_CURRENCIES = {
    _folded(word): code
    for code, words in {
        "KRW": "원",
        "USD": "달러 불",
        "EUR": "유로",
        "JPY": "엔",
        "CNY": "위안",
    }.items()
    for word in words.split()
}
_HANGUL = f"{_FIRST}-{_LAST}"
_DIGIT, _TEN, _MYRIAD = map("|".join, (_DIGITS, _TENS, _MYRIADS))
_IN_DIGITS = r"[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\.[0-9]{1,2})?|[0-9]{1,15}(?:\.[0-9]{1,3})?"
# At most five groups, "1조 2천억 3백만 5천 백": each has a scale, and the last one needs none.
_GROUP = rf"(?:(?:{_IN_DIGITS}|{_DIGIT}) ?)?(?:{_TEN}|{_MYRIAD}){{1,2}} ?"
_SUM = late_regex(
    rf"(?<![0-9.,{_HANGUL}])(?P<number>(?:{_GROUP}){{1,8}}(?:{_IN_DIGITS}|{_DIGIT})?|{_IN_DIGITS})"
    rf" ?(?P<currency>{'|'.join(_CURRENCIES)})?(?P<more>[{_HANGUL}]{{0,6}})"
)
_PIECE = late_regex(rf"{_IN_DIGITS}|{_DIGIT}|{_TEN}|{_MYRIAD}")
_LARGE = late_regex(rf"{_MYRIAD}")
_COUNTED = tuple(
    map(
        _folded,
        """명 인 개 년 건 회 번 자 장 배 대 톤 킬로 km 시간 보 걸음 평 마리 권 종 표 살 도
        점""".split(),
    )
)
"""Words behind a number that count something else."""
_OF_MONEY = late_regex(
    "|".join(
        map(
            _folded,
            """대출 빚 보증금 전세 월세 투자 송금 이체 입금 월급 연봉 매출 합의금 상속 결제
            돈 값 원금 이자 벌금 세금 예산 비용 손해 적금 예금 주식 코인 사기 계약금 잔금
            빌려 빌렸 보냈 잃었 날렸 담보 주담대 퇴직금 연금 보험금 위자료
            양육비 사채 증여 가격""".split(),
        )
    )
)
_NEAR = 60
"""Letters to either side in which a word makes a large number without a currency a sum."""
_SIGNS = late_regex(rf"[{_HANGUL}]")


def may_hold_sum(text: str) -> bool:
    """Returns False for a folded text without a letter of Korean, as nearly all are."""
    return not text.isascii() and _SIGNS.search(text) is not None


def korean_sums(text: str, codes: Mapping[str, str]) -> Iterator[KoreanSum]:
    """Yields the sums of a folded text that are written in Korean; `codes` are known currencies.

    >>> [int(one.value) for one in korean_sums(fold("3억 5천만 원, 24만원").text, {"krw": "KRW"})]
    [350000000, 240000]
    """
    if not may_hold_sum(text):
        return
    for match in _SUM.finditer(text):
        number, currency = match["number"].rstrip(), match["currency"]
        if currency is None:
            signed = text[max(0, match.start() - 2) : match.start()].strip() == "₩"
            if not (signed and _PIECE.search(number)) and not _is_sum(text, match):
                continue
            code = "KRW"
        else:
            code = _CURRENCIES[currency]
        value = _value(number)
        if value > 0 and code.lower() in codes:
            end = match.end("currency") if currency else match.start("number") + len(number)
            yield KoreanSum(match.start("number"), end, value, code)


def _is_sum(text: str, match: re.Match[str]) -> bool:
    """Returns True for a large number without a currency that is a sum by the words around it."""
    if _LARGE.search(match["number"]) is None or match["more"].startswith(_COUNTED):
        return False
    near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
    return _OF_MONEY.search(near) is not None


def _value(number: str) -> Decimal:
    """Returns the value of a number in digits, in Hangul or in both."""
    total, section, digits = Decimal(0), Decimal(0), Decimal(-1)  # -1: none read yet
    for piece in _PIECE.findall(number):
        if piece in _TENS:
            section += (Decimal(1) if digits < 0 else digits) * _TENS[piece]
            digits = Decimal(-1)
        elif piece in _MYRIADS:
            part = section + max(digits, Decimal(0))
            total += (part or 1) * _MYRIADS[piece]
            section, digits = Decimal(0), Decimal(-1)
        elif piece in _DIGITS:
            digits = Decimal(_DIGITS[piece])
        else:
            digits = Decimal(piece.replace(",", ""))
    return total + section + max(digits, Decimal(0))
