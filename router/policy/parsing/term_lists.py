"""Reads the words and phrases that the term lists of several policies share, by their names.

    version: 1
    lists:
      medical: [my medication, double the dose]

It knows nothing about how they are searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from router.errors import Mistake
from router.policy.parsing.raw_policy import one_of
from router.policy.parsing.yaml_folders import files_of
from router.policy.parsing.yaml_lines import LineMap
from router.policy.registered import rows
from router.policy.sections.base import Name, Section
from router.policy.sections.rules.hard_rules import TermList, TermText


class ListsFile(Section):
    """Holds the terms of each list of a file."""

    version: Literal[1]
    lists: dict[Name, Annotated[list[TermText], Field(min_length=1)]]


def shared_terms(
    tree: Mapping[str, object], path_of: Callable[[str], Path], lines: LineMap
) -> tuple[dict[int, list[str]], tuple[Mistake, ...]]:
    """Returns the terms that files add to a policy's lists, by the list's index, or the mistakes.

    `tree` and `lines` are the policy's. `missing_files` reports a missing file.
    """
    files: dict[Path, ListsFile | None] = {}
    terms: dict[int, list[str]] = {}
    mistakes: list[Mistake] = []
    for i, row in rows(tree.get("terms")):
        named = row.get("file")
        if not isinstance(named, str) or not (path := path_of(named)).is_file():
            continue
        if path not in files:
            # `None` where it cannot be read: the other lists of the file say so no second time.
            files[path] = next((file for file, _, _ in files_of(ListsFile, [path], mistakes)), None)
        file, name = files[path], row.get("name")
        if file is not None and isinstance(name, str):
            terms[i] = file.lists.get(name, [])
            if not terms[i]:
                expected = f"the name of a list of {named}: {one_of(name, sorted(file.lists))}"
                mistakes.append(lines.mistake(("terms", i, "name"), name, expected))
    return terms, tuple(mistakes)


def with_shared(own: Sequence[TermList], shared: Mapping[int, list[str]]) -> list[TermList]:
    """Returns the lists of a policy, each with the terms that a file adds to it."""
    return [
        one.model_copy(update={"terms": list(dict.fromkeys((*one.terms, *shared.get(i, ()))))})
        for i, one in enumerate(own)
    ]
