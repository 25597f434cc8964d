"""Tells the language of a text: by its script, and in Latin letters by its function words.

It names fourteen languages, since the phrases of grave matters are in these; another script gets
its own name, and Latin text without a function word of any gets none. It reads words that are
folded already. It knows nothing about what a language means for a request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

UNKNOWN = ""
ENGLISH = "en"
MOST_WORDS = 80
"""Words that are looked at; the language of a request shows in its first ones."""
MOST_CHARS = 600

# A word of several lists (`no`, `me`, `was`) counts for each of its languages in part. German lacks
# `die` here, and French `on`: English texts have them often, with another meaning.
_FUNCTION_WORDS = {
    "en": """the is are was and of to in for it my you i what how that this with do does can have
        has be at from not your if an he she they we his her there will would should cant dont im
        its who why when where which me on no so or about just get but am been them any please
        as""",
    "de": """der das und ich ist nicht ein eine mein meine mich mir er sie es wir ihr mit auf von zu
        dem den im hat habe hab sich wie kann man was fur bei nach aus wenn auch nur noch schon seit
        uber oder wo warum welche wird sind bin""",
    "fr": """le les et je est un une mon ma mes il elle nous vous ne pas que qui dans pour sur avec
        du au ce cest jai ca suis sont ai plus depuis quoi comment quelle quel mais ou sans leur
        cette ont fait peut""",
    "es": """el la los las y yo es un una mi mis que no en para con por se me lo del al como estoy
        esta este muy cuando donde hay tengo tiene pero mas ya su le porque cual fue son puedo
        desde quien""",
    "it": """il lo gli e io un una mio mia che non di per con si mi ho ha sono del della nel al come
        cosa quando dove anche piu ma questo questa quale ci da dal sta stato posso chi perche""",
    "pt": """o os as e eu um uma meu minha que nao em para com por se do da no na ao como estou esta
        muito quando onde tem tenho mas mais ja foi ele ela voce isso qual sao pra pro posso quem
        dos das""",
    "nl": """het een ik is niet mijn en van dat hij zij wij je op te met voor er aan naar om ook
        maar heb heeft zijn hoe wat waar kan moet wordt nog als bij uit deze dit mag welke""",
    "pl": """nie sie jest mam ma to na w z i do co jak czy moj moja mi mnie od po za ze dla jestem
        gdzie kiedy ale juz tylko przez mu jej jego jaki jakie ile moge""",
    "tr": """bir ve bu icin ne ben benim mi mu var yok cok daha gibi ile ama nasil nerede kadar
        sonra beni bana oldu olur misin miyim nedir hangi kim degil""",
    "hi": """hai hain ke ki ka ko mein nahi kya aur ne ho raha rahi rahe gaya gayi mera meri mere
        mujhe kar karne kaise bhi hoon hu tha thi se par kab kahan ab liya diya wo kuch koi ek""",
}
_WORDS: dict[str, tuple[str, ...]] = {}
for _language, _list in _FUNCTION_WORDS.items():
    for _word in _list.split():
        _WORDS[_word] = (*_WORDS.get(_word, ()), _language)

# Letters that few of these languages have.
_LETTERS = {
    **dict.fromkeys("ğış", ("tr",)),
    **dict.fromkeys("ąęłżźćśń", ("pl",)),
    **dict.fromkeys("ñ¿¡", ("es",)),
    **dict.fromkeys("ãõ", ("pt",)),
    **dict.fromkeys("ß", ("de",)),
    **dict.fromkeys("äöü", ("de", "tr")),
    **dict.fromkeys("èê", ("fr",)),
    **dict.fromkeys("ò", ("it",)),
}

_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7af]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def language_of(text: str, words: Sequence[str]) -> str:
    """Returns the language of a text, `words` its folded ones; UNKNOWN where nothing tells it.

    A word that n languages share counts 1/n for each; English wins what is even.

    >>> from router.triage.text.folding import fold
    >>> texts = ("Es riecht nach Gas", "el gato y la casa", "my card was declined", "孩子", "xyz")
    >>> [language_of(text, fold(text).words) for text in texts]
    ['de', 'es', 'en', 'zh', '']
    """
    begin = text[:MOST_CHARS]
    if not begin.isascii():
        script = _script(begin)
        if script:
            return script
    points: dict[str, float] = {}
    for word in words[:MOST_WORDS]:
        languages = _WORDS.get(word)
        if languages is not None:
            for language in languages:
                points[language] = points.get(language, 0.0) + 1.0 / len(languages)
    if not begin.isascii():
        for letter in begin.lower():
            for language in _LETTERS.get(letter, ()):
                points[language] = points.get(language, 0.0) + 0.5
    if not points:
        return UNKNOWN
    return max(points, key=lambda language: (points[language], language == ENGLISH))


def _script(text: str) -> str:
    """Returns the language of a script that has more letters here than Latin; "" for none."""
    latin = len(_LATIN.findall(text))
    for language, letters in _SCRIPTS:
        count = len(letters.findall(text))
        # One kana is enough: a Japanese text is Han and kana, a Chinese one has none.
        if count and 2 * _weighted(language, text, count) > latin:
            return language
    return UNKNOWN


def _weighted(language: str, text: str, count: int) -> int:
    """Returns the letters of a text in the scripts of a language."""
    return count + len(_SCRIPTS[1][1].findall(text)) if language == "ja" else count
