"""Writes and reads level 1's "Did you mean ...?": approved questions in a list, or one alone. Pure.

What is offered is read back from the conversation, so that nothing has to be stored.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from router.policy.content.keys import keys_in
from router.policy.content.knowledge import IntentSection, Knowledge, KnowledgeFile, in_one_line
from router.policy.content.languages.question_marks import with_mark
from router.policy.content.text_keys import COMPOUND
from router.regexes.edits import is_one_edit
from router.regexes.words import words_by
from router.types import Match


def _words(text: str) -> list[str]:
    """Returns the words of a text in small letters and without accents, which many leave out."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return words_by(COMPOUND, "".join([c for c in letters if not unicodedata.combining(c)]))


_FIRST_WORDS = (
    "1 1st one eins un uno um een jeden один "
    "first primera primero première premier erste ersten erster primo primeira primeiro "
    "eerste pierwsza pierwsze pierwszy birinci birincisi первый первое первая "
    "перший перше перша 1번 첫번째 첫째"
)
_SECOND_WORDS = (
    "2 2nd two zwei deux dos due dois twee dwa два "
    "second segunda segundo deuxième seconde zweite zweiten zweiter seconda secondo "
    "tweede druga drugie drugi ikinci ikincisi второй второе вторая "
    "другий друге друга 2번 두번째 둘째"
)
_THIRD_WORDS = (
    "3 3rd three drei trois tres tre três drie trzy три "
    "third tercera tercero troisième dritte dritten dritter terza terzo terceira "
    "terceiro derde trzecia trzecie trzeci üçüncü üçüncüsü третий третье третья "
    "третій третє третя 3번 세번째 셋째"
)
_NUMBERS = (
    frozenset(_words(_FIRST_WORDS)),
    frozenset(_words(_SECOND_WORDS)),
    frozenset(_words(_THIRD_WORDS)),
    frozenset({"4", "4th", "four", "fourth"}),
    frozenset({"5", "5th", "five", "fifth"}),
)
_BESIDE_WORDS = (
    "a answer ah choice choose go for i i'd i'll i'm it it's its like meant mean no nr number "
    "ok okay option please pls question sorry thank thanks that that's the then this want was "
    "with yeah yes you la el le il die der das den de het favor favore bitte gracias merci grazie "
    "danke nummer numero number numer svp"
)
_BESIDE = frozenset(_words(_BESIDE_WORDS))
"""Words that people put around a choice."""
_BESIDE_ONE = _BESIDE & {"answer", "choice", "i", "mean", "nr", "no", "number", "option", "please"}
"""Words beside which "one" is a number: it is none in "that one"."""
_NO_WORDS = (
    "no nope nah not never none neither nothing non pas aucun não nein nicht kein keine nee "
    "niet geen nie hayir değil нет не ні 아니요 아니오 아뇨 "
    "don't didn't doesn't isn't wasn't aren't can't won't haven't hasn't"
)
_NO = frozenset(_words(_NO_WORDS))
_YES_WORDS = (
    "yes yep yeah yup yea ya ye aye jep jup jo "
    "sure correct right exactly indeed ok okay ja jawohl genau richtig stimmt "
    "klar gern gerne oui ouais exact exactement d'accord sí si claro exacto correcto vale acuerdo "
    "sì certo esatto bene sim certo exato klopt juist precies inderdaad graag tak zgadza "
    "dokładnie oczywiście evet да так звісно авжеж 네 예 맞아요 맞습니다"
)
_YES = frozenset(_words(_YES_WORDS))
_WEAK = frozenset(_words("ok okay bene vale d'accord acuerdo"))
_THANKS = frozenset(
    _words("thank thanks gracias grazie merci danke dank bedankt obrigado obrigada dziękuję")
)
_BESIDE_YES_WORDS = (
    "tell me show "
    "s'il vous te plaît c'est ça cela ce ist meine meinte ich sehr vielen dank por es eso esa esta "
    "muchas per è questo questa va mille is bedoel ik alstublieft alsjeblieft u je wel hoor się to "
    "o chodzi chodziło proszę dziękuję é isso essa obrigado obrigada evet lütfen пожалуйста "
    "будь ласка"
)
_BESIDE_YES = _BESIDE - {"no", "nr", "number", "sorry"} | frozenset(_words(_BESIDE_YES_WORDS))
"""Words beside which a yes says nothing more."""
_ALL_OF_TWO = frozenset(
    _words("both beide beides ambos ambas entrambi entrambe tutti ambedue oba obie obydwa ikisi")
)
_ALL = frozenset(_words("all alle alles tous toutes todos todas tutti tutte wszystkie hepsi все"))
_BESIDE_ALL = (
    _BESIDE_YES - _NO | _YES | frozenset(_words("of them these those questions les los le"))
)
"""Words beside which all of the offered questions are meant."""
_COURTEOUS_WORDS = (
    "hi hello hullo hey heya hiya howdy yo greetings gday bye byebye goodbye goodnight cya "
    "farewell ciao lol lmao rofl haha hehe hahaha hehehe thanks thank thankyou thx ty cheers ta"
)
_COURTEOUS = frozenset(_words(_COURTEOUS_WORDS))
"""English words of which one makes a message a greeting, a farewell, a laugh or thanks."""
_COURTEOUS_PAIRS = frozenset(
    {("see", word) for word in ("you", "ya", "u")}
    | {("good", word) for word in ("morning", "afternoon", "evening", "day", "night", "bye")}
    | {("take", "care"), ("that", "helps"), ("that", "helped"), ("nice", "day")}
)
_BESIDE_COURTESY_WORDS = (
    "a again ah all and around bot care day dear evening everybody everyone folks for friend good "
    "great guys have helped helps is it just later lot lots madam many mate me morning afternoon "
    "much nice night now oh ok okay perfect see sir so soon super take team that that's the then "
    "there this to today tomorrow u very well ya you your"
)
_BESIDE_COURTESY = _COURTEOUS | frozenset(_words(_BESIDE_COURTESY_WORDS))
_DRAWN_OUT = re.compile(r"(.)\1\1+")
_LAUGH = re.compile(r"(?:ha){2,}h?|(?:he){2,}|l+o+l+")
MOST_COURTEOUS = 80
"""Bounds a greeting or a farewell, in characters: a longer message has something else to say."""
_POINTS_AT_IT = frozenset({"that's it", "thats it", "that is it", "this one", "that one"})
"""Says yes to a question, in words that are none by themselves."""
_MISTYPED = frozenset(
    _words(
        "first second third fourth fifth zweite dritte segunda segundo tercera deuxième troisième"
    )
)
"""Lists numbers that are read with a slip, too: others differ from everyday words by a letter."""
_REPEATED = re.compile(r"(.)\1+")
MOST_CORRECTED = 6
LEAST_CORRECTED = 5
"""Words of the longest choice, and letters of the shortest word, that may be mistyped."""
MOST_TOGETHER = 3
"""Questions whose common chance a match holds, see `Match.together`."""


class Offering(Struct, frozen=True):
    """Holds for people what level 1 offers to a request, or why it offers nothing."""

    questions: tuple[tuple[str, float], ...] = ()  # each with its part of their common chance
    unoffered: str = ""  # why none is offered; "" where one is, or none could be
    likeliest: tuple[str, float] | None = None  # the approved question that comes nearest
    likely_from: float = 0.0  # from which chance of it on the policy offers anything


def offer_text(ids: Sequence[str], knowledge: Knowledge, *, half: bool = False) -> str:
    """Returns the list of approved questions, or one alone, with the words before and after it.

    `half`: the message asks for something else too, which has no approved answer.
    """
    text = _worded([_offered_as(knowledge.intents[name]) for name in ids], knowledge)
    other = knowledge.content.offer.other_unknown
    return f"{in_one_line(other)}\n{text}" if half and other is not None else text


def _worded(questions: Sequence[str], knowledge: Knowledge) -> str:
    offer = knowledge.content.offer
    if len(questions) == 1 and offer.one is not None:
        before, after = map(in_one_line, offer.one)
        return "\n".join((before, *questions, after))
    lines = [f"{i}. {question}" for i, question in enumerate(questions, start=1)]
    return "\n".join((in_one_line(offer.before), *lines, in_one_line(offer.after)))


def title_of(knowledge: Knowledge, intent_id: str) -> str:
    """Returns the approved question that stands for an intent: its title, or first utterance."""
    return _title(knowledge.intents[intent_id])


def question_of(knowledge: Knowledge, intent_id: str) -> str:
    """Returns the approved question of an intent as it is offered."""
    return _offered_as(knowledge.intents[intent_id])


def _title(intent: IntentSection) -> str:
    text = in_one_line(intent.title or intent.utterances[0])
    return text[:1].upper() + text[1:]


def _offered_as(intent: IntentSection) -> str:
    """Returns the approved question as it is offered: an utterance gets the mark that it lacks."""
    return _title(intent) if intent.title else with_mark(_title(intent))


def titles(content: KnowledgeFile) -> dict[str, str]:
    """Returns the intent of each approved question, with and without the mark of an offer."""
    forms = (_title, _offered_as)
    return {form(intent): intent.id for form in forms for intent in content.intents}


def offered(text: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Returns the intents that a message of ours offers, () for any other message.

    The questions may lack their marks: so they were offered once, and in some conversations are.
    """
    offer, line = knowledge.content.offer, in_one_line(text)
    if offer.other_unknown is not None:
        line = line.removeprefix(f"{in_one_line(offer.other_unknown)} ")
    listed = _between(line, f"{in_one_line(offer.before)} 1. ", offer.after)
    if listed is None and offer.one is not None:
        before, after = offer.one
        listed = _between(line, f"{in_one_line(before)} ", after)
    if listed is None:
        return ()
    known, parts = titles(knowledge.content), re.split(r" [2-9]\. ", listed)
    if not known.keys() >= set(parts) or in_one_line(_worded(parts, knowledge)) != line:
        return ()
    return tuple([known[part] for part in parts])


def _between(line: str, before: str, after: str) -> str | None:
    """Returns what stands between the words around an offer; None for another line."""
    after = f" {in_one_line(after)}"
    around = line.startswith(before) and line.endswith(after)
    return line[len(before) : -len(after)] if around else None


def chosen(text: str, ids: Sequence[str], knowledge: Knowledge) -> str | None:
    """Returns the offered intent that a message chooses; None where it does not say one clearly.

    It chooses by number ("2", "the second one, please") or by the question's own words, and one
    question alone by a yes; there a no chooses nothing, whatever stands beside it. A key that the
    answer needs may stand beside the choice ("yes, A-10442").
    """
    if not ids:
        return None
    whole, rest = text[:400], _without_keys(text[:400], knowledge)
    # A key may be a short number, as a choice is: it is left out where the whole chooses nothing.
    named = _named(_words(whole), ids, knowledge)
    if named is None and rest != whole:
        return _named(_words(rest), ids, knowledge)
    return named or _named(_corrected(_words(whole), ids, knowledge), ids, knowledge)


def _corrected(words: list[str], ids: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Returns the words of a short reply with a slip taken out: "secnd", "missng", "yesss".

    A word is put right where one known word alone is a letter away: of a number, or of a question
    that was offered.
    """
    if len(words) > MOST_CORRECTED:
        return []
    titles_words = [word for name in ids for word in _words(title_of(knowledge, name))]
    known = frozenset(titles_words).union(*_NUMBERS)
    kept = known | _BESIDE | _YES | _NO
    likely = [word for word in _MISTYPED.union(titles_words) if len(word) >= LEAST_CORRECTED]
    right: list[str] = []
    for word in words:
        if (once := _drawn_in(word)) in kept:
            right.append(once)
            continue
        near = [one for one in likely if len(word) >= LEAST_CORRECTED and is_one_edit(word, one)]
        right.append(near[0] if len(near) == 1 else word)
    return right


def _drawn_in(word: str) -> str:
    """Returns a yes or a no without letters that are drawn out ("yesss"), else the word."""
    once = _REPEATED.sub(r"\1", word)
    return once if word not in _YES and once in _YES | _NO else word


def misses(text: str, ids: Sequence[str]) -> bool:
    """Returns True for a number that no offered question has: "4" to a list of two.

    >>> misses("4", ["a", "b"]), misses("2", ["a", "b"]), misses("4 days", ["a", "b"])
    (True, False, False)
    """
    words = [word for word in _words(text[:MOST_COURTEOUS]) if word not in _BESIDE]
    if len(ids) < 2 or len(words) != 1 or not words[0].isdecimal() or len(words[0]) > 2:
        return False
    return not 1 <= int(words[0]) <= len(ids)


def _named(all_words: Sequence[str], ids: Sequence[str], knowledge: Knowledge) -> str | None:
    """Returns the offered intent that the words of a message choose; None for none or several."""
    asked = {name: set(_words(title_of(knowledge, name))) for name in ids}
    if len(ids) == 1:
        # "No" is no number here; the words of "My parcel did not arrive" choose it all the same.
        if not _NO.isdisjoint(all_words) and set(all_words) != asked[ids[0]]:
            return None
        if _is_yes(all_words):
            return ids[0]
    by_number = _by_number(all_words, len(ids))
    if by_number is not None:
        return ids[by_number]
    words = {word for word in all_words if word not in _BESIDE}
    # "Not" alone chooses nothing, though one question alone may have it: "my parcel is not here".
    fits = [name for name, title in asked.items() if words - _NO and words <= title]
    exact = [name for name in fits if set(all_words) == asked[name]]
    offered_once = exact or fits
    return offered_once[0] if len(offered_once) == 1 else None


def takes_all(text: str, ids: Sequence[str]) -> bool:
    """Returns True for "both", said of two offered questions, or "all", said of several.

    >>> takes_all("both, please", ["a", "b"]), takes_all("all three", ["a", "b", "c"])
    (True, True)
    >>> takes_all("not both", ["a", "b"]), takes_all("both", ["a", "b", "c"])
    (False, False)
    """
    if len(ids) < 2 or len(text) > MOST_COURTEOUS:
        return False
    words = set(_words(text))
    taken = words & (_ALL_OF_TWO | _ALL if len(ids) == 2 else _ALL)
    counted = _NUMBERS[len(ids) - 1] if len(ids) <= len(_NUMBERS) else frozenset[str]()
    return bool(taken) and words <= taken | _BESIDE_ALL | counted


def agrees(text: str, ids: Sequence[str], knowledge: Knowledge) -> bool:
    """Returns True for a plain yes to several offered questions: it does not say to which."""
    if len(ids) < 2 or chosen(text, ids, knowledge) is not None:
        return False
    return _is_yes(_words(_without_keys(text[:400], knowledge)))


def _is_yes(all_words: Sequence[str]) -> bool:
    """Returns True where the words of a message are a yes, and say nothing more."""
    if " ".join(all_words) in _POINTS_AT_IT:
        return True
    all_words = [_drawn_in(word) for word in all_words]
    agreed = _YES.intersection(all_words)
    declined = agreed <= _WEAK and not _THANKS.isdisjoint(all_words)  # "ok thanks": never mind
    return bool(agreed) and not declined and set(all_words) <= _YES | _BESIDE_YES


def only_courteous(text: str) -> bool:
    """Returns True for a greeting, a farewell, a laugh or thanks, and nothing else. English only.

    It asks for nothing, so no question is offered for it, whatever a matcher hears in it.

    >>> only_courteous("Byeee, thanks!"), only_courteous("bye, cancel my lesson")
    (True, False)
    """
    if len(text) > MOST_COURTEOUS or "?" in text:
        return False
    words = ["lol" if _LAUGH.fullmatch(w) else _DRAWN_OUT.sub(r"\1", w) for w in _words(text)]
    if not words or not _BESIDE_COURTESY.issuperset(words):
        return False
    return not _COURTEOUS.isdisjoint(words) or not _COURTEOUS_PAIRS.isdisjoint(pairwise(words))


def _without_keys(text: str, knowledge: Knowledge) -> str:
    """Returns a message without the keys in it, unless it is nothing else."""
    rest = text
    for section in knowledge.content.keys.values():
        for key in keys_in(rest, section):
            rest = re.sub(re.escape(key), " ", rest, flags=re.IGNORECASE)
    return rest if COMPOUND.search(rest) else text


def _by_number(all_words: Sequence[str], most: int) -> int | None:
    """Returns the place that a message names and nothing else, counted from 0."""
    words = [word for word in all_words if word not in _BESIDE]
    # "The second one" has one number.
    if "one" in words and (len(words) > 1 or not set(all_words) - {"one"} <= _BESIDE_ONE):
        words = [word for word in words if word != "one"]
    if words == ["last"]:
        return most - 1
    places = [i for word in words for i, numbers in enumerate(_NUMBERS) if word in numbers]
    return places[0] if len(places) == len(words) == 1 and places[0] < most else None


def together_in(offers: Sequence[tuple[str, float]], match: Match) -> float:
    """Returns the chance that one of the offered intents is meant.

    A match holds it for the likeliest questions together. Fewer of them get their part of it. Of
    several that are asked for at once all are meant.
    """
    if match.asked and offers == list(match.asked):
        both: float = math.prod([p for _, p in offers])
        return both
    chances = [p for _, p in offers]
    # Shares of a softmax, scaled: their sum was fitted on nothing, and hears no near miss.
    if not match.together or not chances:
        return min(1.0, sum(chances))
    likeliest = (match.confidence, *(p for _, p in match.others[: MOST_TOGETHER - 1]))
    part = min(1.0, sum(chances) / max(1e-9, sum(likeliest)))
    return min(1.0, match.together * part)
