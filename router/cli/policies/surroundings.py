"""Notes what a policy meets outside the gateway: clients' patience, open bills, proxies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.api.compose.answerers.unused_proxies import unused_proxies
from router.policy.schema import Policy, UpstreamAnswerer
from router.policy.sections.answering.remote import RemoteAnswerer

CLIENTS_WAIT_S = 600.0
"""How long OpenAI's and Anthropic's clients wait for a plain answer, if nothing else is set."""


def surrounding_notes(policy: Policy, environ: Mapping[str, str]) -> Iterator[str]:
    """Yields what hinders calls of this policy from outside."""
    remote = [one for _, one in policy.rungs() if isinstance(one, RemoteAnswerer)]
    patient = [
        one.name
        for one in remote[:-1]
        if one.deadline_s >= CLIENTS_WAIT_S and one.first_byte_s is None
    ]
    if patient:
        together_s = sum(one.deadline_s for one in remote)
        yield (
            f"deadline_s: {', '.join(patient)} may hang for {CLIENTS_WAIT_S:g} s or more before "
            "the next level is asked. OpenAI's and Anthropic's clients wait no longer for a plain "
            "answer, so they never get the next level's: state less, such as 60, or "
            "`first_byte_s`. A proxy in front must wait longer than all levels together, which is "
            f"{together_s:,.0f} s"
        )
    if remote and not (policy.budgets or policy.limits):
        yield (
            "budgets: none, and no `limits`: as the first policy of a server, which limits all, it "
            "bounds neither what is spent nor how fast clients ask"
        )
    said = unused_proxies(environ)
    if said and any(isinstance(one, UpstreamAnswerer) for one in remote):
        yield f"base_urls: {said}"
