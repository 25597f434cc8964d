"""Finds the parameters that a provider behind litellm does not take, by litellm's words or its own.

litellm refuses many of them itself, before it sends anything, and names several at a time. Others
its provider refuses, which costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from router.types import ChatRequest
from router.wire.refusals import PARAMETERS, Refusal, Unsupported, unsupported_in

OURS = frozenset({"max_tokens", "messages", "model", "store", "stream", "stream_options"})
"""What the gateway sends by itself, so that no client can leave it out."""
_ONLY_AT_TIMES = re.compile(r"only supports ([\w, ]+?) (?:when|if|unless)\b")
"""How litellm names those that GPT-5.5 takes without reasoning alone."""
_READ = 1_000  # characters of a message, which begins with its reason


def refused_in(
    error: BaseException,
    arguments: Mapping[str, object],
    request: ChatRequest,
    left_out: tuple[str, ...],
) -> tuple[Unsupported, ...]:
    """Returns the sent parameters that an answer can do without and that this error refuses."""
    kinds = _kinds(error)
    optional = [name for name in PARAMETERS if name in arguments]
    if is_litellms_own(error):  # litellm looks again at each call: nothing to remember
        return tuple([Unsupported(n, lasts=False) for n in optional if names(error, n, arguments)])
    if kinds[0] != "BadRequestError":
        return ()
    code, param = (str(getattr(error, key, None) or "") for key in ("code", "param"))
    found = unsupported_in(Refusal(str(error)[:_READ], code, param), request, left_out)
    return () if found is None or found.name not in optional else (found,)


def lacking_in(
    error: BaseException, arguments: Mapping[str, object], request: ChatRequest
) -> tuple[str, ...]:
    """Returns the parameters of the client that litellm says its provider lacks.

    A format that the gateway itself asked for is none of them.
    """
    if not is_litellms_own(error):
        return ()
    ours = OURS if request.response_format.kind != "text" else {*OURS, "response_format"}
    sent = [name for name in arguments if name not in ours]
    return tuple([name for name in sent if names(error, name, arguments)])


def names(error: BaseException, name: str, arguments: Mapping[str, object]) -> bool:
    """Returns True where litellm names a parameter that was sent as one that is not taken.

    It has it in quotes, with its value, or among those that are taken at times. It also gives
    advice on other parameters ("unless reasoning_effort resolves to 'none'"), or shows what they
    are (`Current reasoning_effort='high'`), which counts for nothing.

    >>> said = Exception("no temperature=0.2 is taken unless reasoning_effort resolves to 'none'")
    >>> sent = {"temperature": 0.2, "reasoning_effort": "high"}
    >>> names(said, "temperature", sent), names(said, "reasoning_effort", sent)
    (True, False)
    """
    said = str(error)
    if name not in arguments:
        return False
    with_value = f" {name}={arguments[name]}"
    named = (f"'{name}'", f"`{name}`", f"{with_value} ", f"{with_value}. ")
    listed = _ONLY_AT_TIMES.search(said)
    among = listed is not None and name in listed[1].split(", ")
    return among or any(words in said for words in named)


def is_litellms_own(error: BaseException) -> bool:
    """Returns True for a refusal of litellm itself, which cost no turn to the provider."""
    return "UnsupportedParamsError" in _kinds(error)


def _kinds(error: BaseException) -> list[str]:
    return [base.__name__ for base in type(error).__mro__]
