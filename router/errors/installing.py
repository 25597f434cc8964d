"""Names the command that installs an optional part into the environment that runs."""

from __future__ import annotations

import shlex
import sys
from functools import cache


def pip_install(extra: str = "") -> str:
    """Returns the command that installs an extra of Tiergate, by this interpreter's own pip.

    A plain `pip` may be that of another environment. Where the sources are linked, they stay so: a
    copy would no longer follow the clone.
    """
    clone = editable_clone()
    wanted = (clone or "tiergate") + (f"[{extra}]" if extra else "")
    option = "-e " if clone else ""
    return f"{shlex.quote(sys.executable)} -m pip install {option}{shlex.quote(wanted)}"


@cache
def editable_clone() -> str:
    """Returns the folder whose sources this environment links; "" where it has a copy.

    Read from `direct_url.json` (packaging.python.org, "Recording the Direct URL Origin").
    """
    # Only a message needs these, and a start must not pay for them.
    import importlib.metadata
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        text = importlib.metadata.distribution("tiergate").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    origin = json.loads(text or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    return url2pathname(urlsplit(origin["url"]).path)
