"""Folds text for the rules: one spelling per character, cut to what is read, split into words.

Terms, amounts and the rules for follow-ups all read this form, so that full-width digits, letters
borrowed from another alphabet or invisible characters inside a word hide nothing. The encoder reads
the text as it was written, but for borrowed letters in Latin text (`unmask`). It knows nothing
about terms, money or models.

Every character is folded by itself through a table, never by normalising the whole string: that
would sort runs of combining marks, which is quadratic for text made for it.
"""

# ruff: noqa: RUF001, RUF002 - the look-alikes are the subject of this file

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain

from msgspec import Struct

from router.regexes.words import ascii_words

MAX_CHARS = 65_536
"""Characters of user text that are read; what lies beyond makes the request novel."""

# Letters that look like Latin ones, lower and upper case; after Unicode's confusables table, kept
# to the two alphabets that are used for it. Terms are folded too, so Russian ones still match.
_LOOKALIKES = {
    **dict(zip("авеіјкмоԛрсѕтухѵԝһԁӏ", "abeijkmoqpcstyxvwhdl", strict=True)),
    **dict(zip("АВЕІЈКМОԚРСЅТУХѴԜНԀӀ", "ABEIJKMOQPCSTYXVWHDI", strict=True)),
    **dict(zip("αβεικνορτυχγη", "aBeikvoptuxyn", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    **dict(zip("ıſßøØđĐłŁ", ("i", "s", "ss", "o", "O", "d", "D", "l", "L"), strict=True)),
    **dict.fromkeys("’‘‛`´ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("×✕✖⨯", "x"),
    "½": ".5",
    "¼": ".25",
    "¾": ".75",
    "⁄": "/",
    # A mark of a note and a power are no further digit: "$12,000¹", "10⁵".
    **{sign: f"^{digit}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}

_DRESSED = dict(zip("ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdeghijklmnoprstuvwyz", strict=True))
_LOOKALIKES |= dict(zip("ɑɡɩοօսհոցꜰ", "agioouhngf", strict=True))
# Letters in squares, circles and brackets.
for _first in (0x249C, 0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
    _DRESSED |= {chr(_first + place): chr(ord("a") + place) for place in range(26)}
_DRESSED |= dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))

_LOOKALIKES |= _DRESSED

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters that print nothing; the rest of the invisible ones are found by their category."""


_IN_GREEK = {c: _LOOKALIKES.get(c.lower(), c.lower()).upper() for c in "ΓΖΗΜΝΥ"}
"""Greek capitals that look like another Latin letter than their small ones do. In a Greek text they
fold as these, so that a term is found at the beginning of a sentence too."""
_GREEK_CAPITALS = re.compile(r"[ΓΖΗΜΝΥΉΎΫ]")
_GREEK = re.compile(r"[\u0370-\u03ff]")
_ONLY_GREEK = re.compile(r"[γδζθλμξπσςφψωάέήίόύώϊϋΐΰΓΔΘΛΞΠΣΦΨΩΆΈΉΊΌΎΏ]")
"""Letters that no Latin word borrows, since they look like none of its own."""
GREEK_SHARE = 12
"""One in so many Greek letters looks like no Latin one in a Greek text. In Greek about one in two
does, in capitals one in five; in Latin words with borrowed letters hardly any."""


class _FoldTable(dict[int, str]):
    """Maps a code point to its folded spelling; filled as characters are met.

    `own` are spellings that go before those of the look-alikes.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__()
        self._looks = {**_LOOKALIKES, **own}

    def __missing__(self, code: int) -> str:
        pieces = unicodedata.normalize("NFKD", chr(code))
        folded = "".join(_fold_one(piece, self._looks) for piece in pieces)
        looks = self._looks.get(chr(code))
        self[code] = folded if looks is None else looks
        return self[code]


def _is_greek(text: str) -> bool:
    """Returns True for a text whose Greek letters are no Latin ones in disguise."""
    if _GREEK_CAPITALS.search(text) is None:
        return False
    return GREEK_SHARE * len(_ONLY_GREEK.findall(text)) >= len(_GREEK.findall(text))


def _fold_one(char: str, looks: Mapping[str, str]) -> str:
    """Returns one character of a compatibility decomposition, "" when it prints nothing."""
    if char in looks:
        return looks[char]
    digit = unicodedata.digit(char, None)  # of any script, and in circles
    if digit is not None:
        return str(digit)
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") or char in "\t\n\r\v\f\x85":
        return char if char == "\n" else " "
    if category in ("Mn", "Me", "Cf", "Cc") or char in _FILLERS:
        return ""
    return char


_TABLE, _GREEK_TABLE = _FoldTable({}), _FoldTable(_IN_GREEK)
_ASCII = bytes(ord(_TABLE[code] or "\0") for code in range(128)).ljust(256)
_OF_ASCII = _ASCII, bytes(code for code in range(128) if not _TABLE[code])
"""What `bytes.translate` takes, four times as fast: signs for others, and signs to leave out."""
_ASCII_WORDS = re.compile(r"[a-z]+|[0-9]+")

# Scripts written without spaces: each character is a word, so that a term is found inside a run.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Vowel signs of Indian scripts are marks of their own width, which \w leaves out.
_MARKS = "\u0903\u093b\u093e-\u0940\u0949-\u094c\u094e\u094f"
_ANY_WORDS = re.compile(rf"[0-9]+|[{_UNSPACED}]|(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])+")


class Folded(Struct, frozen=True):
    """Holds a folded text.

    `text` keeps its case and line breaks. `words` are lower-case runs of letters or of digits, in
    order. `cut` says that more was there than is read. `raw` is the part that was folded, as it was
    written, if it is known.
    """

    text: str
    words: tuple[str, ...]
    cut: bool = False
    raw: str = ""


def fold(text: str) -> Folded:
    """Returns the text as the rules read it, at most MAX_CHARS of it, in linear time.

    >>> fold("Ｗire\\u200b tránsfer: 12.000 €, can’t wait").words
    ('wire', 'transfer', '12', '000', 'cant', 'wait')
    """
    raw = text[:MAX_CHARS]
    if raw.isascii():
        plain = raw.encode().translate(*_OF_ASCII).decode()
    else:
        plain = raw.translate(_GREEK_TABLE if _is_greek(raw) else _TABLE)
    cut = len(text) > MAX_CHARS or len(plain) > MAX_CHARS
    if len(plain) > MAX_CHARS:  # some characters fold to several
        plain = plain[:MAX_CHARS]
    return Folded(plain, words_of(plain), cut, raw)


class Accents:
    """Gives pieces of a folded text the accents that they were written with, in linear time.

    Anything else that folding changed stays folded: people see which digits and letters were read,
    and nothing that a terminal would act on.

    >>> Accents(fold("3 Stühle zu je 2.000 €, ja")).of(0, 22)
    '3 Stühle zu je 2.000 €'
    >>> Accents(fold("１２ Stühle")).of(0, 9)
    '12 Stuhle'
    """

    def __init__(self, folded: Folded) -> None:
        self._text = folded.text
        self._raw = "" if folded.raw.isascii() else folded.raw

    @cached_property
    def _starts(self) -> list[int]:
        """Returns the place of each letter in the folded text, and that of the end."""
        lengths = [len(_TABLE[ord(letter)]) for letter in self._raw]
        return list(accumulate(lengths, initial=0))

    def of(self, start: int, end: int) -> str:
        """Returns a piece of the folded text as it was written."""
        plain = self._text[start:end]
        if not self._raw:  # ASCII has no accents
            return plain
        # An accent of its own has no place in the folded text, and belongs to the letter before.
        first, last = (bisect_right(self._starts, place) - 1 for place in (start, end))
        written = unicodedata.normalize("NFC", self._raw[first:last])
        kept = all(map(_keeps_its_form, written)) and written.translate(_TABLE) == plain
        return written if kept else plain


def _keeps_its_form(letter: str) -> bool:
    """Returns True for ASCII, letters with accents, and signs of currencies."""
    return (
        (letter.isascii() and letter.isprintable())
        or (letter.isalpha() and "\u00c0" <= letter <= "\u024f")
        or unicodedata.category(letter) == "Sc"
    )


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NOTHING = "\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0"
_TAG = "\U000e0020-\U000e007e"
_UNUSUAL = re.compile(f"[{_NOTHING}{_TAG}{_SELECTORS}]")
"""Finds what prints nothing: most texts have none, and are shown as they are after one look."""
_FROM_TAG = {code: code - 0xE0000 for code in range(0xE0020, 0xE007F)}
_REGIONS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")
)
"""The flags of England, Scotland and Wales: no others are spelled with tag characters."""
_FLAG = "\U0001f3f4"
_LINE_ENDS = frozenset(("", "\n"))
MOST_CUTS = 3
"""Runs of tag characters between the words of lines that a text may have and still be read with
what they say in its place. A hidden message is one run; many of them only hide the visible one."""
_TAGS = re.compile(f"{_FLAG}(?:{_REGIONS})\U000e007f|[{_TAG}]+")
_WITHIN = "\ue000"  # stands for tag characters between letters; no letter of any language
_BLANKS = re.compile(f"[\u2800\u3164\uffa0{_WITHIN}]+")  # print as blanks, or as nothing
_NO_GAP = rf"[^\s\u2800\u3164\uffa0{_WITHIN}]{{2}}"
_PARTS = re.compile(rf"(?<={_NO_GAP}){_BLANKS.pattern}(?={_NO_GAP})")
_SELECTED = re.compile(f"[{_SELECTORS}]{{4,}}")  # no sign has more than one
# Soft hyphens of a page, and what prints nothing. Persian and emojis need joiners between theirs.
_UNSEEN = re.compile(f"{_WITHIN}|(?<=[A-Za-z\u00c0-\u024f])[{_NOTHING}\ufe00-\ufe0f]+")


def ways_shown(text: str) -> tuple[str, ...]:
    """Returns a text as its readers see it, and what else it may say.

    Entities of HTML are characters. Tag characters, which print nothing and which models read, are
    letters on a line of their own. So are bytes that variation selectors spell. Other signs that
    print nothing are left out behind Latin letters. The flag of a region, such as Scotland's, is
    spelled with tag characters and says nothing.

    Signs that print as blanks and are none may stand within words or between them, and so may tag
    characters. Where they are most of the gaps, they part words. Where tag characters would cut
    lines, the text is also read with what they say at its end: first where they cut many.

    >>> ways_shown("&#36;9&#44;000 &amp; stra\u00adte\u200bgy")
    ('$9,000 & strategy',)
    >>> ways_shown("hi\U000e0050\U000e0061\U000e0079"), ways_shown("pay\u3164it")
    (('hi\\nPay\\n',), ('pay it', 'payit'))
    """
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if text.isascii() or _UNUSUAL.search(text) is None:
        return (text,)
    return tuple(dict.fromkeys(chain.from_iterable(map(_with_gaps, _with_tags(text)))))


def _with_gaps(text: str) -> tuple[str, ...]:
    """Returns the ways to read a text with what prints as a blank or as nothing."""
    text = _SELECTED.sub(_spelled, text)
    whole = _UNSEEN.sub("", text)
    if _BLANKS.search(text) is None:
        return (whole,)
    times = len(_PARTS.findall(text))
    if not times:
        return (whole,)
    parted = _UNSEEN.sub("", _BLANKS.sub(" ", text))
    return (parted, whole) if times > text.count(" ") else (whole, parted)


def _spelled(match: re.Match[str]) -> str:
    """Returns the text whose bytes a run of variation selectors spells."""
    codes = [ord(char) for char in match[0]]
    spelled = bytes(c - 0xFE00 if c < 0xE0100 else c - 0xE0100 + 16 for c in codes)
    return f"\n{spelled.decode('utf-8', 'replace')}\n"


def _with_tags(text: str) -> tuple[str, ...]:
    """Returns the text with what tag characters say; what they say within words stands last.

    A sign of ours stands for them there. What they say between words stands in its place, and in
    a second text at the end, where it cuts no sentence of the visible words.
    """
    within, apart, placed, seen = list[str](), list[str](), list[str](), list[str]()
    cuts = end = 0
    for run in _TAGS.finditer(text):
        start, behind = run.start(), text[run.end() : run.end() + 1]
        piece, before = text[end:start], text[max(0, start - 1) : start]
        end, said = run.end(), run[0].translate(_FROM_TAG)
        sign = gap = ""
        if run[0][0] == _FLAG:
            sign = gap = _FLAG
        elif before.isalnum() and behind.isalnum():
            sign = gap = _WITHIN
            within.append(said)
        else:
            sign = f"\n{said}\n"
            apart.append(said)
            cuts += before not in _LINE_ENDS and behind not in _LINE_ENDS
        placed += (piece, sign)
        seen += (piece, gap)
    last = ["\n", *within] if within else []
    in_place = "".join([*placed, text[end:], *last])
    if not cuts:
        return (in_place,)
    at_end = "".join([*seen, text[end:], *last, *chain.from_iterable(("\n", s) for s in apart)])
    return (at_end, in_place) if cuts > MOST_CUTS else (in_place, at_end)


def origins(text: str, folded: Folded) -> Sequence[int]:
    """Returns the place in `text` of each character of its folded form, and of its end.

    >>> list(origins("5\u200b€ ß", fold("5\u200b€ ß")))
    [0, 2, 3, 4, 4, 5]
    """
    if len(text) == len(folded.text) and text.isascii():
        return range(len(text) + 1)
    places = [i for i, char in enumerate(text[:MAX_CHARS]) for _ in _TABLE[ord(char)]]
    places = places[: len(folded.text)]
    return [*places, places[-1] + 1 if places else 0]


def unmask(text: str) -> str:
    """Returns a mostly Latin text with look-alike letters as the Latin ones; others unchanged.

    A text that is really Greek or Russian keeps its letters: what it says is not what they look
    like.

    >>> unmask("сan you wirе it now"), unmask("привет, как дела")
    ('can you wire it now', 'привет, как дела')
    """
    if text.isascii():
        return text
    latin = sum(char.isascii() and char.isalpha() for char in text)
    letters = sum(char.isalpha() or char in _LOOKALIKES for char in text)
    if 2 * latin < letters and not _mixed(text):
        return text
    return text.translate(_TABLE)


def _mixed(text: str) -> bool:
    """Returns True when half of the words mix Latin letters with look-alikes, or are dressed up.

    No language writes so: "сhеst раin".
    """
    words = [word for word in text.split() if any(c.isalpha() or c in _LOOKALIKES for c in word)]
    return len(words) > 0 and 2 * sum(map(_strange, words)) >= len(words)


def _strange(word: str) -> bool:
    if word.isascii():
        return False
    borrowed = any(c in _LOOKALIKES and c.isalpha() for c in word)
    latin = any(c.isascii() and c.isalpha() for c in word)
    return (borrowed and latin) or all(_dressed(c) for c in word if not _is_mark(c))


def _dressed(char: str) -> bool:
    """Returns True for a Latin letter in another dress: full-width, bold, script, in a circle."""
    if char in _DRESSED:
        return True
    # "<font> 0041": a compatibility form of a letter; an accented one has no such name.
    variant = unicodedata.decomposition(char).startswith("<")
    return variant and _TABLE[ord(char)].isascii() and _TABLE[ord(char)].isalnum()


def _is_mark(char: str) -> bool:
    return char.isascii() or unicodedata.category(char)[0] in "PM"


def words_of(plain: str) -> tuple[str, ...]:
    """Returns the words of a folded text. "can't" and "cant" are one word, "boss's" is two."""
    lower = plain.lower()
    if "n't" in lower:
        lower = lower.replace("n't", "nt")
    if not lower.isascii():
        return tuple(_ANY_WORDS.findall(lower))
    words = ascii_words(lower)
    if "".join(words).isalpha() or all([word.isalpha() or word.isdigit() for word in words]):
        return tuple(words)
    return tuple(_ASCII_WORDS.findall(lower))  # letters and digits touch


def fold_all(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns the words of each text, as `fold` does, of short texts in one line.

    >>> fold_all(["Tränsfer", "can't"])
    [('transfer',), ('cant',)]
    """
    joined = "\n".join(texts)
    plain = joined.translate(_TABLE).split("\n")
    # A character became a line break, or was one; each text tells for itself if it is Greek.
    if len(plain) != len(texts) or _GREEK_CAPITALS.search(joined) is not None:
        return [fold(text).words for text in texts]
    return list(map(words_of, plain))


def fold_terms(terms: Iterable[str]) -> list[tuple[str, ...]]:
    """Returns each term as the words it is found by; one without a letter or digit drops out."""
    return [words for words in fold_all(list(terms)) if words]
