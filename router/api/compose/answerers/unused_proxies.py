"""Says which proxies of the environment calls of models do not use.

An upstream is called directly: its key goes to the policy's addresses and nowhere else. Messages to
receivers of alerts do use these proxies.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def unused_proxies(environ: Mapping[str, str]) -> str:
    """Returns a sentence about the variables that are set, "" for none.

    It shows no value, which may hold a password.

    >>> unused_proxies({"https_proxy": "http://proxy.example:3128"})
    'HTTPS_PROXY is set, and calls of upstreams do not use it: they connect to base_urls directly'
    """
    named = [name for name in NAMES if environ.get(name) or environ.get(name.lower())]
    if not named:
        return ""
    verb, it = ("is", "it") if len(named) == 1 else ("are", "them")
    return (
        f"{' and '.join(named)} {verb} set, and calls of upstreams do not use {it}: they connect "
        "to base_urls directly"
    )
