"""Knows the tasks that chat applications set by themselves: titles, tags, next questions, searches
and pictures of a chat.

Such a message quotes the chat, each of whose turns was decided when it was sent. So its matters and
stakes are no matters of the task. It is known by the whole shipped wording, of which the digests
stand here, and by the place of the quotation. An operator's own wording is read as any text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from hashlib import blake2b
from typing import NamedTuple

_STARTS = ("### Task:", "Provide a concise, 5-word-or-less title")
_OPENED, _CLOSED = "<chat_history>", "</chat_history>"
_CONVERSATION = "Conversation:"
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
SHIPPED = frozenset(
    {
        # Open WebUI (its package on PyPI, 0.5.20 to 0.12.4): titles, three wordings
        "eec8c630a243c855d29297468f601942",
        "1bf6e7c7ddb86ff0f9711fbf2dd62047",
        "d2b55190b37126e22da2b4b138468852",
        "c41d41f9ec616a9b57c2a72cd784423a",  # tags
        # next questions, three wordings
        "179365f5419c2a3815fea19f14a6608f",
        "56485105c17c24f191b955e79766bf85",
        "72e1f1974e45990ec93728ff3dac1300",
        # Open WebUI 0.12.4: searches of the web, and what a picture should show
        "f11b380bd2ed83f1bb008d59fd3aecf6",
        "945176d8845b8b72df1f093fd731452b",
        # LibreChat (its agents on npm, 3.2.21): titles
        "dbaeff6ccb4a3856ada6a9f9e01860a9",
    }
)
"""Lists the digests of the shipped tasks, up to the quoted chat."""


class ChatTask(NamedTuple):
    """Holds the parts of such a message."""

    task: str
    chat: str  # which is read for harm alone


def chat_task(
    texts: Sequence[str], most_chars: int, shipped: Set[str] = SHIPPED
) -> ChatTask | None:
    """Returns the parts of a request with these user messages; None for any other request.

    A chat of more than `most_chars` characters would not be read as a whole, and one with a second
    quotation may hide what stands beside it.
    """
    if len(texts) != 1 or not texts[0].startswith(_STARTS):
        return None
    text = texts[0].strip()
    if text.endswith(_CLOSED):
        task, opened, chat = text.removesuffix(_CLOSED).partition(_OPENED)
    else:
        task, opened, chat = text.partition(_CONVERSATION)
    again = _OPENED in chat or _CLOSED in chat
    if not opened or again or len(chat) > most_chars or digest_of(task) not in shipped:
        return None
    return ChatTask(task.strip(), chat.strip())


def digest_of(task: str) -> str:
    """Returns what a task is known by: the digest of its words, whatever blanks part them.

    A day is left out, since the task of a search holds the day on which it was set.

    >>> digest_of("Name  it.\\n") == digest_of("Name it.")
    True
    >>> digest_of("Today is 2026-11-29.") == digest_of("Today is 2027-01-03.")
    True
    """
    words = _DAY.sub("DAY", " ".join(task.split()))
    return blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()
