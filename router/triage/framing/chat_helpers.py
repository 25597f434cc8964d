"""Knows the requests that chat applications send by themselves about a chat: titles, tags, next
questions.

Such a request quotes the chat, each of whose turns was decided when it was sent. So its matters and
stakes are no matters of the request. It is known by the beginning that the application ships with
and by the place of the quotation; an operator's own wording is read as any text.
"""

from __future__ import annotations

from typing import NamedTuple

_STARTS = (
    # Open WebUI, `backend/open_webui/config.py`
    "### Task:\nGenerate a concise, 3-5 word title",
    "### Task:\nGenerate 1-3 broad tags",
    "### Task:\nSuggest 3-5 relevant follow-up questions",
    "### Task:\nAnalyze the chat history to determine the necessity of generating search queries",
    # LibreChat, `@librechat/agents`
    "Provide a concise, 5-word-or-less title for the conversation",
)
_QUOTES = (("<chat_history>", "</chat_history>"), ("\nConversation:\n", ""))
"""What stands before and behind the chat; "" where it ends the message."""
MOST_TASK = 3_000
"""Characters of such a task; the longest that is shipped has 1,700."""


class Helper(NamedTuple):
    """Holds the parts of such a request."""

    task: str
    chat: str  # which is read for harm alone


def chat_helper(texts: list[str]) -> Helper | None:
    """Returns the parts of a request with these user messages; None for any other request.

    >>> asked = "Provide a concise, 5-word-or-less title for the conversation.\\nConversation:\\nHi"
    >>> chat_helper([asked]).chat
    'Hi'
    """
    if len(texts) != 1 or not texts[0].startswith(_STARTS):
        return None
    text = texts[0].rstrip()
    for before, behind in _QUOTES:
        task, found, chat = text.partition(before)
        if found and text.endswith(behind):
            return (
                Helper(task.strip(), chat.removesuffix(behind).strip())
                if len(task) <= MOST_TASK
                else None
            )
    return None
