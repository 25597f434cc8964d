"""Describes the stages of a rollout, and which change may follow which. Pure.

    started -> shadow -> canary 1 % -> canary 10 % -> all -> finished
                  \\________\\____________\\__________\\-> rolled back

A rollout is a list of changes that only grows; the last one says what holds now. So a stage that
has passed its gates has passed them: no later estimate takes that back. Only a guard that breaks,
with a test of its own, or a person ends a rollout early.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.policy.schema import RolloutSection
from router.rollout.verdicts import Compared, Margins
from router.types import usd_to_nano

SHADOW, ALL = 0.0, 1.0
DEFAULT_CAP_USD = 0.1
"""Costs above it count as it where no request was ever paid: the price of a long answer of a large
model."""

LEAST_HISTORY = 50
"""Paid requests before the start from which the cap follows."""


class RolloutTurn(StrEnum):
    """Names what happens to a rollout."""

    STARTED = "started"
    PASSED = "passed"  # every gate of the stage; a person may promote it
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    RESTARTED = "restarted"  # the base was edited: the stage begins anew beside it
    FINISHED = "finished"  # taken over into the policy, or given up in peace


KEYS = {"by_gates": "advance", "margins": "guards", "cap_nano_usd": "most_usd"}
"""Keys of a plan that have another name in a policy."""
OVER = frozenset({RolloutTurn.ROLLED_BACK, RolloutTurn.FINISHED})


class Plan(Struct, frozen=True):
    """Holds the terms of a rollout as they were at its start; a later edit changes none."""

    kind: str  # policy | answerers | heads | adapters
    by: str  # conversation | tenant
    stages: tuple[float, ...]  # shares of the candidate; 0 is shadow, 1 is all
    by_gates: bool
    margins: Margins
    false_alarms: float
    least_requests: int
    most_per_unit: int
    holdback: float
    shadow_share: float
    cap_nano_usd: int

    def alpha(self) -> float:
        """Returns the chance of a false alarm of a whole stage; its hours together have as much."""
        return self.false_alarms / len(self.stages) / 2


class Change(Struct, frozen=True):
    """Holds one turn of a rollout, as the ledger keeps and chains it."""

    policy: str
    version: int  # counts the changes of a policy's rollouts from 1
    run: str
    turn: RolloutTurn
    stage: int  # index in the plan
    since: int  # version that began this stage; requests of the stage name it
    since_ms: int  # when that was
    plan: Plan
    base_hash: str
    candidate_hash: str
    at_ms: int
    by: str  # the key or command that asked, or `guard`, `gates`
    why: str = ""
    evidence: tuple[Compared, ...] = ()

    @property
    def over(self) -> bool:
        """Returns True where the base serves everything again."""
        return self.turn in OVER

    @property
    def passed(self) -> bool:
        """Returns True where the stage has passed its gates."""
        return self.turn is RolloutTurn.PASSED

    @property
    def in_shadow(self) -> bool:
        """Returns True in stage shadow, where clients get only the base's answers."""
        return self.plan.stages[self.stage] == SHADOW

    @property
    def share(self) -> float:
        """Returns the share of conversations or tenants whose requests the candidate decides."""
        if self.over:
            return 0.0
        share = self.plan.stages[self.stage]
        return 1.0 - self.plan.holdback if share == ALL else share

    @property
    def margins(self) -> Margins:
        """Returns the margins of this stage's tests.

        A shadow is one call, so its cost and time are not compared with those of a whole climb.
        """
        if self.in_shadow:
            return Margins(self.plan.margins.errors, None, None, None)
        return self.plan.margins

    @property
    def stage_name(self) -> str:
        """Returns the stage in words: `shadow`, `canary 1 %`, `all`."""
        share = self.plan.stages[self.stage]
        if share in (SHADOW, ALL):
            return "all" if share == ALL else "shadow"
        return f"canary {share * 100:g} %"


def plan_of(section: RolloutSection, paid_nano_usd: Sequence[int]) -> Plan:
    """Returns the terms of a rollout; `paid_nano_usd` are costs of the policy's last requests."""
    guards = section.guards
    shares = {"shadow": SHADOW, "all": ALL}
    return Plan(
        kind=section.candidate.kind,
        by=section.by,
        stages=tuple(shares[s] if isinstance(s, str) else s for s in section.stages),
        by_gates=section.advance == "by_gates",
        margins=Margins(guards.errors, guards.cost, guards.latency, guards.complaints),
        false_alarms=section.false_alarms,
        least_requests=section.least_requests,
        most_per_unit=section.most_per_unit,
        holdback=section.holdback,
        shadow_share=section.shadow_share,
        cap_nano_usd=_cap(section, paid_nano_usd),
    )


def _cap(section: RolloutSection, paid_nano_usd: Sequence[int]) -> int:
    """Returns the cost above which all counts alike; it is fixed before the first observation."""
    if section.most_usd is not None:
        return max(1, usd_to_nano(section.most_usd))
    paid = sorted(cost for cost in paid_nano_usd if cost > 0)
    if len(paid) < LEAST_HISTORY:
        return usd_to_nano(DEFAULT_CAP_USD)
    return 4 * paid[int(len(paid) * 0.99)]


def cap_note(section: RolloutSection, paid_nano_usd: Sequence[int]) -> str:
    """Returns what a person must know of a cap that no earlier requests set; "" for others."""
    paid = sum(cost > 0 for cost in paid_nano_usd)
    if section.most_usd is not None or section.guards.cost is None or paid >= LEAST_HISTORY:
        return ""
    return (
        f"Note: the ledger has {paid} paid requests of the policy, fewer than {LEAST_HISTORY}. So "
        f"the cap on the cost of a request is ${DEFAULT_CAP_USD:.2f}. If requests cost far less, "
        "the guard `cost` passes no stage: end this rollout, set `rollout.most_usd` to a little "
        "more than the dearest usual request, and start it again."
    )


def waits(
    change: Change, base_hash: str, candidate_hash: str | None, section: RolloutSection | None
) -> str:
    """Returns what the policy as it is now does not bring about by itself; "" where nothing waits.

    The hashes and the section are of the policy now; None where it has no section `rollout`.
    """
    name = change.policy
    if change.over or base_hash == change.candidate_hash:
        return ""
    if section is None:
        return (
            "the policy has no `rollout` any more, so the base serves everything; "
            f"`tiergate rollout finish {name}` ends it, the section put back goes on with it"
        )
    if candidate_hash != change.candidate_hash:
        return (
            "the candidate was edited, so the base serves everything; end this rollout "
            f"(`tiergate rollout finish {name}`), then start it again"
        )
    now, then = msgspec.structs.asdict(plan_of(section, [])), msgspec.structs.asdict(change.plan)
    if section.most_usd is None:  # the cap of before follows from requests before the start
        del now["cap_nano_usd"]
    edited = [KEYS.get(key, key) for key, value in now.items() if value != then[key]]
    return f"edits of {', '.join(edited)} wait for a new start" if edited else ""


def taken_back_note(history: Sequence[Change], candidate_hash: str) -> str:
    """Returns a warning where the same candidate was rolled back before, lately; "" for others."""
    for change in reversed(history):
        if change.candidate_hash == candidate_hash and change.turn is RolloutTurn.FINISHED:
            return ""
        if change.candidate_hash == candidate_hash and change.turn is RolloutTurn.ROLLED_BACK:
            when = datetime.fromtimestamp(change.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
            return (
                f"Warning: this very candidate ({candidate_hash}) was rolled back by {change.by} "
                f"on {when} UTC, in stage {change.stage_name}: {change.why or 'no reason given'}. "
                "If that was not its fault, let it run; else `tiergate rollout rollback "
                f"{change.policy} --why WHY`, change the candidate, and start again."
            )
    return ""


def started(
    before: Change | None,
    policy: str,
    run: str,
    plan: Plan,
    hashes: tuple[str, str],
    at_ms: int,
    by: str,
    why: str,
) -> Change:
    """Returns the first change of a rollout; `hashes` are the base's and the candidate's."""
    version = 1 if before is None else before.version + 1
    base_hash, candidate_hash = hashes
    return Change(
        policy=policy,
        version=version,
        run=run,
        turn=RolloutTurn.STARTED,
        stage=0,
        since=version,
        since_ms=at_ms,
        plan=plan,
        base_hash=base_hash,
        candidate_hash=candidate_hash,
        at_ms=at_ms,
        by=by,
        why=why,
    )


def promoted(
    before: Change, at_ms: int, by: str, why: str, evidence: tuple[Compared, ...] = ()
) -> Change | None:
    """Returns the change that begins the next stage; None after the last one."""
    stage = before.stage + 1
    if before.over or stage == len(before.plan.stages):
        return None
    change = _next(before, RolloutTurn.PROMOTED, at_ms, by, why, evidence)
    return replace(change, stage=stage, since=change.version, since_ms=at_ms)


def restarted(before: Change, at_ms: int, by: str, base_hash: str) -> Change:
    """Returns the change that begins the present stage anew beside another base."""
    change = _next(before, RolloutTurn.RESTARTED, at_ms, by, "the base was edited", ())
    return replace(change, since=change.version, since_ms=at_ms, base_hash=base_hash)


def passed_gates(before: Change, at_ms: int, evidence: tuple[Compared, ...]) -> Change:
    """Returns the change that notes, once and for all, that a stage has passed its gates."""
    why = f"every gate of stage {before.stage_name} has passed"
    return _next(before, RolloutTurn.PASSED, at_ms, "gates", why, evidence)


def rolled_back(
    before: Change, at_ms: int, by: str, why: str, evidence: tuple[Compared, ...] = ()
) -> Change:
    """Returns the change after which the base serves everything."""
    return _next(before, RolloutTurn.ROLLED_BACK, at_ms, by, why, evidence)


def finished(before: Change, at_ms: int, by: str, why: str) -> Change:
    """Returns the change that ends a rollout without a fault."""
    return _next(before, RolloutTurn.FINISHED, at_ms, by, why, ())


def _next(
    before: Change, turn: RolloutTurn, at_ms: int, by: str, why: str, evidence: tuple[Compared, ...]
) -> Change:
    return replace(
        before,
        version=before.version + 1,
        turn=turn,
        at_ms=at_ms,
        by=by,
        why=why,
        evidence=evidence,
    )


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Change)


def encode(change: Change) -> str:
    """Returns a change as JSON text; `parse` reads it."""
    return _ENCODER.encode(change).decode()


def parse(text: str) -> Change:
    """Returns the change of a stored text. Raises msgspec.ValidationError for anything else."""
    return _DECODER.decode(text)
