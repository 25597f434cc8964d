"""Changes a loaded policy for a process that measures it: single answerers, and a judge.

It belongs to the composition root (`core`). No policy that serves clients is changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from router.errors import Mistake, PolicyError
from router.policy.loading import LoadedPolicy
from router.policy.schema import (
    AnswererSection,
    CacheSection,
    LitellmAnswerer,
    LocalAnswerer,
    Policy,
    ShadowSection,
    TierSection,
    UpstreamAnswerer,
)
from router.policy.sections.aliases import Alias
from router.policy.sections.safety import SafetySection

JUDGE_MODEL = "judge"
"""The model name that leads to the judge, in the policy that `judge_policy` names."""


def alias_of(answerer: str) -> str:
    """Returns the model name that leads to one answerer of `reaching`."""
    return f"answerer:{answerer}"


def judge_policy(answerer: str) -> str:
    """Returns the name of the policy under which a judge is asked; its rows are under it."""
    return f"{answerer}-judge"


def reaching(loaded: LoadedPolicy, answerers: Sequence[str]) -> LoadedPolicy:
    """Returns a policy with an alias to each answerer. Raises PolicyError for an unknown one."""
    for name in answerers:
        _section(loaded, name)
    named = {alias_of(name): Alias(answerer=name, pinned=True) for name in answerers}
    policy = loaded.policy.model_copy(update={"aliases": {**loaded.policy.aliases, **named}})
    return replace(loaded, policy=policy)


def judging(loaded: LoadedPolicy, answerer: str) -> LoadedPolicy:
    """Returns a policy in which one answerer alone judges, whatever it is given to read.

    A judged text may be about anything, so no rule, cache or safe answer comes between. Budgets and
    privacy stay. Raises PolicyError for an answerer that is unknown, or that is no model.
    """
    tier, section = _section(loaded, answerer)
    if not isinstance(section, LocalAnswerer | UpstreamAnswerer | LitellmAnswerer):
        expected = "a judge of kind local, upstream or litellm: a model that reads what it is given"
        raise PolicyError(
            (Mistake(str(loaded.path), 0, "judge", f"{answerer} ({section.kind})", expected),)
        )
    plain: dict[str, object] = {"check": None}
    if not isinstance(section, LitellmAnswerer):
        plain["steps"] = ["solve"]
    if isinstance(section, LocalAnswerer):
        plain |= {"adapters": [], "alone": True}  # adapters are for answers of a domain
    alone = section.model_copy(update=plain)
    update = {
        "name": judge_policy(answerer),
        "mode": "observe",  # the named answerer answers, whatever would be decided
        "tiers": [tier.model_copy(update={"answerers": [alone]})],
        "aliases": {JUDGE_MODEL: Alias(answerer=answerer)},
        "safety": SafetySection(),
        "cache": CacheSection(exact=False),
        "shadow": ShadowSection(),
        "specialist": None,
        "documents": None,
        "examples": [],
        "report": Policy.model_fields["report"].get_default(call_default_factory=True),
    }
    return replace(loaded, policy=loaded.policy.model_copy(update=update))


def _section(loaded: LoadedPolicy, name: str) -> tuple[TierSection, AnswererSection]:
    rungs = loaded.policy.rungs()
    for tier, section in rungs:
        if section.name == name:
            return tier, section
    wanted = f"an answerer of the policy: {', '.join(section.name for _, section in rungs)}"
    raise PolicyError((Mistake(str(loaded.path), 0, "answerer", name, wanted),))
