"""Takes the code fence off a text that is nothing else. Pure.

Models put JSON between fences though they were asked for JSON alone. This module knows nothing
about requests or answers.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

_FENCED = late_regex(r"\A\s*(```|~~~)\w*[ \t]*\r?\n(.*)\1\s*\Z", re.DOTALL)


def without_fence(text: str) -> str:
    """Returns what stands between the fences of a text, and any other text as it is.

    >>> without_fence('```json\\n{"a": 1}\\n```')
    '{"a": 1}'
    >>> without_fence('Here it is: {"a": 1}')
    'Here it is: {"a": 1}'
    >>> without_fence('~~~\\n{"a": 1}~~~')
    '{"a": 1}'
    """
    fenced = _FENCED.match(text)
    return fenced[2].strip() if fenced else text
