"""Composes everything: settings become a gateway over a ledger, tiers and policies.

Nothing else builds a session, opens a database or reads the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial

from router.api.compose.answerers.adapters import exchanged
from router.api.compose.answerers.told import ToldListener
from router.api.compose.clock import chance
from router.api.compose.core import Core, Hosts, Settings
from router.api.compose.examined.places import file_of_rates
from router.api.compose.moderation_heads import ModerationHeads
from router.api.compose.mounted.anchors_watch import watching
from router.api.compose.mounted.batching import Batching
from router.api.compose.mounted.certificate_ground import LOOKS_EVERY_S, CertificateGround
from router.api.compose.mounted.clock_watch import ClockWatch
from router.api.compose.mounted.domains import DomainEndpoints
from router.api.compose.mounted.embedders import OutsideEmbedders
from router.api.compose.mounted.housekeeping import DAY_S, Housekeeping
from router.api.compose.mounted.images import LocalImages
from router.api.compose.mounted.readiness import readiness_of
from router.api.compose.mounted.recurring import Recurring
from router.api.compose.mounted.rollouts import Rollouts
from router.api.compose.os_signals import taking
from router.api.compose.overview import Overview, judged_in
from router.api.compose.text_keys import text_keys
from router.api.compose.text_vectors import TextVectors
from router.api.dashboard.pages import DATA, PAGE, Dashboard
from router.api.endpoints.openai_tokens import OpenaiTokens
from router.api.http.authentication import Doorkeeper
from router.api.http.rate_limit_headers import Remaining
from router.api.http.repeat_admission import GivenAgain
from router.api.http.server import Learnt, OwnModels, Server
from router.api.http.wrong_keys import WrongKeys
from router.api.observability.event_log import EventLog
from router.api.observability.log import Log
from router.api.observability.metrics import Metrics
from router.api.observability.otel import Telemetry
from router.caches.policy_caches import PolicyCaches
from router.errors import Mistake, PolicyError
from router.gateway import Gateway
from router.ledger.books.refused_at_once import RefusedAtOnceCounts
from router.ledger.books.store import SqlLedger
from router.ledger.budgets.gauge import SqlBudgetGauge
from router.ledger.sql.address import Address
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.idempotent_replies import SqlReplies
from router.ledger.tables.keys import SqlKeyStore
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.sessions import SqlSessionStore
from router.ledger.tables.shadows import shadows_spent
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import TextStore
from router.money.days import utc_day
from router.money.price_book import PriceBook
from router.policy.loading import LoadedPolicy, load_policy, own_book
from router.policy.parsing.text_files import text_of
from router.policy.schema import LitellmAnswerer, UpstreamAnswerer
from router.policy.watch import PolicyWatcher
from router.rate_limits.stores.local import SharedRates
from router.rate_limits.stores.redis_store import RedisRates
from router.request.review_verdicts import Reviewer
from router.routing.policy_runtime import PolicyRuntime
from router.specialists.booked_vectors import BookedVectors
from router.specialists.service import Analyst
from router.threads.giving_way import giving_way
from router.types import Device, MinutePrice
from tiers.resilience.refusals import host_of


class App:
    """Holds one process's gateway with all its parts."""

    def __init__(self, settings: Settings, core: Core, hosts: Hosts | None = None) -> None:
        """Opens the database; a reload reaches the local models of `hosts`. Raises LedgerError."""
        self._log = Log("tiergate.app")
        self.settings, self.core = settings, core
        self.clock = core.clock
        self.metrics = Metrics(settings.metrics_dir)
        # Parts that were built earlier hold the relay, so their events reach the log from here on.
        self._events = core.events.listener = EventLog(self.metrics, self.clock)
        self.telemetry: Telemetry | None = None
        if settings.otlp:
            self.telemetry = Telemetry(self._events, settings.otlp)
            core.events.listener = self.telemetry
        self._hosts = hosts
        self._retiring: set[asyncio.Task[None]] = set()
        self._signals = contextlib.ExitStack()
        self._log_start()
        # SQLite makes its file, but not the folder.
        Address.parse(settings.database).make_folder()
        self.ledger = SqlLedger.open(
            settings.database,
            clock=self.clock,
            budget_of=core.budget_of,
            anchors_file=settings.anchors,
            synchronous="full" if settings.synchronous == "full" else "normal",
            events=core.events,
        )
        # The gauge exists before the first outage, so that a dashboard shows a healthy ledger.
        self.metrics.calls.watch_store("ledger")
        # A restart must not go back behind the times in the ledger.
        newest_ms, clocks = self.ledger.newest_ms(), ClockWatch()
        self.clock.not_before(newest_ms)
        clocks.begin_after(newest_ms)
        self._refused = RefusedAtOnceCounts(self.ledger.database, self.clock, core.ids)
        self._events.on_refused(self._refused.refused)
        self._watch = watching(self.ledger, self.metrics.calls, clocks.look, self._refused.look)
        keys = text_keys(core.environ)
        self.texts = TextStore(self.ledger.database, self.clock, keys)
        self._secrets = TenantSecrets(self.ledger.database, self.clock)
        self._sessions = SqlSessionStore(self.ledger.database, self.clock, self._secrets.key_soon)
        self._replies = SqlReplies(self.ledger.database, self.clock, self._secrets.key_soon)
        self.keys = SqlKeyStore(self.ledger.database, self.clock)
        self._limiter = self._rates()
        feedback = SqlFeedback(
            self.ledger.database,
            clock=self.clock,
            key_of=self._secrets.key_now,
            chained=self.ledger.chained_beside,
            keys=keys,
        )
        self._told = ToldListener(self.ledger.database, self._serving, self.clock)
        self._reviews = SqlReviewQueue(
            self.ledger.database, clock=self.clock, feedback=feedback, keys=keys
        )
        self._reviewer = Reviewer(self._reviews, self.ledger, self._minute_price, self.clock)
        # It has a thread of its own, so that requests for vectors do not delay questions.
        self._questions = TextVectors(core.model)
        gauge = SqlBudgetGauge(self.ledger.database, core.budgets, self.clock)
        self.gateway = self._gateway_of(gauge)
        splits, begin, end = self.gateway.splits, self._start_candidate, self._retire
        self._rollouts = Rollouts(core, self.ledger, splits, begin, end, self._record)
        self.analyst = Analyst(
            core.router,
            ledger=self.ledger,
            texts=self.texts,
            secret_of=self._secrets.key_soon,
            clock=self.clock,
            ids=core.ids,
        )
        # A second thread, for the clients' own texts.
        self._vectors = TextVectors(core.model)
        self._outside = OutsideEmbedders(core.environ)
        booked = BookedVectors(
            self._outside.embed,
            ledger=self.ledger,
            secret_of=self._secrets.key_soon,
            clock=self.clock,
            ids=core.ids,
            events=core.events,
        )
        core.documents.booked = booked
        core.router.images = LocalImages(core.environ)
        self.moderation = ModerationHeads(core, self.analyst, self._record)
        self._watchers = self._watching()
        door = Doorkeeper(
            self.keys,
            wrong_keys=WrongKeys(self.clock),
            open_without_keys=settings.open_without_keys,
            ready=self._secrets.ready,
        )
        self._remaining = Remaining(
            core.budgets, self._limiter, gauge, lambda: self.gateway.router.default.policy
        )
        self.server = self._server_of(door, feedback, booked)
        self._mount(door)
        expiring = (self.texts, self._sessions, self._replies, self._batching)
        purges = [store.purge_expired for store in expiring]
        housekeeping = Housekeeping(purges, self._reviewer, self.ledger.database)
        self._housekeeping = Recurring(housekeeping.tidy, DAY_S)

    def _log_start(self) -> None:
        """Says in the log what reads requests: rules alone, or which device."""
        core, settings = self.core, self.settings
        if core.engine.degraded:
            self._log.warning("degraded", reason=core.degraded_because)
        if core.model is not None and settings.device is not Device.CPU:
            placement = core.model.encoder.placement
            level = logging.DEBUG if placement.ordinary else logging.INFO
            self._log.log(level, "device", **placement.fields)

    def _gateway_of(self, gauge: SqlBudgetGauge) -> Gateway:
        """Returns the gateway over the stores of this process."""
        core = self.core
        return Gateway(
            core.router,
            ledger=self.ledger,
            sessions=self._sessions,
            caches=PolicyCaches(self.clock, self._secrets.generation_soon),
            embedder=None if core.model is None else self._questions,
            reviews=self._reviews,
            texts=self.texts,
            secret_of=self._secrets.key_soon,
            clock=self.clock,
            ids=core.ids,
            limiter=self._limiter,
            gauge=gauge,
            draw=chance,
            events=core.events,
            shadows_spent=partial(shadows_spent, self.ledger.database),
        )

    def _server_of(self, door: Doorkeeper, feedback: SqlFeedback, booked: BookedVectors) -> Server:
        """Returns the server of the paths that every gateway has."""
        core = self.core
        return Server(
            self.gateway,
            OwnModels(
                self.analyst,
                self.moderation.find,
                self._vectors,
                OpenaiTokens.installed(core.environ),
                booked,
                self._limiter,
            ),
            self._replies,
            GivenAgain(core.router.budgets, self._limiter, core.events),
            self.ledger,
            Learnt(feedback, self._reviews, self._reviewer, self.texts),
            self._secrets.key_soon,
            door,
            self.metrics,
            self.readiness,
            self.clock,
            core.ids,
            self.life,
            self._remaining,
            self.settings.body_memory_mb,
            admin_port=self.settings.admin_port,
        )

    def _watching(self) -> list[PolicyWatcher]:
        """Returns what follows the files of the policies."""
        # A program that embeds the gateway may not want files to be followed.
        watched = self.core.loaded.values() if self.settings.watch else ()
        turn, prices = asyncio.Lock(), self._newest_price
        return [
            PolicyWatcher(policy, self._reader(policy), self._swap, prices_of=prices, turn=turn)
            for policy in watched
        ]

    def _mount(self, door: Doorkeeper) -> None:
        """Gives the server its further families of paths."""
        core, events = self.core, self.core.events
        # The dashboard is mounted last, because it needs the readiness of everything above.
        self._batching = Batching(
            self.server,
            self.ledger.database,
            self._remaining,
            door,
            secret_of=self._secrets.key_now,
            policy=lambda: self.gateway.router.default.policy,
            clock=self.clock,
            ids=core.ids,
        )
        DomainEndpoints(
            self.server, self.gateway, door, self.metrics, self._limiter, core.loaded.get, events
        )
        judged = judged_in(self.ledger.database)
        waiting, stages = self._reviews.list, self._rollouts.shown
        overview = Overview(core, self.ledger, self.readiness, self.clock, judged, waiting, stages)
        self.metrics.limits, self.metrics.alarms = overview, overview.alarms
        self.metrics.watched, self.metrics.clock = self._watchers, self.clock
        ground = CertificateGround(overview.alarms.contradicted, core.router.watch)
        self._ground = Recurring(ground.look, LOOKS_EVERY_S)
        dashboard = Dashboard(overview, self.texts, door, core.ids)
        self.server.mount(PAGE, "GET", dashboard.page)
        self.server.mount(DATA, "GET", dashboard.figures)
        self._rollouts.mount(self.server, door)

    def _rates(self) -> SharedRates | RedisRates:
        """Returns the store of rates: shared by this machine's workers, or by all machines."""
        if self.settings.redis:
            self.metrics.calls.watch_store("redis")
            return RedisRates(self.settings.redis, self.core.events)
        # Rates change with every request, so they have a file of their own: the ledger's writer is
        # not delayed.
        file = file_of_rates(self.settings.database, self.settings.rates)
        self.metrics.calls.watch_store("rates")
        return SharedRates(file, self.clock, self.core.events)

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Runs from the first request to the last: watches policies, then drains everything."""
        await self.start()
        try:
            yield
        finally:
            await self.close()

    async def start(self) -> None:
        """Starts the triage thread, the answerers and the watchers. Raises LedgerError."""
        self.core.engine.start()
        # The ledger needs the text of a policy before a row names its hash.
        for policy in self.core.loaded.values():
            await self._record(policy)
        for runtime in self.core.router.runtimes.values():
            await self._start_answerers(runtime)
        await self._rollouts.start()
        self._events.start()
        self._batching.runner.start()
        self._told.start()
        self._secrets.start()
        self._ground.start()
        self._watch.start()
        for watcher in self._watchers:
            watcher.start()
        self._housekeeping.start()
        if self._watchers:
            self._signals.enter_context(taking("SIGHUP", self.reload))

    def reload(self) -> None:
        """Loads all policies again now, even if their files did not change."""
        for watcher in self._watchers:
            watcher.reload()

    async def close(self) -> None:
        """Drains the writes under way, then closes answerers and the ledger."""
        # Nothing new may begin while the last requests drain.
        for recurring in (self._housekeeping, self._told, self._ground, self._watch):
            recurring.close()
        await self._batching.runner.close()
        await self._rollouts.stop()
        self._signals.close()
        for watcher in self._watchers:
            await watcher.close()
        # Their requests drain with the others, so no longer wait is needed.
        for task in self._retiring:
            task.cancel()
        # Answerers stay open until the last request that uses them is over.
        await self.gateway.drain()
        await self._rollouts.close()
        self._secrets.close()
        for runtime in self.core.router.runtimes.values():
            for plan in runtime.plans:
                await plan.answerer.close()
        await self._refused.look()
        await self.ledger.close()
        await self._limiter.close()
        self.core.engine.close()
        self._vectors.close()
        await self._outside.close()
        self.core.documents.close()
        self._questions.close()
        self._events.close()
        if self.telemetry is not None:
            await asyncio.to_thread(self.telemetry.close)

    async def _start_answerers(self, runtime: PolicyRuntime) -> None:
        for plan in runtime.plans:
            await plan.answerer.start()
            if isinstance(plan.section, UpstreamAnswerer):
                for url in plan.section.base_urls:
                    self.metrics.calls.watch(plan.facts.name, host_of(url))
            elif isinstance(plan.section, LitellmAnswerer):
                self.metrics.calls.watch(plan.facts.name, plan.section.model)

    async def _start_candidate(self, runtime: PolicyRuntime) -> None:
        await self._start_answerers(runtime)
        self._told.start(runtime)

    def _serving(self) -> list[PolicyRuntime]:
        """Returns the policies that serve now, with the candidates of splits."""
        tried = (split.candidate for split in self.gateway.splits.now.values())
        return [*self.core.router.runtimes.values(), *tried]

    def _minute_price(self, policy: str, at_ms: int) -> MinutePrice | None:
        """Returns the price of a reviewer's minute by a served policy of that name."""
        loaded = self.core.loaded.get(policy)
        return None if loaded is None else PriceBook.of(loaded, utc_day(at_ms)).reviewer_minute()

    async def _record(self, loaded: LoadedPolicy) -> None:
        """Keeps a policy's text under its hash, so that old rows can be read by it later."""
        text = loaded.text or await asyncio.to_thread(text_of, loaded.path)
        named = loaded.registered.in_file(text)
        await self.ledger.record_policy(loaded.hash, loaded.policy.name, named, own_book(loaded))

    def _reader(self, policy: LoadedPolicy) -> Callable[[], LoadedPolicy]:
        known = self.core.abilities.known or None
        path = policy.path if policy.instead_of is None else policy.instead_of.path

        def read() -> LoadedPolicy:
            """Reads the file again; it must keep the name under which clients reach it."""
            # A head of another encoder is a mistake of the file, and is reported like any other.
            encoder = self.core.encoder_sha256
            with giving_way():
                again = load_policy(path, self.core.environ, known, encoder)
            name, new_name = policy.policy.name, again.policy.name
            if new_name != name:
                expected = f"{name!r}, the name it is served under; restart to serve another"
                raise PolicyError((Mistake(str(path), 0, "name", repr(new_name), expected),))
            return again

        return read

    def _newest_price(self, loaded: LoadedPolicy) -> date | None:
        """Returns the day when the newest valid price began; a new one is used within a second."""
        return loaded.prices.newest(utc_day(self.clock.now_ms()))

    async def _swap(self, loaded: LoadedPolicy) -> None:
        """Builds the new policy and its adapters next to the old ones; requests then begin with it.

        Raises PolicyError, LedgerError; then the old one stays.
        """
        await self._record(loaded)
        # Embedding a knowledge file takes seconds, and requests go on meanwhile.
        with giving_way():
            runtime = await asyncio.to_thread(self.core.build, loaded)
        await self._start_answerers(runtime)
        name = loaded.policy.name
        runtimes = {**self.core.router.runtimes, name: runtime}
        retired = self.core.router.runtimes.get(name)
        before, take_over = self.core.loaded[name], partial(self._take_over, name)
        await exchanged(before, loaded, take_over, self.core.loads_adapters)
        # One assignment: a request sees the old policy or the new one, never a mixture.
        self.core.router.swap(runtimes)
        self._told.start()
        if retired is not None:
            self._retire(retired)

    def _retire(self, retired: PolicyRuntime) -> None:
        task = asyncio.get_running_loop().create_task(self._close_later(retired))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _take_over(self, name: str, loaded: LoadedPolicy) -> None:
        self.core.loaded[name] = loaded
        if self._hosts is not None:
            self._hosts.refresh(list(self.core.loaded.values()))

    async def _close_later(self, retired: PolicyRuntime) -> None:
        """Closes a policy's answerers after the longest time that its last requests may take."""
        await asyncio.sleep(retired.longest_ms / 1000.0)
        for plan in retired.plans:
            await plan.answerer.close()

    def readiness(self) -> tuple[bool, dict[str, object]]:
        """Returns for /readyz if requests can be served, and the state of every part."""
        return readiness_of(self.core, self.ledger, self._limiter, self._watchers)
