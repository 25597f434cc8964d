"""Shortens the paths of files to their last parts, which say what is meant.

The folders on the way are words to an encoder: `/srv/bank/loss/claims/hello.js` sounded like money
at stake, and coding agents name such a path in every turn. Addresses of the web stay as they are,
since those who read mail judge by them. It knows nothing about requests or models.
"""

from __future__ import annotations

import re

LEAST_WORDS = 3
"""Words that must be left, so that nobody hides what is asked between slashes."""

_PART = r"[\w.@+\-]+"
_INSIDE = r"(?<![\w.@+~:/\\\-])"  # not in the middle of a path, and not in an address of the web
_PATH = re.compile(
    rf"{_INSIDE}(?:"
    rf"(?:~|\.\.?)?/(?:{_PART}/)+(?P<whole>{_PART})/?"  # /srv/git/shop, ~/shop/a.js, ../a/b
    rf"|(?!www\.)(?:{_PART}/)+(?P<named>{_PART}\.[A-Za-z]\w{{0,9}})(?![\w/])"  # src/sum.js
    rf"|[A-Za-z]:\\(?:{_PART}\\)+(?P<drive>{_PART})\\?"  # C:\Users\Jo\shop
    r")"
)
_WORD = re.compile(r"[^\W\d_]+")


def without_folders(text: str) -> str:
    r"""Returns the text with each path as its last part; unchanged where little else is said.

    >>> without_folders("Fix the typo in /srv/legal/claims/hello.js and in src/cart/sum.js")
    'Fix the typo in hello.js and in sum.js'
    >>> without_folders(r"Read C:\Users\Jo\taxes\a.txt and sum it"), without_folders("he/she")
    ('Read a.txt and sum it', 'he/she')
    >>> without_folders("/my/chest/hurts/what/shall/i/do")
    '/my/chest/hurts/what/shall/i/do'
    """
    if "/" not in text and "\\" not in text:
        return text
    short = _PATH.sub(_last, text)
    if short == text or len(_WORD.findall(_PATH.sub(" ", text))) < LEAST_WORDS:
        return text
    return short


def _last(path: re.Match[str]) -> str:
    return path["whole"] or path["named"] or path["drive"]
