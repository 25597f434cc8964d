"""Puts endpoints by domain together, at their first use: a policy without any loads none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from router.api.endpoints.analyze import PREFIX, parts_of
from router.api.http.asgi import Handler, Receive, Scope, Send
from router.api.http.authentication import Doorkeeper
from router.api.http.server import Server
from router.api.observability.metrics import Metrics
from router.errors import AnswererNotReady, PolicyError
from router.gateway import Gateway
from router.policy.loading import LoadedPolicy
from router.routing.policy_runtime import PolicyRuntime
from router.types import Events, RateLimiter

if TYPE_CHECKING:
    from router.api.endpoints.domains import Domains
    from router.extraction.patterns import Patterns
    from router.policy.sections.answering.endpoints import EndpointSection
    from router.triage.text.amounts import AmountReader


class DomainEndpoints:
    """Mounts the paths, and leaves those of specialists to their own handler."""

    def __init__(
        self,
        server: Server,
        gateway: Gateway,
        door: Doorkeeper,
        metrics: Metrics,
        limiter: RateLimiter,
        loaded_of: Callable[[str], LoadedPolicy | None],
        events: Events,
    ) -> None:
        """Takes the parts; `loaded_of` returns a served policy as it was loaded, by its name."""
        self._events = events
        self._gateway = gateway
        self._door = door
        self._metrics = metrics
        self._limiter = limiter
        self._loaded_of = loaded_of
        self._specialists: Handler = server.analyses
        self._domains: Domains | None = None
        self._compiled: dict[tuple[str, str], tuple[str, Patterns]] = {}  # by policy and file
        self._amounts: dict[str, tuple[str, AmountReader]] = {}  # by policy, with its hash
        # One claim for each request: the specialists' own handler is asked inside of it.
        server.mount(PREFIX, "POST", server.idempotent(self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtimes = self._gateway.router.runtimes
        if not any(runtime.policy.endpoints for runtime in runtimes.values()):
            await self._specialists(scope, receive, send)
            return
        from router.api.endpoints.domains import Domains, Endpoint, served

        domain, task, verb = parts_of(scope["path"])
        asked_for = served(runtimes, domain, task)
        if asked_for is None:
            await self._specialists(scope, receive, send)
            return
        if self._domains is None:
            self._domains = Domains(
                self._gateway, self._door, self._metrics, self._limiter, self._events
            )
        runtime, section = asked_for
        patterns = self._patterns(runtime, section)
        endpoint = Endpoint(runtime, section, patterns, self._reader(runtime))
        await self._domains(scope, receive, send, verb, endpoint)

    def _reader(self, runtime: PolicyRuntime) -> AmountReader:
        """Returns the reader of sums in a policy's currencies, made once for each version of it."""
        known = self._amounts.get(runtime.policy.name)
        if known is None or known[0] != runtime.policy_hash:
            from router.triage.text.amounts import AmountReader

            reader = AmountReader(runtime.policy.stakes.currencies.usd_per_unit)
            known = self._amounts[runtime.policy.name] = (runtime.policy_hash, reader)
        return known[1]

    def _patterns(self, runtime: PolicyRuntime, section: EndpointSection) -> Patterns | None:
        """Returns the patterns of an endpoint, compiled once for each version of its policy.

        A file that is gone, or has mistakes, after its policy was loaded leaves those of before;
        a first use without them says that it is not ready. Raises AnswererNotReady.
        """
        loaded = self._loaded_of(runtime.policy.name)
        if section.rules is None or loaded is None:
            return None
        key = (runtime.policy.name, section.rules)
        known = self._compiled.get(key)
        if known is None or known[0] != runtime.policy_hash:
            from router.extraction.patterns import compiled
            from router.policy.parsing.pattern_files import load_pattern_file

            try:
                patterns = compiled(load_pattern_file(loaded.file(section.rules)))
            except (OSError, PolicyError) as error:
                if known is None:
                    raise AnswererNotReady(
                        f"The patterns of {section.path} cannot be read since the policy was "
                        f"loaded; expected {section.rules} beside it."
                    ) from error
                return known[1]
            known = self._compiled[key] = (runtime.policy_hash, patterns)
        return known[1]
