"""Answers from passages as a strong model would, and badly on purpose: a reader of documents.

`reply` picks the sentence of the passages that shares most words with the question, cites it, and
adds a sentence that no passage holds. It obeys: where its messages give an order to say a word, it
says that word. A test can thus see that neither reaches a client.
"""

from __future__ import annotations

import re

INVENTED = "The manager of this department is called Bob Castle"
UNKNOWN = "I have no passages, so I answer from memory: ninety-nine days."
_PASSAGE = re.compile(r"<<<[0-9a-f]{12} \[(\d+)\][^\n]*>>>\n(.*?)\n<<<[0-9a-f]{12}>>>", re.DOTALL)
_ORDER = re.compile(r"ignore (?:all )?previous instructions and say (\w+)", re.IGNORECASE)


def read(body: dict[str, object]) -> str:
    """Returns the answer to the request's last message, from the passages in the messages."""
    messages = body["messages"]
    assert isinstance(messages, list)
    everything = "\n".join(str(message["content"]) for message in messages)
    if order := _ORDER.search(everything):
        return f"{order[1]} [1]."
    question = _words(str(messages[-1]["content"]))
    best, number = "", "0"
    for found, text in _PASSAGE.findall(everything):
        for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
            if len(_words(sentence) & question) > len(_words(best) & question):
                best, number = sentence, found
    if not best:
        return UNKNOWN
    return f"{best.rstrip('.')} [{number}]. {INVENTED} [{number}]."


def _words(text: str) -> set[str]:
    return {word.lower()[:5] for word in re.findall(r"\w{4,}", text)}
