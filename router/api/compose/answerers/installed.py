"""Finds answerers that lack a package or a file, before a server says so.

It belongs to the composition root. Nothing here stops a start: a server serves without such an
answerer and shows it as `failed`, with these same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.errors import ModelFileError
from router.policy.loading import LoadedPolicy
from router.policy.schema import LitellmAnswerer, LocalAnswerer
from router.policy.warnings import PolicyWarning, WarningKind
from router.routing.policy_runtime import PolicyRuntime
from router.routing.rungs.rung_plan import RungPlan
from router.types import AnswererState
from tiers.local.host import LocalModelSpec, required_files, specs_for


def not_installed(loaded: LoadedPolicy, runtime: PolicyRuntime) -> Iterator[PolicyWarning]:
    """Yields a warning for each answerer of a policy that this machine cannot run."""
    rungs = [section for _, section in loaded.policy.rungs()]
    local = [section for section in rungs if isinstance(section, LocalAnswerer)]
    specs = specs_for(local, loaded.path.parent)
    for t, tier in enumerate(loaded.policy.tiers):
        for a, section in enumerate(tier.answerers):
            lack = _lack(runtime.by_name[section.name], specs)
            if lack:
                yield PolicyWarning(
                    WarningKind.NOT_INSTALLED,
                    f"tiers[{t}].answerers[{a}]",
                    f"{section.name} can't answer on this machine, and a server starts without "
                    f"it: {lack}",
                )


def _lack(plan: RungPlan, specs: Mapping[str, LocalModelSpec]) -> str:
    """Returns what an answerer lacks and how to get it, "" for nothing."""
    section = plan.section
    if isinstance(section, LocalAnswerer):
        try:
            required_files(specs[section.model])
        except ModelFileError as error:
            return error.message
    if isinstance(section, LitellmAnswerer):
        status = plan.answerer.status()
        return status.detail if status.state is AnswererState.FAILED else ""
    return ""
