"""Reads approved small talk: phrases that people write, and the words that answer them.

A message is small talk only where all of it is known phrases, so that no question is lost in a
greeting. It knows nothing about models or policies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field, model_validator

from router.policy.content.languages.glossaries import LanguageCode
from router.policy.content.text_keys import ANY_WORD, text_key
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.schema import Name, Section

MAX_CHARACTERS = 120
"""Bounds a message of small talk: a longer one has something else to say."""
MAX_PHRASES = 4  # "hello, thanks, how are you, bye"
MAX_FOLLOWERS = 5  # words of "à toutes et à tous"

_ACCENT = re.compile("[\u0300-\u036f]")
_DRAWN_OUT = re.compile(r"(.)\1\1+")
Phrase = Annotated[str, Field(min_length=1, max_length=80)]


class WordsSection(Section):
    """Holds phrases and the approved answer to them, in one language."""

    phrases: list[Phrase] = Field(min_length=1)
    followed_by: list[Phrase] = Field(
        default_factory=list,
        description='Words that may follow a phrase and change nothing: "team" in "hello team".',
    )
    answer: str = Field(min_length=1, max_length=1000)


class ReplySection(WordsSection):
    """Holds one kind of small talk, and its approved answer."""

    id: Name
    opens: bool = Field(
        default=False,
        description="True: only the first message counts. A later one replies to what was said.",
    )
    begins: bool = Field(
        default=False,
        description="True: these words begin a message. Behind other phrases they take leave, and "
        "the answer to those is sent.",
    )
    languages: dict[LanguageCode, WordsSection] = Field(
        default_factory=dict, description="The same in other languages."
    )

    def by_language(self) -> Iterator[tuple[str, WordsSection]]:
        """Yields the words of each language, "" for those of the reply itself."""
        yield "", self
        yield from self.languages.items()


class TalkReply(Struct, frozen=True):
    """Holds an approved answer, and the kind of small talk that it answers."""

    id: str
    answer: str
    opens: bool = False
    begins: bool = False
    followed_by: frozenset[str] = frozenset()


class SmallTalkFile(Section):
    """Holds a whole file of small talk."""

    version: Literal[1]
    name: str = Field(min_length=1, max_length=100)
    reviewed: date | None = None
    replies: list[ReplySection] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> SmallTalkFile:
        owners: dict[tuple[str, str], str] = {}
        for reply in self.replies:
            for language, words in reply.by_language():
                for phrase in words.phrases:
                    key = _key(phrase)
                    if not key:
                        raise ValueError(f"phrases of words, not {phrase!r}")
                    # Nothing could decide between two answers to the same phrase.
                    owner = owners.setdefault((language, key), reply.id)
                    if owner != reply.id:
                        raise ValueError(f"{phrase!r} under one reply; {owner} has it too")
        return self


class SmallTalk(Struct, frozen=True):
    """Holds a loaded file: replies by the key of each phrase, in all languages."""

    by_phrase: Mapping[str, TalkReply]
    longest: Mapping[str, int]  # words of the longest phrase that begins with this word

    def reply(self, text: str, *, opens: bool = True) -> TalkReply | None:
        """Returns the reply to a message of known phrases, that of the last one; None else.

        "Ciao" and "bonsoir" greet at the beginning alone: behind thanks they take leave.
        `opens`: the message is the first one.
        """
        if len(text) > MAX_CHARACTERS:
            return None
        first = ANY_WORD.search(_plain(text))
        if first is None or _undrawn(first[0]) not in self.longest:
            return None  # as nearly all messages
        words = _key(text).split()
        reply = None
        for _ in range(MAX_PHRASES):
            if not words:
                break
            # The longest phrase first: "good morning" is one, not two.
            ends = range(min(len(words), self.longest.get(words[0], 0)), 0, -1)
            end = next((n for n in ends if " ".join(words[:n]) in self.by_phrase), None)
            if end is None:
                return None
            said, words = self.by_phrase[" ".join(words[:end])], words[end:]
            words = words[_longest_of(said.followed_by, words) :]
            reply = reply if reply is not None and said.begins else said
            if said.opens and not opens:
                return None
        return None if words else reply

    def only(self, ids: Collection[str]) -> SmallTalk:
        """Returns the small talk with the replies of these ids alone."""
        kept = {phrase: reply for phrase, reply in self.by_phrase.items() if reply.id in ids}
        return SmallTalk(kept, _longest(kept))


def _longest_of(followers: Collection[str], words: Sequence[str]) -> int:
    """Returns how many of the next words are one of the words that may follow a phrase."""
    most = min(MAX_FOLLOWERS, len(words)) if followers else 0
    return next((n for n in range(most, 0, -1) if " ".join(words[:n]) in followers), 0)


def _longest(phrases: Iterable[str]) -> dict[str, int]:
    """Returns the most words of the phrases by their first word."""
    longest: dict[str, int] = {}
    for phrase in phrases:
        first, *rest = phrase.split()
        longest[first] = max(1 + len(rest), longest.get(first, 0))
    return longest


@lru_cache(16)
def parse_small_talk(file: str, text: str) -> SmallTalk:
    """Returns the small talk in `text`, parsed once. Raises PolicyError with every mistake."""
    tree, lines = load_yaml(file, text)
    content = validated(SmallTalkFile, tree, lines)
    replies: dict[str, TalkReply] = {}
    for section in content.replies:
        for _, words in section.by_language():
            followers = frozenset(map(_key, words.followed_by))
            reply = TalkReply(section.id, words.answer, section.opens, section.begins, followers)
            for phrase in words.phrases:
                replies.setdefault(_key(phrase), reply)
    return SmallTalk(replies, _longest(replies))


def load_small_talk(path: Path) -> SmallTalk:
    """Returns the small talk at `path`. Raises PolicyError, also for an unreadable file."""
    return parse_small_talk(str(path), text_of(path))


def _key(text: str) -> str:
    """Returns the words of a text, lower case, without apostrophes, accents and drawn-out letters.

    >>> _key("Helloooo!! What's up? Adiós")
    'hello whats up adios'
    """
    return _undrawn(text_key(_plain(text)))


def _plain(text: str) -> str:
    plain = text.lower().replace("'", "").replace("\u2019", "")
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", plain)))


def _undrawn(words: str) -> str:
    # Few words are drawn out, and to put none in place takes ten times as long as to look.
    return words if _DRAWN_OUT.search(words) is None else _DRAWN_OUT.sub(r"\1", words)
