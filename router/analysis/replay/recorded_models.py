"""Tells which recorded answers are of a model that a policy no longer has under their name.

An answerer's name stays when its model is exchanged. What was recorded of the old model (its calls,
its chances, outcomes of its answers) says nothing of the new one. The policies that decided are in
the ledger by their hash. A model's name from the environment is not in their text, so it is not
known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from router.analysis.replay.cases import Case
from router.analysis.replay.facts import Side, answering_instead
from router.errors import PolicyError
from router.money.model_redirects import same_model
from router.policy.parsing.yaml_lines import load_yaml
from router.types import REMOTE

Models = Callable[[str], Mapping[str, str]]
"""Takes a policy's hash; returns the models of its remote answerers by name, as far as known."""


def nothing_known(_policy_hash: str) -> Mapping[str, str]:
    """Returns no model, for records whose policies nobody kept."""
    return {}


@lru_cache(maxsize=64)
def models_in(text: str) -> Mapping[str, str]:
    """Returns the models that a policy file states; none where it cannot be read."""
    try:
        tree, _ = load_yaml("policy", text)
    except PolicyError:
        return {}
    answerers = (entry for tier in _entries(tree, "tiers") for entry in _entries(tier, "answerers"))
    return {
        str(entry.get("name")): model
        for entry in answerers
        if isinstance(entry, dict)
        and entry.get("kind") in REMOTE
        and isinstance(model := entry.get("model"), str)
        and "$" not in model
    }


def _entries(tree: object, key: str) -> list[object]:
    entries = tree.get(key) if isinstance(tree, dict) else None
    return entries if isinstance(entries, list) else []


def of_same_models(case: Case, side: Side, models: Models) -> tuple[Case, Mapping[str, str]]:
    """Returns the case without what was recorded of other models than the side's.

    Questions that the side would not offer are left out like that, too: what it would answer
    instead is as unknown. Also returns the other models by the name of their answerer.
    """
    if case.policy_hash == side.policy_hash:
        return case, {}
    recorded, others = models(case.policy_hash), dict[str, str]()
    for plan in side.plans:
        # A deliberation has the model of the answerer that it asks.
        facts = plan.facts if plan.over is None else plan.over
        before = recorded.get(facts.name, facts.model)
        if not same_model(before, facts.model):
            others[plan.facts.name] = before
    unknown = answering_instead(side, case).union(others)
    return case.without(unknown) if unknown else case, others
