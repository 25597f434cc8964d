"""Finds questions that lean on an earlier message, such as "and what does it cost?". Pure.

Such a question names no matter of its own: it points at one ("it", "that", "the rate"), in English
or in one of the languages that approved answers are written in. With the message that has the
matter it is a whole question. It knows nothing about intents.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from router.policy.content.text_keys import small_words
from router.regexes.late import late_regex
from router.types import ChatRequest

MAX_BACK = 4
"""Earlier messages that are looked through for what a message leans on."""
MAX_WORDS = 10
MAX_CHARACTERS = 200
"""A longer message has a matter of its own, or several."""

_POINTS_WORDS = "it that this they them these those one ones there it's that's its itll it'll then"
_POINTS = frozenset(_POINTS_WORDS.split())
"""Words that stand for something said before."""
_PARTS_WORDS = (
    "charge charges cost costs deadline decision fee fees interest limit maximum minimum postage "
    "price prices rate rates rest"
)
_PARTS = frozenset(_PARTS_WORDS.split())
"""What many things have: "the rate" is the rate of what was spoken of."""
_OF_ANY_WORDS = "account bank card cash money wallet"
_OF_ANY = frozenset(_OF_ANY_WORDS.split())
"""What any matter of ours may end with: "and when is the money on my card?" asks about the one
spoken of, while "freeze my card" has a verb that names one."""
_WHOSE = frozenset({"my", "our", "the"})
_ASKING_WORDS = (
    "are can could did do does how how's is should what what's when when's where where's which who "
    "who's why will would"
)
_ASKING = frozenset(_ASKING_WORDS.split())
_WITHOUT_MATTER_WORDS = (
    "a again all already also am an and any anyone anything are arrive arrived as at back be "
    "been being but by can can't cannot come comes coming cost costs could d did do does "
    "doesn't don't done else ever exactly expensive extra find for free from get gets getting "
    "go goes going got had happen happened happens has have having hear how i i'd i'll i'm if "
    "in is isn't it's just know let like long ll look m many may me mean might more much must "
    "my myself need needs new no not now of off ok okay old on online or other our out over "
    "own paid pay pays please possible price put re right s see should so soon start still "
    "sure take takes tell than that'll the their then thing to too true up us use usually ve "
    "until want wanted was way we were what what's when when's where where's which who who's "
    "whose why will with won't work working works worth would yes yet you your"
)
_COURTESIES_WORDS = (
    "ah alright bye cheers cool fine good great hello hey hi nice oh perfect sorry thank thanks"
)
_STARTS_WORDS = "ah alright cool fine good great nice oh ok okay perfect thank thanks"
_STARTS = frozenset(_STARTS_WORDS.split())
"""Words before a question that say nothing of it: "ok and how much is it"."""
_WITHOUT_MATTER = _POINTS | frozenset(f"{_WITHOUT_MATTER_WORDS} {_COURTESIES_WORDS}".split())
"""Words that name no matter: a message of these alone asks about something said before."""


_BEGUN = r"(?:(?:ok|okay|oh|so|and|also|then|thanks|thank you|great|good|hi|hello)[ ,!.]{1,2}){0,3}"
_POINTED = late_regex(
    rf"{_BEGUN}(?P<start>(?:how|what|when|where|who|which|is|are|do|does|can|will)\b"
    r"(?: (?:much|long|often|far|is|are|does|do|will|can|would))*(?<=[a-z]) ?)"
    r"\b(?P<it>it|that|this|they)\b(?P<end>(?: [a-z'-]{1,20}){0,4})",
    re.IGNORECASE,
)
"""Reads a question about "it": what stands before the word, and behind it."""
_THING = late_regex(
    rf"{_BEGUN}(?:"
    r"(?:how (?:much|long|often|many [a-z]{1,12})|what|when|where) (?:does|do|will|would|can) "
    r"(?P<subject>[a-z][a-z' -]{1,60}?) (?:(?:usually|normally) )?(?:cost|take|last)"
    r"|(?:how (?:much|long|expensive)|what) (?:is|are) (?P<is>[a-z][a-z' -]{1,60})"
    r"|(?:do you (?:have|offer|sell|give|provide|stock)|(?:is|are) there) "
    r"(?P<had>[a-z][a-z' -]{1,60}))",
    re.IGNORECASE,
)
"""Reads a question that names one thing, as what takes time or money, is there, or is sold."""
_NO_THINGS_WORDS = "i you we they he she it that this these those there one ones and or to open"
_NO_THINGS = frozenset(f"{_NO_THINGS_WORDS} closed".split())
"""Words with which a thing is none, or is not alone: "how much is it to rent a piano"."""
_BEHIND_THING = frozenset(("of", "on", "for", "with", "in", "at", "from", "by"))


class _LanguageWords(NamedTuple):
    """Holds the words of another language, without their accents."""

    joins: frozenset[str]  # "and"
    points: frozenset[str]
    asking: frozenset[str]
    empty: frozenset[str]  # that name no matter


def _language_words(joins: str, points: str, asking: str, empty: str) -> _LanguageWords:
    lists = [frozenset(words.split()) for words in (joins, points, asking)]
    without_matter = frozenset(empty.split()).union(*lists)
    return _LanguageWords(lists[0], lists[1], lists[2], without_matter)


_OTHERS = (
    _language_words(  # German
        "und",
        "das dies es dafur davon damit dazu dabei danach die den diese dieser dieses",
        "was wie wann wo wohin wer warum welche kann kostet dauert geht muss gibt ist wieviel",
        "aber also auch bei bitte bis da dann denn der doch dort ein eine einen fur geld "
        "hallo hat ich ihr ja kommt kosten lang lange man mein meine mich mir mit muss noch "
        "nur ok oder preis schnell sie sind so teuer tage um von viel wenn wieder wird "
        "wirklich zahle zahlen zahlt zu zuruck zeit bekomme bekommt ungefahr genau",
    ),
    _language_words(  # French
        "et",
        "ca cela ce c'est il elle en y le la l les ceux celui celle",
        "quand combien comment ou qui que qu quel quelle quels pourquoi est-ce est-ce-que "
        "faut c'est",
        "a alors argent au aussi avec bien coute couter d de des dois dois-je du dure encore "
        "est et faut-il frais j je jours l'argent long longtemps m ma me merci mes mon moi ne "
        "oui pas paie paye payer peut peut-on plus pour prend prendre prix puis puis-je sera "
        "si son temps tout va vient vite vais on un une vraiment cher chere arrive reviens "
        "recois recevoir",
    ),
    _language_words(  # Spanish
        "y e",
        "eso esto ello ese esa la lo los las",
        "que como cuando donde cuanto cuanta cuantos cuantas cual quien puedo tarda cuesta "
        "hay vale",
        "a al aqui ahora bien con cobran costo coste cuesta de debo del desde despues dias "
        "dinero el en entonces es esta gracias hasta hola largo llega llegara mas me mi muy "
        "necesita necesito no para pagar paga pago pero por precio puede recibo recibire se "
        "si sera son suele tambien tardan tardar tiempo tengo todo un una va vale ya yo "
        "demora devuelven",
    ),
    _language_words(  # Italian
        "e ed",
        "cio questo questa quello quella lo la li le ne ci",
        "che come cosa cos'e quando quanto quanta quanti quante dove chi quale perche posso costa",
        "a al allora anche arriva bene c'e caro con costano costo da dal davvero del denaro "
        "devo di dopo e' fino giorni grazie ho i il in invece io ma mi mia mio molto "
        "necessario no non per pago paga pagare piu poi prezzo puo quindi ricevo ricevero "
        "serve si sono soldi subito tempo tutto un una va viene volta vuole richiede",
    ),
    _language_words(  # Portuguese
        "e",
        "isso isto esse essa ele ela disso",
        "que como quando onde quanto quanta quantos quantas qual quem posso custa demora leva",
        "a ai ainda ao aqui caro com custo da de depois devo dias dinheiro do e ela em entao "
        "essa esta eu fica foi ha isso ja mais mas me meu minha muito na nao no o obrigado os "
        "paga pagar pago para por porque pra preciso preco pode receber recebo se ser sera "
        "sim tambem tempo tenho tudo um uma vai vem volta",
    ),
    _language_words(  # Dutch
        "en",
        "dat dit het er daarvoor daarvan daarbij deze die",
        "wat hoe wanneer waar wie waarom welke kan kost duurt moet is hoeveel hoelang",
        "aan als betaal betaalt betalen bij dagen dan de duur een geld gaat hallo heb ik ja "
        "je komt kosten krijg lang maar me meer met mij mijn na nog nu ok om ongeveer ook op "
        "precies prijs snel te terug tijd toch tot u uit van veel voor we weer wel worden "
        "wordt zijn",
    ),
    _language_words(  # Polish
        "i a",
        "to tego tym ten ta te tam tego",
        "co jak kiedy gdzie ile kto czy jaki jaka jakie dlaczego kosztuje trwa mozna musze",
        "ale bardzo bede bedzie dlugo dni do dla dostane drogo dzieki dziekuje ja jest "
        "jeszcze juz kosztow koszt ma mi mnie moge moje musze na nie ok od oraz pieniadze "
        "place placi po potem potrwa prosze przez przyjdzie sie so szybko tak tez trzeba "
        "tutaj wroca w z za zaplace zajmuje czasu cena trwac",
    ),
)


def leans(text: str) -> bool:
    """Returns True for a short question whose matter stands in an earlier message.

    >>> [leans(t) for t in ("and when will it come?", "what's the rate", "is it hot in Rome?")]
    [True, True, False]
    >>> [leans(t) for t in ("und wie lange dauert das?", "¿y cuánto tarda?", "y el envío?")]
    [True, True, False]
    """
    if len(text) > MAX_CHARACTERS:
        return False
    words = _without_start(small_words(text))
    if not 2 <= len(words) <= MAX_WORDS:
        return False
    asks = text.rstrip().endswith("?")
    joined = points(text) or words[:1] == ["and"]
    if joined and (asks or not _ASKING.isdisjoint(words[:2])) and not _matter(words):
        return True
    return _elsewhere(text, asks) is not None


def _without_start(words: list[str]) -> list[str]:
    """Returns the words of a message without an "ok" or thanks before them."""
    start = next((i for i, word in enumerate(words) if word not in _STARTS), 0)
    return words[start:]


def _elsewhere(text: str, asks: bool) -> _LanguageWords | None:
    """Returns the language other than English in which a question leans on another one."""
    words = [_plain(word) for word in small_words(text)]
    for spoken in _OTHERS:
        joined = words[0] in spoken.joins or not spoken.points.isdisjoint(words)
        asked = asks or not spoken.asking.isdisjoint(words[:2])
        if joined and asked and not spoken.asking.isdisjoint(words) and spoken.empty >= {*words}:
            return spoken
    return None


def _plain(word: str) -> str:
    """Returns a word without accents."""
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def points(text: str) -> bool:
    """Returns True where a word stands for something said before; "and" alone joins on to it.

    >>> points("and what does it cost?"), points("and when do I get my money?")
    (True, False)
    """
    words = small_words(text)
    parts = any(one == "the" and other in _PARTS for one, other in pairwise(words))
    if parts or not _POINTS.isdisjoint(words):
        return True
    # A question in another language names no matter at all, so that it points back in any case.
    return len(words) > 1 and _elsewhere(text, asks=True) is not None


def leant_on(request: ChatRequest) -> str | None:
    """Returns the user's message that the last one cannot be understood without, else None."""
    for text in _earlier_texts(request):
        if len(text) > MAX_CHARACTERS:
            return None
        # A number alone was the reply to a question of ours.
        if not all(any(c.isdigit() for c in word) for word in _matter(small_words(text))):
            return text
    return None


def completed(before: str, text: str) -> str:
    """Returns a question with the thing of the one before in the place of its "it"; "" where it is
    not clear what that is. English only.

    >>> completed("What does a tuning cost?", "ok and how long does it take?")
    'how long does a tuning take'
    >>> completed("Can I rent a piano?", "and what does it cost?")
    ''
    """
    pointed = _POINTED.fullmatch(text.strip(" .?!"))
    found = _THING.fullmatch(before.strip(" .?!")) if pointed is not None else None
    if pointed is None or found is None:
        return ""
    thing = found["subject"] or found["is"] or found["had"]
    words = small_words(thing)
    if not _NO_THINGS.isdisjoint(words) or (pointed["it"].lower() == "they") != _is_plural(words):
        return ""
    return f"{pointed['start']}{thing}{pointed['end']}"


def _is_plural(words: list[str]) -> bool:
    """Returns True for a thing such as "gift cards"; "the" may stand before both."""
    last = next((w for w, after in pairwise([*words, "of"]) if after in _BEHIND_THING), words[-1])
    return words[0] not in ("a", "an") and last.endswith("s") and not last.endswith("ss")


def _earlier_texts(request: ChatRequest) -> list[str]:
    """Returns the user's messages before one that leans, newest first; [] before any other."""
    turns = [message for message in request.messages if message.role == "user"]
    if len(turns) < 2 or not leans(turns[-1].text):
        return []
    return [turn.text for turn in turns[-2 : -2 - MAX_BACK : -1]]


def _matter(words: list[str]) -> list[str]:
    """Returns the words that name something, numbers as well."""
    return [
        word
        for before, word in pairwise(["", *words])
        if word not in _WITHOUT_MATTER
        and not (before == "the" and word in _PARTS)
        and not (before in _WHOSE and word in _OF_ANY)
    ]
