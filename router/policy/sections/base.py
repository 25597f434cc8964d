"""Defines the base of all sections of a policy, and values with bounds.

It knows nothing about the meaning of the sections.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from router.policy.sections.patterns import NAME, SECRET_NAME

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
Usd = Annotated[float, Field(ge=0.0, le=1e9)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
Name = Annotated[str, Field(pattern=NAME)]


class Section(BaseModel):
    """Bases all sections: they are frozen and refuse unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)
