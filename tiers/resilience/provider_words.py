"""Makes a provider's words about a refused request fit to be shown: for the log, the record and
the client.

They say what to change better than any status. But they may repeat a key, an address, or what the
prompt says: those are left out, and the rest is redacted as logs are, and bounded. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from router.privacy.redact import redact
from router.types import ChatRequest

MOST_WORDS = 240
"""Characters of them that are shown; a provider's reason has about a hundred."""
TOLD_STATUSES = frozenset({400, 413, 415, 422})
"""Statuses that speak of the request. Others speak of keys, money and addresses."""
LEFT_OUT = "…"
SHORTEST_SECRET = 8
"""Characters from which a key is looked for within words too; a local server takes any text."""
_RUN = 4
"""Words in a row that the prompt has too, which are taken for a quotation of it."""
_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, where each character counts as a word."""
_WORD = re.compile(f"[{_WITHOUT_SPACES}]|[^\\W{_WITHOUT_SPACES}]+")
_READ = 1_000
_URL = re.compile(r"\b[a-z][a-z0-9+.\-]{1,9}://[^\s'\"`<>]{1,900}", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w.])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?|(?:[\w\-]{1,63}\.){1,8}[a-z]{2,24}"
    r":[0-9]{1,5}|localhost(?::[0-9]{1,5})?)(?![\w.])",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"\"([^\"]{1,900})\"|`([^`]{1,900})`|(?<!\w)'([^']{1,900})'(?!\w)|“([^”]{1,900})”"
)
_NAME = re.compile(r"[!#-&(-_a-~]{1,64}")
_LONG = re.compile(r"[A-Za-z0-9_\-]{24,}")
_OURS = re.compile(
    r"\b(?:billing|credits?|balance|quota|payment|account|organi[sz]ation|project|workspace"
    r"|subscription|api.?key|deployment|contract|region)\b",
    re.IGNORECASE,
)
"""Shows that the words are about who runs the gateway, not about the request."""


def provider_words(
    message: str, request: ChatRequest, secrets: Iterable[str] = (), hosts: Iterable[str] = ()
) -> str:
    """Returns what of a provider's message may be shown, "" for nothing.

    `secrets` are our own keys, and `hosts` the machines that were asked: neither is shown.

    >>> provider_words("'temperature' is no\\n good at http://a.b/c", ChatRequest((), "m"))
    "'temperature' is no good at …"
    """
    text = "".join(c if c.isspace() or unicodedata.category(c)[0] != "C" else "" for c in message)
    text = " ".join(text[:_READ].split())
    for secret in (*secrets, *hosts):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, LEFT_OUT)
        elif secret:  # within a word it is no key: `k` would take letters out of every one
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", LEFT_OUT, text)
    text = _HOST.sub(LEFT_OUT, _URL.sub(LEFT_OUT, redact(text)))
    text = _QUOTED.sub(_only_names, text)
    text = _LONG.sub(_no_random, text)
    text = _without_prompt(text, request)
    if len(text) > MOST_WORDS:
        text = text[:MOST_WORDS].rpartition(" ")[0] + LEFT_OUT
    return text


def about_the_request(words: str) -> bool:
    """Returns True for words that the client can act on, which therefore gets them."""
    return bool(words) and _OURS.search(words) is None


def _only_names(quoted: re.Match[str]) -> str:
    """Returns a quotation of a name, a path or a number; others may be the prompt's."""
    inner = next(group for group in quoted.groups() if group is not None)
    if _NAME.fullmatch(inner):
        return quoted[0]
    return f"{quoted[0][0]}{LEFT_OUT}{quoted[0][-1]}"


def _no_random(part: re.Match[str]) -> str:
    mixed = not part[0].isalpha() and any(c.isdigit() for c in part[0])
    return LEFT_OUT if mixed else part[0]


def _without_prompt(text: str, request: ChatRequest) -> str:
    """Returns the text without runs of words that stand in the conversation too.

    Case, spaces and punctuation may differ: a provider writes the prompt as it reads it.
    """
    words = list(_WORD.finditer(text))
    runs = {i: _plain(text[words[i].start() : words[i + _RUN - 1].end()]) for i in _starts(words)}
    if not runs:
        return text
    said = [_plain(one) for one in _said(request)]
    quoted = [i for i, run in runs.items() if any(run in one for one in said)]
    shown, end = "", 0
    for i in quoted:
        begin = text.rfind(" ", 0, words[i].start()) + 1
        if begin > end or not shown:
            shown += text[end:begin] + LEFT_OUT
        after = text.find(" ", words[i + _RUN - 1].end())
        end = len(text) if after < 0 else max(end, after)
    return shown + text[end:]


def _starts(words: Sequence[object]) -> range:
    return range(len(words) - _RUN + 1)


def _plain(text: str) -> str:
    return " ".join([word[0].casefold() for word in _WORD.finditer(text)])


def _said(request: ChatRequest) -> Iterator[str]:
    """Yields what a client wrote, or was told before, in sentences."""
    for message in request.messages:
        yield message.text
        yield message.reasoning
        yield from (call.arguments for call in message.tool_calls)
    yield from (tool.description for tool in request.tools)
