"""Checks what a key may reach, and what personal details may reach. Pure.

A key reaches the policies and tiers that it was created for; one that names none reaches all. What
it may not reach is refused with 403 `model_not_allowed`, as OpenAI refuses a project's key a model,
and is left out of the list of models.

Rules of residency keep requests with personal details from answerers. They are hard: no hint, no
pin and no outage lifts them, and no pseudonym, since what is hidden may still be told by the rest.
An answerer on this machine may get everything.

Addresses inside a network are refused, since a model's server there would fetch them for a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from router.errors import PermissionDenied, RequestError
from router.policy.sections.privacy import ResidencyRule
from router.privacy.entities.kinds import EntityKind
from router.privacy.inner_addresses import inner_host
from router.privacy.pseudonyms.texts import Reader, texts_of
from router.routing.policy_runtime import PolicyRuntime, Selected
from router.routing.rungs.rung_plan import RungPlan
from router.types import ChatRequest, Identity, Reason, RungFacts

CODE = "model_not_allowed"


def check_service(request: ChatRequest, selected: Selected) -> None:
    """Raises RequestError for a provider's service whose price is another, unless a model is named.

    Prices compare answerers, and they are those of the usual service.
    """
    apart = request.served_dearer or request.service_tier == "flex"
    if apart and not (selected.pinned or selected.observed):
        other = " (or 'fast')" if request.service_tier == "priority" else ""
        raise RequestError(
            f"service_tier: found {request.service_tier!r}{other}; expected 'auto' or 'default', "
            "since the gateway chooses among models by their usual prices. Leave it out, or ask "
            "for one model: an alias with `pinned: true`, or a policy with `mode: observe`.",
            param="service_tier",
            code="invalid_value",
        )


def check_addresses(request: ChatRequest) -> None:
    """Raises RequestError for an image or a file at an address inside a network."""
    for part in request.parts:
        if part.kind not in ("image_url", "file"):
            continue
        for address in _strings(msgspec.json.decode(part.payload)):
            host = inner_host(address)
            if host is not None:
                raise RequestError(
                    f"{part.kind}: found an address at {host[:100]!r}, inside a network, which a "
                    "model's server may fetch although you may not; expected a public address or "
                    "a `data:` URL. Who keeps the gateway's policy may allow such addresses "
                    "(privacy.inner_addresses: allow).",
                    param="messages",
                    code="inner_address",
                )


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)


def check_policy(identity: Identity, policy: str) -> None:
    """Raises PermissionDenied where the key is not for this policy."""
    if identity.policies and policy not in identity.policies:
        raise PermissionDenied(
            f"This key may not use the policy {policy!r}; it is for "
            f"{', '.join(sorted(identity.policies))}. Ask for one of them as `auto:<policy>`, or "
            "use another key.",
            param="model",
            code=CODE,
        )


def check_selected(identity: Identity, selected: Selected) -> None:
    """Raises PermissionDenied where a request names a policy, tier or answerer out of reach."""
    check_policy(identity, selected.runtime.policy.name)
    if not identity.tiers:
        return
    named = selected.pinned or selected.observed
    tier = selected.runtime.by_name[named].facts.tier if named else selected.pinned_tier
    if tier is not None and tier not in identity.tiers:
        raise out_of_reach(f"the tier {tier!r}", identity.tiers)


def check_answered(identity: Identity, policy: str, tier: str) -> None:
    """Raises PermissionDenied for an answer that this key could not have got itself.

    Another key of the tenant may have got it from a policy or a tier that this key may not use.
    """
    check_policy(identity, policy)
    if identity.tiers and tier not in identity.tiers:
        raise out_of_reach(f"an answer of the tier {tier!r}", identity.tiers)


def out_of_reach(what: str, tiers: Iterable[str]) -> PermissionDenied:
    """Returns the refusal of a tier, with those that the key may use."""
    return PermissionDenied(
        f"This key may not use {what}; its tiers are {', '.join(sorted(tiers))}. Ask for `auto`, "
        "or use another key.",
        param="model",
        code=CODE,
    )


def reachable(identity: Identity, name: str, default: PolicyRuntime) -> bool:
    """Returns True when a model's name is listed for this key: names that it may use.

    Other names lead where the default policy says, so they need that policy.
    """
    if name.startswith("auto:"):
        return not identity.policies or name[5:] in identity.policies
    if identity.policies and default.policy.name not in identity.policies:
        return False
    return not name.startswith("tier:") or not identity.tiers or name[5:] in identity.tiers


def within_residency(
    rules: Sequence[ResidencyRule],
    plans: Sequence[RungPlan],
    facts: Sequence[RungFacts],
    request: ChatRequest,
    reader: Reader,
) -> tuple[RungFacts, ...]:
    """Returns the facts of the rungs, with those declined that a rule keeps the request from."""
    kinds = {detail.kind for text in texts_of(request) for detail in reader.found(text)}
    held = [rule for rule in rules if _holds(rule, kinds, request)]
    if not held:
        return tuple(facts)
    return tuple(
        [
            replace(fact, declined=Reason.RESIDENCY) if _barred(plan, held) else fact
            for fact, plan in zip(facts, plans, strict=True)
        ]
    )


def _holds(rule: ResidencyRule, kinds: set[EntityKind], request: ChatRequest) -> bool:
    if not kinds.isdisjoint(rule.kinds):
        return True
    return rule.unread and any(part.kind != "text" for part in request.parts)


def _barred(plan: RungPlan, held: Sequence[ResidencyRule]) -> bool:
    asked = plan.facts if plan.over is None else plan.over
    return asked.is_remote and any(asked.name not in rule.only for rule in held)
