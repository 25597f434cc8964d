"""Says which words on whom to call stand at a model's answer, and on which side of it. Pure.

They are right for a danger and for a calm question. An animal wants a vet, and a small hurt or a
tale nothing. It knows nothing about how answers go out.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from router.policy.content.languages.calm_forms import (
    AskedForm,
    about_an_animal,
    asked_form,
    small_hurt,
    told_in_a_tale,
)
from router.policy.schema import Policy
from router.routing.hard_rules import heads_read
from router.routing.wording.matters import PEOPLE, may_be_danger
from router.routing.wording.phrases import lists_of_phrases
from router.types import ChatRequest, Matter, Signals

_OF_HEALTH = frozenset({Matter.MEDICAL_EMERGENCY, Matter.POISON})


class Called(Enum):
    """Names whom the words say to call."""

    NOBODY = auto()
    PEOPLE = auto()  # the emergency number
    VET = auto()


def called(policy: Policy, signals: Signals, request: ChatRequest) -> Called:
    """Returns whom the words at a model's answer say to call.

    What the words of a message tell counts in English, in a first turn that is about health alone.
    """
    if not may_be_danger(policy, signals):
        return Called.NOBODY
    lists = lists_of_phrases(signals)
    named = {matter for matter in PEOPLE if matter.value in lists}
    found: set[Matter | None] = {*named} or {signals.matter}
    if not found <= _OF_HEALTH or not heads_read(signals) or request.text_before:
        return Called.PEOPLE
    text = request.last_user_text
    if about_an_animal(text):
        return Called.VET
    calm = not named and signals.matter is Matter.MEDICAL_EMERGENCY
    if calm and (small_hurt(text) or told_in_a_tale(text)):
        return Called.NOBODY
    return Called.PEOPLE


_OF_OPERATORS = frozenset({"system", "developer"})


def form_of(request: ChatRequest) -> AskedForm:
    """Returns the form that the last message or the operator's words ask for."""
    said = [message.text for message in request.messages if message.role in _OF_OPERATORS]
    return _narrowest(map(asked_form, (request.last_user_text, *said)))


def _narrowest(forms: Iterable[AskedForm]) -> AskedForm:
    return max(forms, key=lambda form: form.value)
