"""Says of which matters of a conversation the safe words are due, and in which order. Pure.

The signals of a conversation hold the highest of all its turns: a fire after an overdose then reads
as both. Here each turn's own danger counts by itself. The newest comes first, and what the whole
conversation calls for is never left out. It knows nothing about texts.
"""

from __future__ import annotations

from msgspec import UNSET, Struct
from msgspec.structs import replace

from router.policy.schema import Policy
from router.routing.wording.matters import (
    ACUTE_AT,
    IN_DANGER_AT,
    PEOPLE,
    FoundMatter,
    in_danger,
    matter_of,
)
from router.types import Matter, Signals, TurnDanger

ILLNESS = Matter.MEDICAL_EMERGENCY
_OF_HEALTH = (Matter.POISON, ILLNESS)
URGENT_BESIDE = frozenset({Matter.FRAUD, Matter.LEGAL})
"""Matters of things for which minutes may count, too, where a phrase of the last turn names one."""


class DueMatter(Struct, frozen=True):
    """Holds a matter whose safe words are due."""

    found: FoundMatter
    signals: Signals  # those of the turn that speaks of it, or of the whole conversation
    back: int | None = None  # user turns after it; None: the conversation as a whole calls for it
    unsure: bool = False  # a guess in a reply of a few words, or none that calls for help alone
    needed: bool = False  # it is the matter of the whole conversation, which is never left out

    def now(self, policy: Policy) -> bool:
        """Returns True when a life may be in danger by what triage found."""
        return self.found.urgent and in_danger(policy, self.signals)


def due_matters(
    policy: Policy,
    signals: Signals,
    *,
    self_harm: bool = False,
    overdose: bool = False,
    emergency: bool = False,
) -> tuple[DueMatter, ...]:
    """Returns the matters whose words are due, the one to be said first before the others.

    Dangers to people come first, newest before older, and those that are guessed and unsure last.
    Where a danger is known, an illness that the reader hears in the last turn is an emergency and
    no calm question about one's health.
    `self_harm`: the request is refused as one about harming oneself, whatever else is found.
    `overdose`: the last turn names one, which in other languages is read as no sure matter.
    `emergency`: the last turn names one in words of the safe answers.
    """
    found = matter_of(policy, signals)
    if found.matter is None and self_harm:
        found = FoundMatter(Matter.SELF_HARM)
    whole = DueMatter(found, signals, needed=True)
    if signals.dangers is UNSET:
        return (whole,)
    alone = [_of_turn(policy, signals, turn, overdose or emergency) for turn in signals.dangers]
    turns = [due for due in alone if _endangers(due)]
    if any(not due.unsure for due in turns) or (found.named and _endangers(whole)):
        turns = [*map(_emergency, filter(_falls_ill, alone)), *turns]
    else:  # what is heard in a few words alone makes no other matter of what the whole says
        turns = [due for due in turns if due.found.matter is found.matter]
    if not turns:
        return (whole,)
    if overdose and _may_tell_of_one(alone, whole) and not any(map(_is_of_health, turns)):
        turns.insert(0, DueMatter(FoundMatter(Matter.POISON, named=True), signals, back=0))
    turns.sort(key=lambda due: due.unsure)
    beside = [due for due in alone if _is_urgent_beside(due)]
    return tuple([*_with_whole(turns, whole), *beside])


def _of_turn(policy: Policy, signals: Signals, turn: TurnDanger, told: bool) -> DueMatter:
    """Returns the matter of one turn by itself. `told`: words of the last one name an emergency."""
    own = _alone(signals, turn)
    found = matter_of(policy, own)
    sure = found.named or (told and turn.back == 0)
    guessed = turn.few_words or turn.grave < ACUTE_AT
    return DueMatter(found, own, turn.back, unsure=guessed and not sure)


def _alone(signals: Signals, turn: TurnDanger) -> Signals:
    """Returns the signals as if one turn were all. The domain is that of no single turn, so that it
    says nothing against a guess."""
    return replace(
        signals,
        risk_terms=turn.risk_terms,
        grave=turn.grave,
        matter=turn.matter,
        matter_language=turn.language,
        language=turn.language or signals.language,
        knowledge=turn.knowledge,
        terms_knowledge=turn.knowledge,
        domain_p=0.0,
        dangers=UNSET,
    )


def _endangers(due: DueMatter) -> bool:
    """Returns True for a danger to people that a phrase names, or that is guessed and no illness:
    many questions about health are calm."""
    found = due.found
    if found.matter not in PEOPLE:
        return False
    return found.named or (found.matter is not ILLNESS and due.signals.grave >= IN_DANGER_AT)


def _falls_ill(due: DueMatter) -> bool:
    """Returns True where the reader hears an illness in the last turn."""
    found = due.found
    guessed = found.matter is ILLNESS and not found.named
    return due.back == 0 and guessed and due.signals.grave >= IN_DANGER_AT


def _emergency(due: DueMatter) -> DueMatter:
    return replace(due, found=FoundMatter(ILLNESS, named=True))


def _is_of_health(due: DueMatter) -> bool:
    return due.back == 0 and due.found.matter in _OF_HEALTH


def _may_tell_of_one(alone: list[DueMatter], whole: DueMatter) -> bool:
    """Returns True where words of an overdose in the last turn are about somebody's."""
    return whole.found.matter in _OF_HEALTH or any(due.back == 0 for due in alone)


def _is_urgent_beside(due: DueMatter) -> bool:
    return due.back == 0 and due.found.named and due.found.matter in URGENT_BESIDE


def _with_whole(turns: list[DueMatter], whole: DueMatter) -> list[DueMatter]:
    """Returns the dangers of single turns with the matter of the whole conversation.

    A turn that has that matter stands for it. Words that only say that it may be serious, or about
    health, say less than those of any danger. A danger that is sure, which a session remembers,
    stands before a turn that is not.
    """
    found = whole.found
    same = next((i for i, due in enumerate(turns) if due.found.matter is found.matter), None)
    if same is not None:
        turns[same] = replace(turns[same], needed=True)
        return turns
    if found.matter is None or (found.matter is ILLNESS and not found.named):
        return turns if found.domain is None else [*turns, whole]
    sure = _endangers(whole) and (found.named or whole.signals.grave >= ACUTE_AT)
    place = [due.unsure for due in turns].index(True) if sure and turns[-1].unsure else len(turns)
    return [*turns[:place], whole, *turns[place:]]
