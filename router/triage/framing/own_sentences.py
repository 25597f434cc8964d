"""Finds the sentences of a long text in which its sender asks or tells something of their own.

A page of neutral sentences around "Should I double my dose?" makes the whole look like a page. What
people paste, an article or a thread, tells of grave matters too. So only sentences that ask are
read by themselves, and the first and the last one where they speak in the first person. It knows
nothing about models.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from router.triage.facts.languages import UNKNOWN, heard
from router.triage.text.folding import fold
from router.triage.text.hangul import in_syllables
from router.triage.text.windows import Part, asks_in_any_language, parts_of, quotes
from router.types import READ_LANGUAGES

MOST_ASKING = 8
"""Sentences that ask, the first and the last four: each costs as much as a short message. With 16
no more grave questions are found, nor fewer."""
ASKING_WEIGHS = 2
"""Factor of their number by which the odds of sentences that ask are divided, but for those in the
first person, which are divided by the number alone."""
END_WEIGHS = 4
"""Divides the odds of the first and the last sentence where they tell something in the first person
and ask nothing. With 1, 22 of 2,172 long texts of other people become grave, with 4 there are 14,
without such sentences 11."""
FEWEST_WORDS = 3
KOREAN = "ko"
SYLLABLES = 2
"""Syllables by which a Korean word is found: a pronoun and its particle, or a pronoun of two."""

FIRST_PERSON: Mapping[str, str] = {
    "en": "i my me we our us mine myself",
    "de": "ich mein meine meinen meinem meiner meines mir mich wir unser unsere uns",
    "fr": "je j mon ma mes moi m me nous notre nos",
    "es": "yo mi mis me conmigo nosotros nosotras nuestro nuestra nos puedo debo tengo quiero "
    "estoy he",
    "it": "io mio mia miei mie mi noi nostro nostra posso devo ho voglio sento sono",
    "nl": "ik mijn mij me wij we ons onze",
    "pt": "eu meu meus minha minhas me mim nos nosso nossa tenho posso devo quero sinto tomei",
    "pl": "ja moj moja moje mojej mojego moich mnie mi mna nas nam moge musze mam chce czuje",
    "tr": "ben benim bana beni biz bizim bize",
    "ru": "я мне меня мной мой моя мое мои моей моего мы нас нам",
    "uk": "я мені мене мною мій моя моє мої моєї мого ми нас нам",
    "hi": "मैं मुझे मेरा मेरी मेरे हम हमें हमारा हमारी हमारे",
    "ar": "انا لي عندي نحن",
    "ja": "私 僕 俺",
    "ko": "나 내 난 저 제 나의 나는 나도 나를 나만 나랑 나한테 나에게 내가 내게 "
    "저의 저는 저도 저를 저만 저랑 저한테 저에게 제가 제게 우리 저희",
    "zh": "我",
    "sv": "jag mig min mitt mina vi oss vår vårt våra",
    "da": "jeg mig min mit mine vi os vores",
    "nb": "jeg meg min mitt mine vi oss vår vårt våre",
    "cs": "já mě mně mi mnou můj moje moji my nás nám jsem mám musím chci",
    "ro": "eu mă mie îmi meu mea mei mele noi ne nostru noastră am sunt",
    "fi": "minä minun minua minulla minulle mun mulla me meidän meillä olen",
    "hu": "én engem nekem velem tőlem mi minket nekünk vagyok",
    "el": "εγώ μου με εμένα εμείς μας",
    "vi": "tôi em mình",
    "id": "saya aku kami kita",
}
"""Words by which a sender speaks of themselves, by language. In another language a sentence
counts as in the third person. A Korean one of several syllables is found at the beginning of words,
as particles are written against it; within them it is another word, as in "문제가"."""
_FOREIGN_LINES = (">", "|")


class OwnSentence(NamedTuple):
    """Holds a sentence, and by how much the odds of a grave matter in it are divided."""

    text: str
    among: int


def own_sentences(text: str, language: str) -> tuple[OwnSentence, ...]:
    """Returns the sentences of a long text that may be its sender's own, () for a short one.

    `language` is that of the text; a sentence that clearly tells another one is in that. A sentence
    that stands there twice counts once.

    >>> garden = "The garden is green and the gate is shut. " * 20
    >>> own_sentences(garden + "Should I sell my house? Tom likes it.", "en")
    (OwnSentence(text='Should I sell my house? ', among=1),)
    """
    parts = parts_of(text, english=language in READ_LANGUAGES)
    if not parts:
        return ()
    own = [part for part in parts if _may_be_own(part)]
    asking = [part for part in own if asks_in_any_language(part)]
    asked = list(dict.fromkeys(part.text for part in asking))
    half = MOST_ASKING // 2
    asked = asked[:half] + asked[half:][-half:]
    number = len(asked)
    among = {
        sentence: number if _is_first_person(sentence, language) else ASKING_WEIGHS * number
        for sentence in asked
    }
    for end in (parts[0], parts[-1]):
        if end.text not in among and _may_be_own(end) and _is_first_person(end.text, language):
            among[end.text] = END_WEIGHS
    return tuple([OwnSentence(sentence, weight) for sentence, weight in among.items()])


def language_of_sentence(text: str, words: tuple[str, ...], language: str) -> str:
    """Returns the language of a sentence in a text of another one, perhaps."""
    told = heard(text, words)
    return told.language if told.clear or language == UNKNOWN else language


def _may_be_own(part: Part) -> bool:
    quoted = part.text.lstrip().startswith(_FOREIGN_LINES) or quotes(part.text)
    return part.words >= FEWEST_WORDS and not quoted


def _is_first_person(sentence: str, language: str) -> bool:
    words = fold(sentence).words
    told = language_of_sentence(sentence, words, language)
    own = _first_person(told)
    if told == KOREAN and own.isdisjoint(words):
        return any([tuple(in_syllables([word])[:SYLLABLES]) in _beginnings() for word in words])
    return not own.isdisjoint(words)


@cache
def _first_person(language: str) -> frozenset[str]:
    return frozenset(fold(FIRST_PERSON.get(language, "")).words)


@cache
def _beginnings() -> frozenset[tuple[str, ...]]:
    """Returns the first syllables of the Korean words that have several."""
    words = [tuple(in_syllables([word])) for word in _first_person(KOREAN)]
    return frozenset([word[:SYLLABLES] for word in words if len(word) >= SYLLABLES])
