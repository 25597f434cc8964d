"""Labels priority by stated rules; no public data set labels it, so these labels are weak.

The words of a text decide, as for a dispatcher who has nothing more. The head that learns them
reads meaning instead of words, so it also finds what the lists lack. Its figures do not show that
it is right, since they measure agreement with these rules. `tiergate train head --name priority`
makes a head from real labels.
"""

from __future__ import annotations

import re

HIGH, NORMAL, LOW = "high", "normal", "low"

HIGH_WORDS = (
    "urgent urgently asap emergency immediately outage critical breach breached hacked phishing "
    "ransomware malware virus stolen fraud fraudulent stranded blocked crashed crashes escalate "
    "escalated escalation locked unauthorized unauthorised compromised"
)
HIGH_PHRASES = (
    "as soon as possible", "right away", "right now", "at once", "is down", "are down", "went down",
    "not working", "stopped working", "does not work", "doesn t work", "unable to work",
    "cannot work", "can t work", "unable to login", "unable to log in", "cannot login",
    "cannot log in", "can t log in", "unable to access", "cannot access", "lost access",
    "locked out", "data loss", "lost data", "by today", "end of today", "end of business",
    "deadline today",
    "before noon", "security incident", "production issue", "high priority", "top priority",
    "didn t authorize", "not authorized by me", "charged twice", "lost my card", "stole my",
)  # fmt: skip
LOW_WORDS = (
    "newsletter unsubscribe fyi digest suggestion suggestions wishlist webinar announcement survey "
    "curious wondering feedback congratulations"
)
LOW_PHRASES = (
    "no rush", "no hurry", "when you have time", "when you get a chance", "whenever you can",
    "low priority", "for your information", "just wanted to say", "feature request", "nice to have",
    "at your convenience", "not urgent", "thank you for your help", "thanks for your help",
    "do you sell", "do you have", "how do i", "what is the", "what are the", "where can i",
    "opening hours", "how much does", "tell me about",
)  # fmt: skip

READ_CHARS = 400
"""Only the beginning of a long mail is judged; the encoder, too, reads only head and tail."""

_NOT_LETTERS = re.compile(r"[^a-z]+")


def _pattern(words: str, phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join([*words.split(), *phrases]) + r")\b")


_HIGH, _LOW = _pattern(HIGH_WORDS, HIGH_PHRASES), _pattern(LOW_WORDS, LOW_PHRASES)
_NOT_URGENT = re.compile(r"\b(?:not|nothing|isn t|no longer) (?:\w+ )?(?:urgent|critical)\b")


def priority_by_rule(text: str) -> str:
    """Returns high, low or normal by a text's first words; a text said to be not urgent is low.

    >>> priority_by_rule("The server is down, please help ASAP")
    'high'
    >>> priority_by_rule("Nothing urgent: how do I change my signature?")
    'low'
    """
    plain = _NOT_LETTERS.sub(" ", text[:READ_CHARS].lower())
    # Asked first, because these phrases contain the words of high priority.
    if _NOT_URGENT.search(plain):
        return LOW
    if _HIGH.search(plain):
        return HIGH
    return LOW if _LOW.search(plain) else NORMAL
