"""Turns token ids of OpenAI's embedding models into texts.

LangChain and others cut long texts with OpenAI's tokeniser and send ids instead of text. The table
of that tokeniser (cl100k_base, which all `text-embedding-*` models have) is not ours to ship. It is
read from an installed package: litellm has a copy, and tiktoken keeps one in its cache. This module
knows nothing about our own tokeniser.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from router.errors import RequestError

TABLE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""Names the table's file in tiktoken's caches: a hash of the address it comes from."""
TABLE_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"


class OpenaiTokens:
    """Holds the table, which is read at its first use; about 10 MB from then on."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._pieces: list[bytes] | None = None

    @classmethod
    def installed(cls, environ: Mapping[str, str]) -> OpenaiTokens:
        """Returns the table of this machine: tiktoken's cache, then the copy of litellm."""
        cached = environ.get("TIKTOKEN_CACHE_DIR") or environ.get("DATA_GYM_CACHE_DIR")
        folders = [Path(cached or Path(tempfile.gettempdir()) / "data-gym-cache")]
        spec = importlib.util.find_spec("litellm")
        if spec is not None and spec.submodule_search_locations:
            package = Path(spec.submodule_search_locations[0])
            folders += [package / "litellm_core_utils" / "tokenizers", package / "llms/tokenizers"]
        return cls(folders)

    async def texts(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Returns the text of each row of ids; bytes that are no UTF-8 become U+FFFD.

        Raises RequestError when no table is installed, or an id is not in it.
        """
        if self._pieces is None:
            self._pieces = await asyncio.to_thread(_read, self._folders)
        return [_text(self._pieces, row) for row in rows]


def _text(pieces: Sequence[bytes], row: Sequence[int]) -> str:
    if not pieces:
        raise RequestError(
            "input: found token ids, and no table of OpenAI's tokeniser is installed here; "
            f"expected a string or an array of strings. {_send_text()}",
            param="input",
            code="invalid_type",
        )
    # Ids of another tokeniser would become wrong texts without any notice.
    beyond = next((i for i in row if i >= len(pieces)), None)
    if beyond is not None:
        raise RequestError(
            f"input: found the token id {beyond}; expected ids of cl100k_base, 0 to "
            f"{len(pieces) - 1}. {_send_text()}",
            param="input",
            code="invalid_value",
        )
    return b"".join([pieces[i] for i in row]).decode("utf-8", "replace")


def _read(folders: Sequence[Path]) -> list[bytes]:
    """Returns the bytes of every token, in the order of their ids; none where there is no table."""
    for folder in folders:
        try:
            raw = (folder / TABLE).read_bytes()
        except OSError:
            continue
        # Another table would turn the ids into other texts.
        if hashlib.sha256(raw).hexdigest() == TABLE_SHA256:
            rows = (line.split() for line in raw.splitlines())
            ranked = sorted((int(rank), base64.b64decode(token)) for token, rank in rows)
            return [token for _, token in ranked]
    return []


def _send_text() -> str:
    """Says what a client can do, and its operator: without a path of this machine."""
    return (
        "Send the text itself (LangChain: check_embedding_ctx_length=False). Who runs the gateway "
        "may install its extra `litellm`, which has the table of OpenAI's tokeniser."
    )
