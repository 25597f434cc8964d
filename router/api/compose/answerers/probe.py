"""Asks each answerer of a policy for its models, before the first request: `check --probe`.

It belongs to the composition root. It sends nothing that costs money: it reads a list of models
from each replica, and the files of local models.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from router.errors import ModelFileError, PolicyError, TiergateError
from router.policy.parsing.environment import secret
from router.policy.schema import LitellmAnswerer, LocalAnswerer, UpstreamAnswerer
from router.routing.policy_runtime import PolicyRuntime
from router.routing.rungs.rung_plan import RungPlan
from router.types import AnswererFacts, AnswererState
from tiers.local.weights import find_weights
from tiers.resilience.refusals import shown_url
from tiers.upstream.client import HttpClient
from tiers.upstream.models import listed_models
from tiers.upstream.wires import wire_of

SHOWN = 5
"""Bounds the names that are shown where a list lacks the wanted model."""


NOT_ASKED = "not asked: litellm has no list of a provider's models that can be trusted"


class ProbeResult(StrEnum):
    """Names the results of a probe."""

    OK = "ok"
    UNKNOWN = "unknown"  # the provider has no list of models: only a call would show
    NO = "no"


@dataclass(frozen=True, slots=True)
class Probed:
    """Describes the result for one answerer at one of its replicas."""

    answerer: str
    model: str
    place: str
    result: ProbeResult
    explanation: str


async def probe(runtime: PolicyRuntime, environ: Mapping[str, str]) -> list[Probed]:
    """Asks each answerer that has a model of its own, in the policy's order."""
    # One client for all probes, closed even if one of them fails.
    client = HttpClient()
    try:
        probes = [
            probe_call for plan in runtime.plans for probe_call in _probes(client, plan, environ)
        ]
        return list(await asyncio.gather(*probes))
    finally:
        await client.close()


def _probes(
    client: HttpClient, plan: RungPlan, environ: Mapping[str, str]
) -> Iterator[Awaitable[Probed]]:
    section = plan.section
    if isinstance(section, UpstreamAnswerer):
        for url in section.base_urls:
            yield _upstream(client, section, plan.facts, url, environ)
    elif isinstance(section, LocalAnswerer):
        yield asyncio.to_thread(_local, section)
    elif isinstance(section, LitellmAnswerer):
        status = plan.answerer.status()
        missing = status.state is AnswererState.FAILED
        result = ProbeResult.NO if missing else ProbeResult.UNKNOWN
        explanation = status.detail if missing else NOT_ASKED
        yield _at_once(Probed(section.name, section.model, "litellm", result, explanation))


async def _at_once(probed: Probed) -> Probed:
    return probed


async def _upstream(
    client: HttpClient,
    section: UpstreamAnswerer,
    facts: AnswererFacts,
    url: str,
    environ: Mapping[str, str],
) -> Probed:
    try:
        key = secret(section.api_key, environ)
    except PolicyError:
        key = None  # `check` notes that the variable is not set
    try:
        headers = wire_of(section, facts).headers(key)
        ids = await listed_models(client, url, headers)
    except TiergateError as error:
        result, explanation = ProbeResult.NO, error.message
    else:
        result, explanation = _compared(section.model, ids)
    return Probed(section.name, section.model, shown_url(url), result, explanation)


NO_LIST = "has no list of models: only a call would show this one, and if the key is good"


def _compared(model: str, ids: Sequence[str] | None) -> tuple[ProbeResult, str]:
    """Returns the result, and in words, of looking for a model among those listed."""
    if ids is None:
        return ProbeResult.UNKNOWN, NO_LIST
    # ollama appends a tag to the name, Gemini puts a folder before it
    if {model, f"{model}:latest", f"models/{model}"} & set(ids):
        return ProbeResult.OK, "lists this model"
    # A misspelt model is the usual mistake, so near names come first.
    near = difflib.get_close_matches(model, ids, n=SHOWN, cutoff=0.5) or list(ids[:SHOWN])
    more = f" and {len(ids) - len(near)} more" if len(ids) > len(near) else ""
    return ProbeResult.NO, f"does not list this model, but {', '.join(near) or 'none at all'}{more}"


def _local(section: LocalAnswerer) -> Probed:
    try:
        path = find_weights(section.model)
    except ModelFileError as error:
        return Probed(section.name, section.model, "this machine", ProbeResult.NO, error.message)
    return Probed(section.name, section.model, "this machine", ProbeResult.OK, f"has {path.name}")
