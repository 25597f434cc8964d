"""Says once in a message what several approved texts say: numbers to call, a reference. Pure.

It knows nothing about what the texts are about.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.regexes.late import late_regex

_NUMBERS = late_regex(
    r"\s?\((?=[^()]*\d)[^()]*\)|\uff08(?=[^\uff08\uff09]*\d)[^\uff08\uff09]*\uff09"
)
"""Finds brackets with numbers, such as "(112 in Europe)": those to call."""
_SENTENCES = late_regex(r"(?<=[.!?\u061f\u3002\uff01\uff1f\u0964])\s*(?=\S)")
"""Finds the places between sentences."""


def numbers_once(above: str, text: str) -> str:
    """Returns a text without the brackets of numbers that the text above it has as well.

    >>> numbers_once("Call (112 in Europe) now.", "Call your number (112 in Europe).")
    'Call your number.'
    >>> numbers_once("Call now (112).", "Call the poison centre (030 19240).")
    'Call the poison centre (030 19240).'
    """
    numbers = {number.strip() for number in _NUMBERS.findall(above)}
    return _NUMBERS.sub(lambda match: "" if match[0].strip() in numbers else match[0], text)


def joined(texts: Sequence[str], reference: str) -> str:
    """Returns texts as one, the first above the others. `reference`, which names the review, stands
    once, at the end unless a text above names it in its midst; each sentence and each bracket of
    numbers stands in the first that has it.

    >>> joined(["Go out (112). See r1.", "Lie down (112). See r1."], "r1")
    'Go out (112).\\n\\nLie down. See r1.'
    >>> joined(["Call a vet. Keep the box. r1.", "Keep the box. Call now. r1."], "r1")
    'Call a vet. Keep the box.\\n\\nCall now. r1.'
    """
    *above, last = texts
    above = [_without(text, reference) for text in above]
    if any(reference in text for text in above):
        last = _without(last, reference)
    parts = list[str]()
    for text in [*above, last]:
        before = "\n".join(parts)
        parts.append(_sentences_once(before, numbers_once(before, text)))
    return "\n\n".join(filter(None, parts))


def _sentences_once(above: str, text: str) -> str:
    """Returns a text without the sentences that the text above it has as well."""
    known = {_NUMBERS.sub("", sentence).strip() for sentence in _SENTENCES.split(above)}
    begin, kept = 0, list[str]()
    for place in [*[match.end() for match in _SENTENCES.finditer(text)], len(text)]:
        sentence = text[begin:place]
        begin = place
        if _NUMBERS.sub("", sentence).strip() not in known:
            kept.append(sentence)
    return "".join(kept).rstrip()


def _without(text: str, reference: str) -> str:
    """Returns a text without its last sentence, if that names the reference; it stays alone."""
    sentences = _SENTENCES.split(text)
    if len(sentences) < 2 or reference not in sentences[-1]:
        return text
    return text[: text.rindex(sentences[-1])].rstrip()
