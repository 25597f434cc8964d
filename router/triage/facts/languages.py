"""Tells the language of a text: by its script, and in Latin letters by its everyday words.

It names sixteen languages, since the phrases of grave matters are in these, and nine with shorter
lists of phrases, so that they are read as no other; another script gets its own name. Latin text
without a word, ending or letter of any gets none, nor does one word among measures ("cos phi
0.84"). Ukrainian and Russian share a script and are told apart by letters and words. It reads words
that are folded already. It knows nothing about what a language means for a request.
"""

# ruff: noqa: RUF001 - letters of two alphabets are what is looked for

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from router.triage.facts.vocabulary.everyday_words import (
    COMMON_WORDS,
    FUNCTION_WORDS,
    NUMBER_WORDS,
)
from router.triage.facts.vocabulary.further_words import FURTHER_LETTERS, FURTHER_WORDS
from router.triage.facts.vocabulary.northern_words import NORTHERN_LETTERS, NORTHERN_WORDS
from router.triage.text.folding import fold, words_of

UNKNOWN = ""
ENGLISH = "en"
MOST_WORDS = 80
"""Words that are looked at; the language of a request shows in its first ones."""
MOST_CHARS = 600

# Endings of words, without their accents, that one or two of these languages have.
_LANGUAGE_ENDINGS = {
    "de": "ung ungen heit keit lich liche lichen chen isch bar",
    "fr": "eaux euse euses ements eur issez aient",
    "es": "cion ciones dad dades iendo aron ieron llo llos",
    "it": "zione zioni tto tta tti zza gio glia glie ando endo ato uto ito",
    "pt": "cao coes dade dades inho inha agem agens ando endo eiro eira",
    "nl": "heid lijk lijke tje tjes ijn ijd ijk aan",
    "pl": "ych ego ami ach szy cie czy owy owa owe",
    "tr": "lari leri larin lerin yorum iyor uyor mak mek dim tim siniz miyor",
}
ENDING = 0.4
"""What an ending is worth beside a word of the lists: more than a word that three share."""
SHORTEST_WITH_ENDING = 5


def _points(lists: Mapping[str, str], worth: float) -> dict[str, tuple[tuple[str, float], ...]]:
    """Returns by word the languages that have it in their lists; they share what it is worth."""
    owners: dict[str, list[str]] = {}
    for language, words in lists.items():
        for word in words.split():
            owners.setdefault(word, []).append(language)
    return {w: tuple([(one, worth / len(of)) for one in of]) for w, of in owners.items()}


_WORDS = (
    _points(NUMBER_WORDS, 1.0)
    | _points(COMMON_WORDS, 1.0)
    | _points(FUNCTION_WORDS | NORTHERN_WORDS, 1.0)
    | _points(FURTHER_WORDS, 1.0)
)
_ENDINGS = _points(_LANGUAGE_ENDINGS, ENDING)
_LAST_LETTERS = frozenset(ending[-3:] for ending in _ENDINGS)
"""What every ending ends with: most words end otherwise."""

# Letters that few of these languages have.
_LETTERS = {
    **dict.fromkeys("ğış", ("tr",)),
    **dict.fromkeys("ąęłżźćśń", ("pl",)),
    **dict.fromkeys("ñ¿¡", ("es",)),
    **dict.fromkeys("ãõ", ("pt",)),
    **dict.fromkeys("ß", ("de",)),
    **dict.fromkeys("äöü", ("de", "tr")),
    **dict.fromkeys("èê", ("fr",)),
    **dict.fromkeys("òì", ("it",)),
    **dict.fromkeys("ùœ", ("fr",)),
    **dict.fromkeys("ç", ("fr", "pt")),
    **dict.fromkeys("áíú", ("es", "pt")),
    "ó": ("es", "pt", "pl"),
    **NORTHERN_LETTERS,
    **FURTHER_LETTERS,
    "ä": ("de", "sv"),
    "ö": ("de", "tr", "sv"),
}

_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("zh", late_regex("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ko", late_regex("[\u1100-\u11ff\uac00-\ud7af]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
RUSSIAN, UKRAINIAN = "ru", "uk"
OTHER_SCRIPTS = frozenset({UKRAINIAN, *(language for language, _ in _SCRIPTS)})
"""Languages that are not written in Latin letters."""
_CYRILLIC = (RUSSIAN, UKRAINIAN)
_UKRAINIAN_LETTERS = late_regex("[іїєґІЇЄҐ]|(?<=[бпвмфршдзнтБПВМФРШДЗНТ])['’ʼ](?=[яюєїЯЮЄЇ])")
_RUSSIAN_LETTERS = late_regex("[ыэъёЫЭЪЁ]")
_OTHER_CYRILLIC = late_regex("[ўәғқңөұүһјљњћђџѓќЎӘҒҚҢӨҰҮҺЈЉЊЋЂЏЃЌ]")
"""Letters of neither: Belarusian and Kazakh have the Ukrainian one, too."""
_UKRAINIAN_WORDS = frozenset(
    fold(
        """що як це або чи він вона вони мені мій моє мої його йому треба потрібно потрібен потрібна
    немає нема дуже дякую ласка привіт вітаю допоможіть допоможи зараз сьогодні коли хто чому
    навіщо скільки якщо також ще тільки лише після від із між щоб але бо який яка яке які цей ця
    тато біль болить робити чоловік вже дитина гроші можу пахне купити куди підкажіть добре добрий
    доброго працює більше всі знову де з мамо будь зробити гаразд переклади порахуй жити померти
    вмерти дихати дихає тисне пече болять замовлення коштує посилка донька доньці доньку доня
    випив випила випили проковтнув проковтнула забув забула загубив загубила втомилася втомився
    зламалася зламався зламалась чекаю чекати подавати бачу дитину немовля немовляти
    порізала порізав ліки пігулок хочете"""
    ).words
)
_RUSSIAN_WORDS = frozenset(
    fold(
        """что как она оно они мне нужно надо нет очень спасибо пожалуйста привет здравствуйте
    помогите сейчас сегодня когда кто где почему зачем сколько если тоже еще только после от из
    между чтобы потому который которая эта или есть быть может могу меня болит ребенок человек
    деньги с ли уже он делать снова больше хорошо жить дышать дышит подскажите сделать заказ
    стоит посылка"""
    ).words
)
"""Function words that the other one lacks; a folded text has no difference of и and й."""


_CODES = late_regex(
    r"(?<!\S)\S+@\S+|(?:https?://|www\.)\S+|(?<!\w)(?:[^\W\d_]{1,4}|[A-Z]+)?[-_/]?\d\w*(?:[-_/]\w+)*"
)
"""Addresses, and letters beside digits: "DE-998877", "SAVE10"."""
_IN_CODES = re.compile(r"[\d@](?:(?<=@)|(?=[^\s\d.,;:!?()])|(?<=[^\s\d.,;:!?()]\d))")
"""Finds an @, and a digit with a letter or a sign beside it: a bare number has no letters."""
_MARKS = ".,;:!?()"
_IN_PIECE = late_regex(r"[\d@]|www\.|://")
_OPENS_QUESTION = {"come": "it"}
"""Words of several lists that begin a question in one language, and hardly ever in the others."""
_PAIRS = {("ha", "nem"): "hu"}
"""Words that stand together in one language, though others have each: "És ha nem?" is Hungarian."""
PAIR = 2.0
_CAPITALS = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]{1,3}\b")
"""Finds acronyms, which many languages write alike, and which spell small words of some."""
_ASCII_PIECE = re.compile(r"[!-~]+")
_OF_PROGRAMS = frozenset("_(){}<>=;[]|")
"""Marks of which a piece of a program has one: "date(create_time)", "=>", "t_order"."""
_LATIN = late_regex("[A-Za-z\u00c0-\u024f]")


class Heard(NamedTuple):
    """Holds the language that a text tells, UNKNOWN for none, and if it tells it clearly.

    `even` holds all that it tells as much, () where there is one alone: `de` is in four.
    """

    language: str
    clear: bool
    even: tuple[str, ...] = ()


MEASURES = 3
"""Numbers of a text whose single letters are signs of units, "400 V": they tell no language."""
ROUNDING = 1e-9
CLEAR_LEAD = 1.5
"""Points by which a language leads where a text tells it clearly: two words that no other has. Less
does not outweigh the language of the conversation that the text continues."""


def language_of(text: str, words: Sequence[str]) -> str:
    """Returns the language of a text, `words` its folded ones; UNKNOWN where nothing tells it.

    A word that n languages share counts 1/n for each; English wins what is even.

    >>> from router.triage.text.folding import fold
    >>> texts = ("Es riecht nach Gas", "el gato y la casa", "my card was declined", "孩子", "xyz")
    >>> [language_of(text, fold(text).words) for text in texts]
    ['de', 'es', 'en', 'zh', '']
    """
    return heard(text, words).language


def heard(text: str, words: Sequence[str]) -> Heard:
    """Returns the language of a text, and whether the text tells it clearly.

    >>> heard("la", ["la"]).clear, heard("Wo ist das?", ["wo", "ist", "das"]).clear
    (False, True)
    """
    begin = text[:MOST_CHARS]
    if not begin.isascii():
        script = _script(begin)
        if script and not _imitates(begin):
            return _of_cyrillic(begin, words) if script == RUSSIAN else Heard(script, True)
    points: defaultdict[str, float] = defaultdict(float)
    short = _acronyms(begin)
    technical = sum(map(str.isdigit, words[:MOST_WORDS])) >= MEASURES
    for word in without_codes(begin, words[:MOST_WORDS]):
        if word in short or (technical and len(word) == 1):
            continue
        told = _WORDS.get(word)
        if told is None:
            if word[-3:] not in _LAST_LETTERS or len(word) < SHORTEST_WITH_ENDING:
                continue
            told = _ENDINGS.get(word[-5:]) or _ENDINGS.get(word[-4:]) or _ENDINGS.get(word[-3:], ())
        for language, share in told:
            points[language] += share
    if not begin.isascii():
        for letter in begin.lower():
            for language in _LETTERS.get(letter, ()):
                points[language] += 0.5
    for pair in pairwise(words[:MOST_WORDS]):
        if pair in _PAIRS:
            points[_PAIRS[pair]] += PAIR
    if not points:
        return Heard(UNKNOWN, False)
    opening = _OPENS_QUESTION.get(words[0]) if words else None
    if opening is not None and begin.rstrip().endswith("?"):
        points[opening] += ENDING
    *_, second, most = 0.0, *sorted(points.values())
    best = ENGLISH if points.get(ENGLISH) == most else max(points, key=points.__getitem__)
    if technical and best != ENGLISH and most <= 1 and begin.isascii():
        return Heard(UNKNOWN, False)  # one word beside numbers is as likely a sign: "cos phi 0.84"
    lead = most - second
    if lead > ROUNDING:
        return Heard(best, lead >= CLEAR_LEAD)
    return Heard(best, False, tuple([one for one, p in points.items() if second - p <= ROUNDING]))


def has_letter_of(text: str, language: str) -> bool:
    """Returns True for a text with a letter that is written in this language alone of those known.

    >>> has_letter_of("A co když ne?", "cs"), has_letter_of("Mám to?", "cs")
    (True, False)
    """
    if text.isascii():
        return False
    return any([_LETTERS.get(letter) == (language,) for letter in text[:MOST_CHARS].lower()])


def _acronyms(text: str) -> frozenset[str]:
    """Returns the short words in capitals of a text that has small letters too: "CI", "IT".

    >>> sorted(_acronyms("Der CI-Job in US-EAST hängt")), sorted(_acronyms("ICH KANN NICHT MEHR"))
    (['ci', 'east', 'us'], [])
    """
    found = _CAPITALS.findall(text)
    if not found or 2 * sum(map(len, found)) > len(_LATIN.findall(text)):
        return frozenset()
    return frozenset(map(str.lower, found))


def without_codes(text: str, words: Sequence[str]) -> Sequence[str]:
    """Returns the folded words of a text but for the letters of codes, which are in no language.

    >>> without_codes("Track parcel DE-998877", ["track", "parcel", "de", "998877"])
    ['track', 'parcel', '998877']
    """
    bare = _IN_CODES.search(text) is None and "www." not in text
    if bare and not ("://" in text and has_digit(text)):
        return words
    # A bare number has no letters that could be words.
    mixed = [p for p in text.split() if not (p.isalpha() or p.strip(_MARKS).isdigit())]
    pieces = [piece for piece in mixed if _IN_PIECE.search(piece)]
    if not pieces:
        return words
    codes = words_of(" ".join(_CODES.findall(" ".join(pieces))))
    left = [word for word in codes if not word.isdigit()]
    if not left:
        return words
    kept = []
    for word in words:
        if word in left:
            left.remove(word)
        else:
            kept.append(word)
    return kept


def continued(heard: Heard, spoken: str) -> str:
    """Returns the language of a text in a conversation that is in `spoken` so far.

    A text that tells another language clearly is in that; one that tells none keeps none.

    >>> continued(Heard("es", False), "fr"), continued(Heard("es", True), "fr")
    ('fr', 'es')
    """
    if heard.clear or heard.language == UNKNOWN or spoken in (UNKNOWN, ENGLISH):
        return heard.language
    if heard.language in _CYRILLIC and spoken not in heard.even:
        return heard.language  # its letters tell that it is none in Latin ones
    return spoken


def _of_cyrillic(text: str, words: Sequence[str]) -> Heard:
    """Returns Ukrainian or Russian; Russian that is not clear where nothing tells which.

    >>> [_of_cyrillic(one, fold(one).words).language for one in ("Де мій пес?", "Мама болеет")]
    ['uk', 'ru']
    """
    if _OTHER_CYRILLIC.search(text) is not None:
        return Heard(RUSSIAN, True)
    told = set(words[:MOST_WORDS])
    ukrainian = len(_UKRAINIAN_LETTERS.findall(text)) + len(told & _UKRAINIAN_WORDS)
    russian = len(_RUSSIAN_LETTERS.findall(text)) + len(told & _RUSSIAN_WORDS)
    if ukrainian == russian:
        return Heard(RUSSIAN, False, _CYRILLIC)
    return Heard(UKRAINIAN if ukrainian > russian else RUSSIAN, True)


_DENSE = frozenset({"zh", "ja"})
DENSE = 3
"""Latin letters that a letter of these languages says as much as; of others it is two."""

_MIXED = late_regex("[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
MIXED_WORDS = 2
"""Places where Latin letters touch those of another script, from which on the text imitates Latin
words by letters that look alike. A Russian text has one where a brand has an ending."""


def _imitates(text: str) -> bool:
    """Returns True for Latin words in letters of another script that look alike."""
    return len(_MIXED.findall(text)) >= MIXED_WORDS


def _script(text: str) -> str:
    """Returns the language of a script that has more letters here than Latin; "" for none."""
    latin = len(_LATIN.findall(text))
    for language, letters in _SCRIPTS:
        count = len(letters.findall(text))
        worth = DENSE if language in _DENSE else 2
        # One kana is enough: a Japanese text is Han and kana, a Chinese one has none.
        if count and worth * _weighted(language, text, count) > latin - _of_code(text):
            return language
    return UNKNOWN


def _of_code(text: str) -> int:
    """Returns the Latin letters of a text that stand in pieces of a program."""
    pieces = _ASCII_PIECE.findall(text)
    return sum([len(_LATIN.findall(one)) for one in pieces if not _OF_PROGRAMS.isdisjoint(one)])


def _weighted(language: str, text: str, count: int) -> int:
    """Returns the letters of a text in the scripts of a language."""
    return count + len(_SCRIPTS[1][1].findall(text)) if language == "ja" else count
