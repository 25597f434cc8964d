"""Reads our own requests to harm, and harmless ones that look like them, by author and language.

The files `harm/<author>/<language>.txt` in `router/training/data` hold one request a line under
`## <category>`. They are requests only. `harmless` and `in_need` are not harmful: somebody who
needs help must never be refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from router.training.data import sources

FOLDER = Path(sources.__file__).parent / "harm"
HARMFUL = (
    "weapons", "malware", "intrusion", "phishing_fraud", "forgery", "violence", "self_harm_method",
    "drugs", "hate_harassment", "minors", "manipulation", "secrets_misuse", "harmful",
)  # fmt: skip
"""`harmful` is any of them, where an author sorted nothing."""
HARMLESS, IN_NEED = "harmless", "in_need"
CALM = (HARMLESS, IN_NEED)


@dataclass(frozen=True, slots=True)
class HarmText:
    """Holds one request, its category, its language and its author, "" for other people's."""

    text: str
    category: str
    language: str
    author: str

    @property
    def harmful(self) -> bool:
        """Returns True for a request to harm."""
        return self.category not in CALM

    @property
    def everyday(self) -> bool:
        """Returns True for other people's harmless line, such as a question of a public set."""
        return not self.author and self.category == HARMLESS


def texts(folder: Path = FOLDER) -> Iterator[HarmText]:
    """Yields the requests of all authors, each once. Raises ValueError for another category."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*/*.txt")):
        category = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                category = line[3:].strip()
                if category not in HARMFUL + CALM:
                    raise ValueError(f"{path}: {category!r}, expected one of {HARMFUL + CALM}")
            elif line and not line.startswith("# ") and line not in seen:
                seen.add(line)
                yield HarmText(line, category, path.stem, path.parent.name)
