"""Knows an item of an exam: a question about nobody's own matter, with answers to choose from.

"A man has chest pain. Which artery is closed? A. the left one B. the right one C. none" is asked by
schools, and by those who test a model. It is nobody's matter, and no sum of it is at stake. Such an
item has three answers or more, marked in order from A on, each in a line of its own or all with
brackets, and it ends with them. Who speaks of themselves asks for counsel, which is no item. It
knows nothing about models.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

LEAST_ANSWERS = 3
LEAST_WORDS = 4
"""Words of the question before its answers."""
MOST_CHARS = 6_000
"""Characters of the longest item that is looked at; those of public sets have 3,500 at most."""
_LINES = late_regex(r"^[ \t]{0,8}\(?([A-Ja-j])[.):][ \t]+(?=\S)", re.MULTILINE)
_BRACKETS = late_regex(r"(?<!\S)\(?([A-Ja-j])\)[ \t]+(?=\S)")
_SAID_LAST = late_regex(
    r"\n[^\S\n]*(?:(?:the )?(?:correct |right |best )?answer\b|choose|select|pick|reply|respond|"
    r"give)\b[^\n]{0,80}\s*\Z",
    re.IGNORECASE,
)
"""Matches a last line that says how to answer: "Answer:", "Choose one letter."."""
_QUOTED = late_regex(r"[\"\u201c][^\"\u201c\u201d]{1,600}[\"\u201d]")
_OWN = late_regex(
    r"(?<![\w.])(?:I|i|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself|[Ww]e|us|[Oo]urs?|[Oo]urselves|MY|WE|OUR|im|ive|"
    r"[Mm]um|[Mm]om|[Mm]ummy|[Dd]ad|[Dd]addy|[Gg]rand(?:pa|ma|ad|dad)|[Gg]ran(?:ny)?|right now|"
    r"tonight|urgent|asap)(?!\w|[.)]\w)"
)
"""Finds who speaks of themselves or their family, or is in a hurry. "US" is a country, "mm" a unit,
and quoted people speak for themselves."""


def is_exam_item(text: str) -> bool:
    """Returns True for an item of an exam.

    >>> is_exam_item("Which gas do plants take up?\\nA. oxygen\\nB. carbon dioxide\\nC. argon")
    True
    >>> is_exam_item("What shall we sell?\\nA. the plant\\nB. the brand\\nC. the shops")
    False
    """
    if len(text) > MOST_CHARS:
        return False
    return any([_in_order(text, marks) for marks in (_LINES, _BRACKETS)])


def _in_order(text: str, marks: re.Pattern[str]) -> bool:
    """Returns True where such marks are the first letters in order, nothing is asked behind them,
    and nobody speaks of themselves."""
    found = list(marks.finditer(text))
    if len(found) < LEAST_ANSWERS:
        return False
    letters = "".join([mark[1] for mark in found])
    if letters not in ("ABCDEFGHIJ"[: len(letters)], "abcdefghij"[: len(letters)]):
        return False
    if len(text[: found[0].start()].split()) < LEAST_WORDS:
        return False
    answers = text[found[0].end() :].rstrip()
    told = _SAID_LAST.search(answers)
    answers = answers if told is None else answers[: told.start()]
    last = text[found[-1].end() : found[0].end() + len(answers)]
    if "?" in answers or "\n" in last.strip():
        return False
    return _OWN.search(_QUOTED.sub(" ", marks.sub(" ", text))) is None
