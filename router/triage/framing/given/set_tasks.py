"""Knows instructions that set work on a text: to classify, extract, translate, summarise, name it.

A program sends them in a system message, and the text in the user's. What the text tells is then no
matter of the request: a label or a translation is wanted, whatever it says. Instructions that have
anybody advised, answered or judged are none of these. It knows nothing about models or policies.
"""

from __future__ import annotations

import re
from functools import lru_cache

from router.regexes.late import late_regex
from router.triage.framing.given.task_words import (
    GIVES,
    LABEL_ALONE,
    NAME,
    NAMED_IN,
    NO_TASK,
    RATED,
    TASK,
    TITLE,
)

MOST_CHARS = 2_000
"""A longer message describes an assistant, and holds more than can be read so plainly."""
KEPT = 256
"""Instructions whose task is remembered: a program sends the same ones with each request."""
FIRST = 2
"""Sentences among which the task stands. Further down one job of several may be meant."""

_END = late_regex(r"(?<=[.!?\u3002\uff01;])\s+|[\n\r]+|(?<=\u3002)|</?[\w-]{1,20}>")
_NEVER = re.compile(
    r"(?:[-*\u2022]\s*)?(?:(?:please|bitte|and|und|but|you)\s+)?(?:(?:do(?: not|n['\u2019]t)|"
    r"never|no|not|without(?! delay)|avoid|must not|may not|leave out|skip|keine?|ohne|nicht|"
    r"niemals|"
    r"ne|jamais|sans|pas de|nunca|sin|non|senza|niet|geen|nooit|não|sem|nie|bez)\b(?! matter)|"
    r"n['\u2019])",
    re.IGNORECASE,
)
"""Matches a sentence that forbids: "Do not add advice" asks for no advice."""
_STILL = re.compile(
    r"\b(?:but|instead|rather|sondern|mais|sino|ma|maar|mas|lecz|ale)\b.*", re.I | re.S
)
"""Finds what a sentence that forbids asks for all the same."""
_NOR = late_regex(
    r"(?:(?:,| and| but| und| et| y| e| en| i)\s+|(?<!\s)\s+(?=(?:without|ohne|sans|sin|senza|"
    r"zonder|sem|"
    r"bez) ))(?:and |but |or |und |et |y |e |en |"
    r"i )?(?:do(?: not|n['\u2019]t)|never|no|not|without|ohne|zonder|keine?\w{0,2}|nicht|niemals|"
    r"jamais|sans|"
    r"aucune?|pas d\w*|nunca|sin|ningún|ninguna|senza|nessun[ao]?|mai|niet|geen|nooit|não|sem|"
    r"nenhuma?|nie|bez|żadn\w+) [^.,;\n]*",
    re.IGNORECASE,
)
"""Finds what a sentence forbids behind a comma, up to the next one."""

READ_AS = "Summarise this text."
"""Is read in the place of instructions that set a task. Their own words name what may be in a text
("self_harm", "passwords"), which is nobody's matter and no request."""


def sets_task(instructions: str) -> bool:
    """Returns True where instructions set work on a text and nothing else.

    >>> sets_task("You are a ticket classifier. Reply with one label: BILLING, OTHER.")
    True
    >>> sets_task("Summarise the problem in one sentence, then tell the customer what to do.")
    False
    """
    text = instructions.strip()
    return bool(text) and len(text) <= MOST_CHARS and not _untaken(text)


def untaken(instructions: str) -> str:
    """Returns why instructions set no work on a text, as words to print; "" where they do.

    >>> untaken("You are a helpful assistant.")
    'no work on a text is known at their beginning'
    >>> untaken("Translate the letter and advise its reader.")
    '"advis" makes more of them than work on a text'
    """
    text = instructions.strip()
    if len(text) > MOST_CHARS:
        return f"they are longer than {MOST_CHARS:,} characters"
    return _untaken(text)


@lru_cache(maxsize=KEPT)
def _untaken(text: str) -> str:
    said = [sentence.strip() for sentence in _END.split(text) if sentence.strip()]
    asked = [_NOR.sub("", _not_forbidden(sentence)) for sentence in said]
    plain = [sentence for sentence in asked if not TITLE.fullmatch(sentence)]
    first = [*asked[:FIRST], *plain[:FIRST]]
    if not any([TASK.match(_behind_name(sentence)) for sentence in first]) and not any(
        [LABEL_ALONE.search(sentence) for sentence in asked]
    ):
        return "no work on a text is known at their beginning"
    for sentence in asked:
        if (more := NO_TASK.search(_of_the_text(sentence))) is not None:
            return f'"{more[0].strip()}" makes more of them than work on a text'
    return ""


def _of_the_text(sentence: str) -> str:
    """Returns a sentence without what is read off a text: its tone, a diagnosis that it names.

    Behind a word of giving it is the answer's own: "Extract the symptoms and give a diagnosis".
    """
    sentence = RATED.sub("", sentence)
    giving = GIVES.search(sentence)
    end = giving.start() if giving else len(sentence)
    return NAMED_IN.sub("", sentence[:end]) + sentence[end:]


def _behind_name(sentence: str) -> str:
    """Returns what stands behind a name: "Summary: we are a clinic" asks for no summary."""
    named = NAME.match(sentence)
    return sentence[named.end() :] if named else sentence


def _not_forbidden(sentence: str) -> str:
    """Returns a sentence; of one that forbids, what it asks for behind a "but"."""
    if not _NEVER.match(sentence):
        return sentence
    still = _STILL.search(sentence)
    return still[0] if still else ""
