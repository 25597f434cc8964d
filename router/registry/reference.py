"""Reads how a version is named: `support_head@active`, `support_head@3fa9c1d20b7e`. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from router.errors import RegistryError
from router.registry.model import ModelState

PREFIX = "registry:"
"""Begins a path of a policy that names a version in the registry."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_VERSION = re.compile(r"[0-9a-f]{6,12}")
_STATES = {state.value for state in ModelState}


class Reference(Struct, frozen=True):
    """Names a version: by state, by tag, or by the first six or more letters of the version."""

    name: str
    selector: str = ModelState.ACTIVE.value

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Returns the reference in `text`. Raises RegistryError for another form.

        >>> Reference.parse("registry:support_head@canary")
        Reference(name='support_head', selector='canary')
        >>> Reference.parse("support_head").selector
        'active'
        """
        name, at, selector = text.removeprefix(PREFIX).partition("@")
        if not is_name(name) or (at and not is_name(selector)):
            raise RegistryError(
                f"{text!r} names no version; expected NAME@SELECTOR: a name of small letters, "
                "digits, `_`, `.` and `-`, and active, canary, shadow, a tag or a version"
            )
        return cls(name, selector if at else ModelState.ACTIVE.value)

    @property
    def state(self) -> ModelState | None:
        """Returns the state that selects the version, None where something else does."""
        return ModelState(self.selector) if self.selector in _STATES else None

    @property
    def may_be_version(self) -> bool:
        """Returns True for a selector that has the form of a version or of its beginning."""
        return _VERSION.fullmatch(self.selector) is not None

    def __str__(self) -> str:
        return f"{self.name}@{self.selector}"


def is_name(text: str) -> bool:
    """Returns True for what may name a model or a tag."""
    return _NAME.fullmatch(text) is not None


def check_tag(tag: str) -> None:
    """Raises RegistryError for a tag that would be read as a state or a version."""
    if not is_name(tag) or tag in _STATES or _VERSION.fullmatch(tag):
        raise RegistryError(
            f"{tag!r} is no tag; expected small letters, digits, `_`, `.` and `-`, and nothing "
            "that reads like a state or a version"
        )
