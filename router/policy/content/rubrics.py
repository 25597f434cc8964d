"""Reads rubrics: what a good answer of a domain is, as criteria with weights and anchors.

It has the schema of the files and their loading. It knows nothing about judges or answers.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from router.errors import Mistake, PolicyError
from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.sections.base import LABEL_NAME, Section

GRADES = (1, 2, 3, 4, 5)
LOWEST, HIGHEST = GRADES[0], GRADES[-1]
DIGEST_CHARACTERS = 12

Words = Annotated[str, Field(min_length=3, max_length=400)]
CriterionName = Annotated[str, Field(pattern=LABEL_NAME)]


class Criterion(Section):
    """Holds one criterion: a question with what each grade means."""

    name: CriterionName
    asks: Words
    weight: float = Field(gt=0, le=100)
    anchors: dict[int, Words]

    @field_validator("anchors")
    @classmethod
    def _whole(cls, anchors: dict[int, str]) -> dict[int, str]:
        if sorted(anchors) != list(GRADES):
            raise ValueError(f"an entry for each grade from {LOWEST} to {HIGHEST}, and no other")
        return anchors


class Rubric(Section):
    """Holds the criteria of a domain."""

    version: Literal[1]
    name: CriterionName
    about: Words
    criteria: list[Criterion] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _own_names(self) -> Rubric:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError("a name of its own for each criterion")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Returns the share of each criterion in the whole; they sum to 1."""
        whole = sum(criterion.weight for criterion in self.criteria)
        return {criterion.name: criterion.weight / whole for criterion in self.criteria}

    @property
    def digest(self) -> str:
        """Returns a short hash of what the rubric says; a verdict holds for this text alone."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def load_rubric(path: Path) -> Rubric:
    """Returns the rubric in a file. Raises PolicyError with all mistakes, by line."""
    tree, lines = load_yaml(str(path), text_of(path))
    if not isinstance(tree, dict):
        raise PolicyError((lines.no_mapping(tree, "version, name, about and criteria"),))
    return validated(Rubric, tree, lines)


def find_rubric(name_or_path: str, folder: Path) -> Path:
    """Returns the file of a rubric, given by path or by the name of one in `folder`.

    Raises PolicyError with the existing names.
    """
    by_path = Path(name_or_path)
    if by_path.is_file():
        return by_path
    names = sorted(file.stem for file in folder.glob("*.yaml"))
    if name_or_path in names:
        return folder / f"{name_or_path}.yaml"
    expected = f"a rubric file, or one of {', '.join(names)}{nearest(name_or_path, names)}"
    raise PolicyError((Mistake(str(folder), 0, "(rubric)", repr(name_or_path), expected),))
