"""What all sections of a policy are made of: the base section and the bounded values.

It knows nothing about what the sections mean.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from router.policy.sections.text_forms import NAME, SECRET_NAME

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
Usd = Annotated[float, Field(ge=0.0, le=1e9)]
SecretName = Annotated[str, Field(pattern=SECRET_NAME)]
Name = Annotated[str, Field(pattern=NAME)]


class Section(BaseModel):
    """Base of all sections: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_enum_values=False)
