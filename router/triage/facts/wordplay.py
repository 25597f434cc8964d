"""Tells texts that only play with a sum of money, or with a word: a poem about it, its plural.

Nothing is at stake in such a sum. A text counts only where it is one short sentence in one of a few
closed forms, and none of its words asks to act. All else stays at stake, so nobody hides a sum that
is: "a poem about $9,000, then pay it" is no such text. It knows nothing about sums.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from router.triage.text.folding import fold, words_of
from router.triage.text.quotes import ACTING, forms

LONGEST = 200
"""Characters from which a text is no longer looked at: requests of these forms are short."""
MOST_OF_A_FORM = 14
"""Words of a text that asks for a form of a word."""

_POLITE = (
    r"(?:(?:please|pls|hi|hello|hey|ok|bitte|hallo),? )*"
    r"(?:(?:can|could|would|will) (?:you|u) (?:please )?)?"
)
_VERB = (
    r"(?:write|compose|make up|tell|give|create|sing|schreibe?|erzaehle?|erzahle?|ecris|racontez?|"
    r"escribe|cuenta|scrivi|racconta|schrijf|vertel|escreva|escreve|conta|napisz|opowiedz)"
)
_WORK = (
    r"(?:limericks?|poems?|haikus?|jokes?|riddles?|short stor(?:y|ies)|stor(?:y|ies)|fairy ?tales?|"
    r"tales?|songs?|raps?|ballads?|sonnets?|rhymes?|lyrics|verses?|puns?|gedichte?|witze?|maerchen|"
    r"marchen|geschichte|poemes?|blagues?|histoire|conte|poemas?|chistes?|cuento|poesia|"
    r"barzellett[ae]|storia|filastrocca|gedichten?|grap|mop|verhaal|piadas?|conto|wiersz|zart|"
    r"limeryk|opowiadanie)"
)
# At most four words stand between the verb and what is written.
_WRITING = late_regex(rf"{_POLITE}(?:{_VERB}(?: (?!user)\w+){{0,4}} |an? (?:\w+ )?){_WORK}\b")
_NAMING = late_regex(
    rf"{_POLITE}(?:(?:what is|what's|whats) the (?:word|words|term|name|expression) (?:for|of) .+"
    r" in [a-z]+|how (?:do|would|can) (?:you|u|i|we|one) (?:say|write|spell|pronounce) .+"
    r" in (?:words|letters|full|english|[a-z]+)|(?:spell|write)(?: out)? .+ in (?:words|letters))"
)
_ASKS_SUM = late_regex(
    rf"{_POLITE}(?:what is|what's|whats|what are|how much is|how much are|calculate|compute|"
    r"work out|was sind|was ist|wie viel sind|wie viel ist|wieviel ist|berechne|combien font|"
    r"combien fait|calcule|cuanto es|cuanto son|calcula|quanto fa|quanto e|calcola|hoeveel is|"
    rf"bereken|ile to(?: jest)?|ile jest|quanto sao|oblicz|"
    rf"{fold('сколько будет|скільки буде').text})\b"
)
_CONVERTS = late_regex(
    rf"{_POLITE}(?:convert )?[\d.,]{{1,20}} ?[a-z]{{3}} (?:to|in|into) [a-z]{{3}} at [\d.,]{{1,20}}"
)
"""Matches "convert 12,500 jpy to eur at 0.0061"."""
_WORKED = late_regex(
    r"%|[+*/\u00d7\u00f7]|\b(?:percent|per cent|prozent|procent|plus|minus|times|divided|mal|maal|"
    r"geteilt|gedeeld|keer|fois|divise|veces|vezes|volte|dividido|diviso|razy|mais|mas|menos|"
    rf"moins|piu|meno|podzielone|{fold('умножить|разделить|плюс|минус|помножити|поділити|мінус').text})\b"
    r"|\d ?(?:x|per|por) ?\d"
)
_IN_A_SUM = forms(
    """what whats is are s how much please can could would you hi hello calculate compute work out
    percent per cent plus minus times divided by of and the dollars dollar euros euro pounds pound
    usd eur gbp k thousand million was sind ist wie viel wieviel berechne prozent von combien font
    fait calcule pour cent de di da cuanto es son el calcula por ciento quanto fa e calcola il
    hoeveel bereken procent van ile to jest oblicz z zl сколько будет от долларов рублей евро
    mais mas sao menos moins piu meno mal maal min weniger fois veces vezes volte keer razy x per
    por par durch door dzielone podzielone przez geteilt gedeeld divise dividido diviso entre jest
    умножить разделить плюс минус на
    скільки буде від доларів гривень помножити поділити мінус"""
)
_OF_ASKING = frozenset({"do", "in", "per", "mach"})
"""Words that ask, and are among those that act: "how do you say ..."."""
_ACTS = late_regex(
    r"\b(?:approv|authori|transfer|wir(?:e|es|ed|ing)\b|pay|paid|refund|invest|sign|claim|settl|"
    r"purchas|reimburs|deposit|withdr|donat|send|sent\b|sell|sold|buy|bought|lend|lent\b|loan|charg|"
    r"releas|grant|owe)"
)
"""Beginnings of words that act, in all their forms."""
_NUMBER = re.compile(r"[\d.,]+[km]?")
_FORMS_OF_WORDS = forms(
    """plural singular tense participle comparative superlative opposite antonym antonyms synonym
    synonyms feminine masculine infinitive gerund prefix suffix"""
)
_WORD_FORM = late_regex(
    r"(?:(?:please|pls|hi|hello|hey|ok|so) )*(?:(?:what is|whats|what are|tell me|give me|i need"
    r"|do you know|name|find) )?(?:the |an? )?(?:correct |right |english |irregular )?"
    r"(?:(?:simple )?(?:past|present|future) (?:tense|participle)|plural|singular"
    r"|comparative|superlative|opposite|antonyms?|synonyms?|feminine|masculine"
    r"|infinitive|gerund|prefix|suffix)(?: form)?"
    r"(?: of| for)(?: the)?(?: (?:word|verb|noun|adjective|adverb))?(?: to)? [a-z]{2,20}"
    r"(?: (?!to|of|for|in)[a-z]{2,20})?(?: in english)?(?: please)?"
)
_NEW_SENTENCE = late_regex(r"[.!?;:\n]\s|\n")


def only_plays(text: str) -> bool:
    """Returns True for a folded text that only writes about a sum, names it or works with it.

    >>> only_plays("write me a limerick about a million dollars"), only_plays("15% of $6,000")
    (True, False)
    >>> only_plays("What is 15% of $6,000?"), only_plays("Pay 15% of $6,000")
    (True, False)
    """
    if len(text) > LONGEST:
        return False
    plain = text.strip().lower().lstrip("\u00bf\u00a1").rstrip("?!. ")
    if _NEW_SENTENCE.search(plain):
        return False
    words = words_of(plain)
    if _ASKS_SUM.match(plain) and _WORKED.search(plain):
        return _in_a_sum(words)
    if _NAMING.fullmatch(plain) is None and _WRITING.match(plain) is None:
        return False
    return ACTING.isdisjoint(set(words) - _OF_ASKING) and _ACTS.search(plain) is None


def only_works_out(text: str) -> bool:
    """Returns True for a folded text that only asks for a sum of numbers.

    >>> only_works_out("quanto e 12 vezes 7"), only_works_out("what is 12 times 7 mg")
    (True, False)
    """
    if len(text) > LONGEST or not has_digit(text):
        return False
    plain = text.strip().lower().lstrip("\u00bf\u00a1").rstrip("?!. ")
    if _CONVERTS.fullmatch(plain):
        return True
    asks = _ASKS_SUM.match(plain) is not None and _WORKED.search(plain) is not None
    return asks and _in_a_sum(words_of(plain))


def _in_a_sum(words: Sequence[str]) -> bool:
    return all(word in _IN_A_SUM or _NUMBER.fullmatch(word) for word in words)


def only_asks_for_a_word_form(words: Sequence[str]) -> bool:
    """Returns True for the words of a text that only asks for a form of a word, or its opposite.

    >>> only_asks_for_a_word_form("what is the past tense of swim".split())
    True
    >>> only_asks_for_a_word_form("the plural of ox and whom do I sue".split())
    False
    """
    if not 3 <= len(words) <= MOST_OF_A_FORM or _FORMS_OF_WORDS.isdisjoint(words):
        return False
    return _WORD_FORM.fullmatch(" ".join(words).replace("what s ", "whats ")) is not None
