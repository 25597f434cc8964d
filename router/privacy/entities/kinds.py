"""Names the kinds of personal details, and holds one that was found."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class EntityKind(StrEnum):
    """Names the kinds of personal details that the detector finds."""

    NAME = "name"  # of a person, without titles
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"  # of a letter: street and number, or a post box, with its town
    EMAIL = "email"
    PHONE = "phone"
    MEDICAL_RECORD = "medical_record"  # the number of a patient, a case or a file
    PASSPORT = "passport"  # or an identity card
    IBAN = "iban"
    CARD = "card"
    SSN = "ssn"  # of social security or tax: US, UK, DE, FR, ES
    IP = "ip"
    API_KEY = "api_key"  # keys, tokens and passwords


class Entity(Struct, frozen=True, gc=False):
    """Holds one detail: its kind, and the place of its characters in the text."""

    kind: EntityKind
    start: int
    end: int

    def value(self, text: str) -> str:
        """Returns the characters of this detail."""
        return text[self.start : self.end]
