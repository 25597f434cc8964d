"""Reads the keys that seal stored texts, from the environment or from a file that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from router.errors import LedgerUnavailable
from router.privacy.encryption import TextKeys

VARIABLE, FILE_VARIABLE = "TIERGATE_TEXT_KEYS", "TIERGATE_TEXT_KEYS_FILE"


def text_keys(environ: Mapping[str, str]) -> TextKeys:
    """Returns the keys, none where no variable is set. Raises LedgerUnavailable for a mistake."""
    text, path = environ.get(VARIABLE, ""), environ.get(FILE_VARIABLE, "")
    try:
        return TextKeys.parse(text or (Path(path).read_text(encoding="utf-8") if path else ""))
    except (OSError, ValueError) as error:
        name = VARIABLE if text else FILE_VARIABLE
        raise LedgerUnavailable(f"{name}: {error}") from error
