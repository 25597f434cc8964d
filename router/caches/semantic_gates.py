"""Decides by their words that two requests may share an answer; vectors cannot decide this.

Embeddings put "turn on" near "turn off". So before vectors decide anything, the words of two texts
must agree in numbers, negation, names and codes, in every word that excludes another ("on" and
"off", "from" and "to", "my" and "your", "who" and "when"), in the words that only one of them has,
and in their order. In doubt the answer is "no": a miss costs a call, a false hit a wrong answer. It
knows English function words; texts in other languages agree where their words are equal. It is pure
and knows nothing about vectors, tenants or answers.
"""

# ruff: noqa: RUF001, SIM905 - typed quotes; word lists read better as text

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from enum import StrEnum

from msgspec import Struct

MAX_CHARS = 2_000
"""Longer requests are not compared: they differ in too many words."""


class Gate(StrEnum):
    """Names what separates two requests."""

    LENGTH = "length"
    NUMBERS = "numbers"
    NEGATION = "negation"
    NAMES = "names"
    OPPOSITES = "opposites"
    MATTER = "matter"
    ORDER = "order"


class Meaning(Struct, frozen=True):
    """Holds the parts of a text that must agree with another text's."""

    numbers: tuple[str, ...]  # as written, in order; number words as digits
    negations: int
    names: tuple[str, ...]  # quoted strings, codes, addresses, capitalised words; sorted
    opposites: tuple[str, ...]  # words that exclude others, sorted
    matter: tuple[str, ...]  # the other words without function words, stemmed, in order


def gate_between(one: Meaning | None, other: Meaning | None) -> Gate | None:
    """Returns the first gate that separates two requests, None where they may share an answer.

    >>> gate_between(meaning_of("Turn on the lamp"), meaning_of("Turn off the lamp"))
    <Gate.OPPOSITES: 'opposites'>
    >>> gate_between(meaning_of("Where is my parcel?"), meaning_of("please, where is the parcel"))
    """
    if one is None or other is None:
        return Gate.LENGTH
    if one.numbers != other.numbers:
        return Gate.NUMBERS
    if one.negations != other.negations:
        return Gate.NEGATION
    if one.names != other.names:
        return Gate.NAMES
    if one.opposites != other.opposites:
        return Gate.OPPOSITES
    if Counter(one.matter) != Counter(other.matter):
        return Gate.MATTER
    return None if one.matter == other.matter else Gate.ORDER


_NUMBER_WORDS = {
    word: str(i)
    for i, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""".split()
    )
} | {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th",
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000",
    "billion": "1000000000", "half": "1/2", "quarter": "1/4", "twice": "2x", "double": "2x",
    "triple": "3x", "once": "1x", "dozen": "12", "couple": "2", "both": "2", "single": "1",
}  # fmt: skip

_NEGATIONS = frozenset(
    """no not never none nothing nobody nowhere neither nor without cannot hardly barely except
    unless instead lack lacking fail failed refuse refused deny denied""".split()
)

# Where one of them stands and not another, something else is asked. Each word counts by itself, so
# groups need not be told apart.
_OPPOSITES = frozenset(
    """on off in out up down over under above below before after since until till during while
    from to into onto toward towards through between inside outside against by
    left right top bottom front back north south east west near far
    first last next previous earlier later early late now then soon today tomorrow yesterday
    tonight morning noon afternoon evening night midnight weekday weekend daily weekly monthly
    yearly hourly annual always often sometimes
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december spring summer autumn fall winter
    day week month year hour minute second
    open close start stop begin end enable disable activate deactivate lock unlock add remove
    delete create restore undo redo insert append increase decrease raise lower reduce more less
    most least many few much little bigger smaller larger big small large long short tall high low
    higher lower fast slow faster slower better worse best worst good bad new old newest oldest
    young cheap expensive cheapest dearest hot cold warm cool wet dry hard soft easy difficult
    heavy light dark bright loud quiet full empty strong weak rich poor safe unsafe
    buy sell lend borrow rent give take send receive push pull import export upload download
    encode decode encrypt decrypt compress extract zip unzip install uninstall connect disconnect
    attach detach mount unmount bind unbind freeze unfreeze block unblock mute unmute follow
    unfollow subscribe unsubscribe login logout sign log accept reject approve decline allow forbid
    permit prohibit include exclude show hide save discard win lose arrive depart leave
    return come go enter exit join quit hire fire earn spend deposit withdraw credit debit charge
    refund pay paid unpaid cancel book confirm schedule reschedule postpone extend renew expire
    upgrade downgrade promote demote ascending descending minimum maximum min max min. max.
    mean median positive negative true false yes yeah nope valid invalid legal illegal possible
    impossible available unavailable public private internal external local remote online offline
    live dead alive male female man woman men women boy girl husband wife son daughter mother
    father brother sister he she him her his hers they them their we us our i me my mine you your
    yours who whom whose when where why how whether
    all every each only still already yet again
    must should might same different other another else if or
    red green blue yellow black white orange purple brown grey gray pink
    english german french spanish italian dutch russian chinese japanese korean arabic hindi
    portuguese turkish polish swedish latin greek
    dollar euro pound yen rupee franc usd eur gbp jpy inr chf kg kilo kilogram gram lb lbs pound
    ounce mile km kilometer kilometre meter metre cm centimeter inch foot feet yard liter litre
    gallon celsius fahrenheit percent degree byte kb mb gb tb
    breakfast lunch dinner single return oneway adult child lost stolen broken found given
    android iphone ios mac macos windows linux chrome firefox safari
    visa mastercard amex debit credit checking savings current""".split()
)

# Of these a text may have more or fewer without asking for anything else.
_FUNCTION = frozenset(
    """a an the of this that these those it its please pls kindly hi hello hey dear thanks thank
    ok okay well oh um uh ah really actually quick quickly basically simply maybe perhaps exactly
    currently s t d ll re ve m am be being thing things stuff way ways possibly probably
    ever i me my mine we us our ours what which with for about and but so because although than
    like as just also even some any there here at in""".split()
)
# Left out by themselves, for they are said or left unsaid at will: "is", "do" in a question.
_QUIET = frozenset("is are was were be been do does did have has had".split())
_PAST = frozenset("was were did had".split())
_KINDS = {
    kind: name
    for name, kinds in {
        "is?": "is are am was were", "do?": "do does did", "have?": "have has had",
        "can?": "can could", "will?": "will would",
    }.items()
    for kind in kinds.split()
}  # fmt: skip
"""Names the kinds of questions for yes or no: "Is this it?" is no "What is it?"."""
_MODALS = {"can": "can", "could": "can", "will": "will", "would": "will"}
"""Names what changes a question wherever it stands: "What can I pay?" is no "What do I pay?"."""

_ASKED = re.compile(rf"(?:^|[.!?;:,\n] ?)({'|'.join(_KINDS)})\b")
"""Matches the word that begins a question for yes or no."""

_BEHIND = re.compile(
    r"\b(?:what|which|who|where|when|why|how|long|much|many|often) (have|has|had)\b"
)
"""Matches what asks for the past behind a question word: "what have I paid"."""

_ALIKE = (
    (re.compile(r"\bhow to\b"), "how do i"),
    (re.compile(r"\b(how|where) (?:can|could|would) (i|we)\b"), r"\1 do \2"),
    (re.compile(r"\bhow long (?:will|would)\b"), "how long does"),
    (re.compile(r"^is it possible to\b"), "can i"),
)
"""Replaces other words for the same question."""

_COURTESY = re.compile(
    r"^(?:(?:hi|hello|hey|good (?:morning|evening|day)|please|so|and|ok|okay|well|also)\b[,.! ]*)+"
    r"|\b(?:thanks|thank you)(?: (?:so|very) much| a lot| in advance)?\b[.! ]*$"
    r"|\b(?:please|kindly)\b"
    r"|^(?:(?:can|could|would|will) you(?: please)?(?: tell me| let me know| help me(?: to)?)?\b"
    r"|(?:i was wondering|i would like to know|i'd like to know|i want to know|i need to know"
    r"|i want to|i need to|i would like to|i'd like to|i want|i need"
    r"|do you know|please tell me|tell me|let me know)\b)[, ]*"
)

_SAME = {
    "package": "parcel", "shipment": "parcel", "delivery": "parcel", "packet": "parcel",
    "purchase": "buy", "bought": "buy", "picture": "photo", "image": "photo", "pic": "photo",
    "cellphone": "phone", "mobile": "phone", "smartphone": "phone", "telephone": "phone",
    "mail": "email", "e-mail": "email", "passcode": "password", "pwd": "password",
    "passwd": "password", "automobile": "car", "vehicle": "car", "movie": "film",
    "begin": "start", "commence": "start", "large": "big", "quick": "fast", "rapid": "fast",
    "reply": "answer", "respond": "answer", "response": "answer", "mend": "fix", "repair": "fix",
    "erase": "delete", "modify": "change", "alter": "change", "locate": "find",
    "invoice": "bill", "job": "work", "kid": "child", "doctor": "physician", "holiday": "vacation",
    "application": "app", "colour": "color", "centre": "center", "amount": "sum",
}  # fmt: skip
"""Words that ask for the same; kept short, since each entry is a claim."""

_QUOTED = re.compile(
    r"\"([^\"]{1,200})\"|`([^`]{1,200})`|“([^”]{1,200})”|(?<!\w)'([^']{2,200})'(?!\w)"
)
_ADDRESS = re.compile(
    # Each alternative begins where its run of characters does, or counts them: linear time.
    r"(?<!\S)\S+@\S+|\b\w+://\S+|www\.\S+|(?<![/\\])(?:[\w.-]{0,255}[/\\])+[\w.-]+"
    r"|#\w+|@\w+|\$\{?\w*[a-z]\w*"
)
_TOKEN = re.compile(
    r"\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?|[^\W_]+(?:[-'][^\W_]+)*|[%$€£¥+*/=<>^&|~-]"
)
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_]).+")
_SENTENCE = re.compile(r"(?:^|[.!?:\n]\s*)$")


def meaning_of(text: str) -> Meaning | None:
    """Returns the parts that must agree; None for an empty text and for one that is too long."""
    if not text.strip() or len(text) > MAX_CHARS:
        return None
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").strip()
    names = [next(filter(None, groups)) for groups in _QUOTED.findall(plain)]
    plain = _QUOTED.sub(" ", plain)
    names += _ADDRESS.findall(plain)
    plain = _ADDRESS.sub(" ", plain)
    names += _capitalised(plain)
    lower = _expanded(plain.lower())
    for _ in range(2):
        lower = _COURTESY.sub(" ", lower).strip(" ,.!?")
    for words, same in _ALIKE:
        lower = words.sub(same, lower)
    numbers: list[str] = []
    opposites = [_KINDS[word] for word in _ASKED.findall(lower)]
    opposites += _BEHIND.findall(lower)
    matter: list[str] = []
    negations = 0
    for token in _TOKEN.findall(lower):
        kind = _stem(token)
        if token[0].isdigit() and not _CODE.fullmatch(token.rstrip("stndrh")):
            numbers.append(token.replace(",", ""))
        elif token in _NUMBER_WORDS:
            numbers.append(_NUMBER_WORDS[token])
        elif _CODE.fullmatch(token):
            names.append(token)
        elif token in _NEGATIONS:
            negations += 1
        elif token in _MODALS:
            opposites.append(_MODALS[token])
        elif token in _QUIET or token in _FUNCTION:
            opposites += ["past"] * (token in _PAST)
        elif token in _OPPOSITES or kind in _OPPOSITES:
            opposites.append(token if token in _OPPOSITES else kind)
            matter.append(opposites[-1])
        else:
            matter.append(kind)
    return Meaning(
        tuple(numbers), negations, tuple(sorted(names)), tuple(sorted(opposites)), tuple(matter)
    )


def _capitalised(text: str) -> list[str]:
    """Returns capitalised words where no sentence begins, in lower case; "I" is none."""
    names = []
    for match in re.finditer(r"[^\W\d_][\w&.-]*", text):
        word = match[0].rstrip(".-")
        begins = _SENTENCE.search(text[: match.start()]) is not None
        loud = len(word) > 1 and word.isupper()
        if word != "I" and (loud or (word[0].isupper() and not begins)):
            names.append(word.lower())
    return names if not text.isupper() else []


def _expanded(text: str) -> str:
    """Replaces contractions by their full words."""
    text = text.replace("won't", "will not").replace("can't", "can not")
    text = text.replace("cannot", "can not").replace("n't", " not")
    return re.sub(r"'(?:s|re|ve|ll|d|m)\b", " ", text)


def _stem(word: str) -> str:
    """Returns a word without plural or tense, replaced by its usual synonym."""
    word = _SAME.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _SAME.get(word, word)
