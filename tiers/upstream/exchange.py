"""Carries one call to a replica and back: its slot, its deadline, its retries, its end.

Only what certainly cost nothing is tried again here: no connection, or a status that says so. After
a lost connection or a bad answer the gateway decides, since it keeps the books. An `Exchange` is
entered with a slot and left with the slot and the replica's place given back, however it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TypeVar

from msgspec.structs import replace

from router.errors import (
    AnswererError,
    UpstreamError,
    UpstreamPage,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamTooMuch,
)
from router.policy.schema import UpstreamAnswerer
from router.threads.deadlines import Deadline, Deadlines
from router.threads.offload import offloaded
from router.types import TRACE, AnswererFacts, CallFailed, Clock, Delta, Events, Work
from router.wire.openai.answers import charged_in
from router.wire.openai.returned_reasoning import advice_for
from router.wire.openai.upstream_errors import shown_code_in
from router.wire.refusals import Refusal, Unsupported, refusal_in, unsupported_in, without
from tiers.resilience.call_ends import CallEnds
from tiers.resilience.call_slots import CallSlots
from tiers.resilience.provider_words import TOLD_STATUSES, about_the_request, provider_words
from tiers.resilience.refusals import (
    Asked,
    RetryBudget,
    error_for_status,
    forbids_retry,
    read_retry_after,
    read_retry_delay,
    shown_url,
    wait_s,
    worth_retrying,
)
from tiers.resilience.replicas import (
    HEALTHY,
    KEY_OUTCOMES,
    CallHealth,
    ReplicaSet,
    Taken,
    caller_of,
    out_of_use,
    outcome_at_end,
    outcome_of,
    outcome_of_fault,
)
from tiers.resilience.unsupported import MOST_LEFT_OUT, Unsupporteds
from tiers.upstream.client import (
    HttpClient,
    Target,
    first_lines,
    header_line,
    read_refusal,
    target_of,
)
from tiers.upstream.client_errors import FOREIGN, NoFiles, to_ours
from tiers.upstream.connection import Response
from tiers.upstream.wires import UpstreamWire

E = TypeVar("E", bound=AnswererError)
ANSWERED = frozenset({200, 201, 203})
"""Statuses with an answer: some servers create one, and a proxy may have changed it (RFC 9110)."""
TIMER_SLACK_S = 0.002  # a timer may fire this much early, and a rest would not be over


class Connections:
    """Holds what all calls of one answerer share: replicas, slots, retries, headers, client."""

    def __init__(
        self,
        section: UpstreamAnswerer,
        facts: AnswererFacts,
        wire: UpstreamWire,
        headers: Mapping[str, str],
        *,
        clock: Clock,
        events: Events,
        client: Callable[[], HttpClient],
        max_waiting: int | None,
    ) -> None:
        self.section = section
        self.facts = facts
        self.wire = wire
        self.headers = headers
        self.clock = clock
        self.events = events
        self.client = client
        self.replicas = ReplicaSet(
            [url.rstrip("/") + wire.path for url in section.base_urls],
            failures=section.breaker_failures,
            reset_ms=1000.0 * section.breaker_reset_s,
            answerer=section.name,
            events=events,
        )
        self.retries = RetryBudget(section.retry_budget)
        self.slots = CallSlots(section.name, section.concurrency, max_waiting)
        self.deadlines = Deadlines()
        self.unsupported = Unsupporteds(clock)
        self._lines: dict[str, tuple[Target, bytes]] = {}

    def lines(self, url: str) -> tuple[Target, bytes]:
        """Returns where a replica is, and the lines that begin every call to it, made once.

        Raises BadAddress.
        """
        lines = self._lines.get(url)
        if lines is None:
            target = target_of(url)
            lines = self._lines[url] = target, first_lines("POST", target, self.headers)
        return lines

    def take_place(self, caller: str) -> Taken:
        """Returns a place at a replica. Raises UpstreamRateLimited, AnswererNotReady for none."""
        now_ms = self.clock.monotonic_ms()
        taken = self.replicas.take(now_ms, caller=caller)
        if taken is not None:
            return taken
        rest_ms = self.replicas.rest_left_ms(now_ms)
        if rest_ms is not None:
            raise UpstreamRateLimited(
                f"{self.section.name} asked us to wait; {rest_ms / 1000.0:.1f} s are left.",
                sent=False,
                retry_after_s=rest_ms / 1000.0,
            )
        raise out_of_use(self.section.name, self.replicas, now_ms)


class Exchange:
    """Runs one call; `async with` takes its slot and gives everything back at the end."""

    def __init__(self, connections: Connections, work: Work) -> None:
        self._shared = connections
        self._work = work
        self._asked = work.request
        self._caller = caller_of(work)
        self._taken: Taken | None = None  # the place at the replica that was asked last
        self._response: Response | None = None
        self._refused = Refusal()  # what the last refusal said
        self.left_out: tuple[str, ...] = ()
        """Names the parameters of sampling that the model does not take: it is asked without."""
        self._ends = CallEnds(work, connections.section, connections.clock, connections.facts)
        self._deadline = connections.deadlines.at(self._ends.last, self._ends.loop)

    async def __aenter__(self) -> Exchange:
        self._work.tell_sent(False)
        await self._shared.slots.take(self._ends.last, self._work.tenant)
        return self

    @property
    def deadline(self) -> Deadline:
        """Returns the limit of the call's whole time, for a whole answer."""
        self._deadline.when = self._ends.whole()
        return self._deadline

    @property
    def silence(self) -> Deadline:
        """Returns the limit of the wait for the next bytes of a stream."""
        self._deadline.when = self._ends.next_bytes()
        return self._deadline

    def hear(self, pieces: Sequence[Delta]) -> None:
        """Notes pieces of the stream, which show that the model answers."""
        self._ends.hear(pieces)
        if pieces and self._taken is not None and self._taken.probe:
            self._shared.replicas.hear(self._taken)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives the place and the slot back. Turns the client's errors into ours."""
        try:
            if error is not None:
                self._fail(error)
        finally:
            if self._response is not None:
                self._response.close()
            if self._taken is not None and self._taken.open:
                self._give_back(outcome_at_end(self._ends.own))
            self._shared.slots.release(self._work.tenant)

    def _fail(self, error: BaseException) -> None:
        """Gives the place back after an error of ours or the client's, which it turns into ours."""
        if isinstance(error, UpstreamRejected):
            self._give_back(CallHealth.HEALTHY)  # it is there, and refuses this request
        elif isinstance(error, UpstreamTooMuch):
            self._give_back(CallHealth.UNKNOWN)  # one request made its model repeat itself
        elif isinstance(error, (*FOREIGN, AnswererError)):
            late = isinstance(error, TimeoutError)
            page = isinstance(error, UpstreamPage)
            fault = CallHealth.ELSEWHERE if page else CallHealth.DOUBTED
            self._give_back(outcome_at_end(self._ends.own) if late else fault)
        if isinstance(error, TimeoutError):
            raise self._named(self._ends.too_late()) from error
        if isinstance(error, FOREIGN):
            raise self._named(to_ours(error)) from error
        if isinstance(error, AnswererError):
            self._named(error)

    def succeed(self) -> None:
        """Notes that the replica answered well, and gives its place back."""
        self._give_back(HEALTHY)

    async def respond(self, *, stream: bool) -> Response:
        """Returns a response with status 200, after the retries allowed.

        A parameter of sampling that the model does not take is left out. Its refusal cost nothing,
        and the call that follows was held with it.
        """
        shared, asked = self._shared, self._work
        shared.retries.earn()
        if known := shared.unsupported.of(asked.request):
            self._leave_out(*known)
        learnt: list[Unsupported] = []
        for _ in range(MOST_LEFT_OUT):
            try:
                self._response = await self._sealed_or_not(stream=stream)
                break
            except UpstreamRejected as error:
                refused = unsupported_in(self._refused, self._work.request, self.left_out)
                if refused is None or error.upstream_status != 400 or error.charged is not None:
                    raise
                self._report_retry(self._named(error), f"tried again without {refused.name}")
                self._leave_out(refused.name)
                if refused.lasts:
                    learnt.append(refused)
        else:
            self._response = await self._sealed_or_not(stream=stream)
        for refused in learnt:
            shared.unsupported.remember(asked.request, refused)
        if self.left_out:
            asked.tell_left_out(self.left_out)
        return self._response

    def _leave_out(self, *names: str) -> None:
        """Asks without these parameters from now on.

        The client's own request is what they are left out of: a kind of thoughts that was changed
        twice would be the refused one again.
        """
        self.left_out += names
        self._work = replace(self._work, request=without(self._asked, self.left_out))

    async def _sealed_or_not(self, *, stream: bool) -> Response:
        """Returns a response to the request, or to it without what its issuer sealed.

        Another replica may have made a seal, or it may be too old. The client would send it again
        with every later turn.
        """
        shared, work = self._shared, self._work
        long = work.request.is_long
        body = await offloaded(partial(shared.wire.body, work, stream=stream), when=long)
        try:
            return await self._tried(body)
        except UpstreamRejected as error:
            bare = None
            if error.upstream_status == 400 and not isinstance(error, UpstreamTooLong):
                unsealed = partial(shared.wire.unsealed, work, self._refused, stream=stream)
                bare = await offloaded(unsealed, when=long)
            if bare is None:
                raise
            self._report_retry(self._named(error), "tried again without what was sealed")
        response = await self._tried(bare)
        shared.wire.did_without_seals(work)
        return response

    async def _tried(self, body: bytes) -> Response:
        """Returns the response to one body, after the retries allowed."""
        self._taken = taken = self._shared.take_place(self._caller)
        for tries in range(1, self._shared.section.retries + 1):
            try:
                return await self._post(taken, body)
            except UpstreamError as error:
                # The next try would be a second call to pay, and an attempt has one cost.
                paid = error.charged is not None
                if paid or not (worth_retrying(error) or self._another_key_may_do(error, taken)):
                    raise
                self._named(error)
                self._taken = taken = await self._next_try(error, taken, tries)
        return await self._post(taken, body)

    async def _next_try(self, failed: UpstreamError, before: Taken, tries: int) -> Taken:
        """Returns a place for the next try. Raises the failure again where no retry is possible.

        Another replica is asked at once, the same one after the wait that the upstream asked for.
        A client that repeats the request waits by itself, so here the same one is not asked twice:
        its tries and ours would multiply.
        """
        shared = self._shared
        wait: float | None = 0.0
        if not shared.replicas.has_other(before.replica, shared.clock.monotonic_ms(), self._caller):
            if self._asked.repeated or failed.final:
                raise failed
            left_s = self._deadline.when - asyncio.get_running_loop().time()
            wait = wait_s(failed, tries, left_s)
        if wait is None or not shared.retries.spend():
            raise failed
        if wait > 0.0:
            await asyncio.sleep(wait + TIMER_SLACK_S)
        taken = shared.replicas.take(shared.clock.monotonic_ms(), before.replica, self._caller)
        if taken is None:
            raise failed
        waited = f" after {wait:.3g} s" if wait else ""
        self._report_retry(failed, f"tried again at {taken.replica.host}{waited}")
        return taken

    async def _post(self, taken: Taken, body: bytes) -> Response:
        """Returns the response to one post when its status says that it has an answer.

        Gives the place back and raises for any other status, and where no response comes.
        """
        shared, outcome = self._shared, None
        self._work.tell_host(taken.replica.host)
        try:
            target, head = self._head(taken.replica.url, len(body))
            connect_s = shared.section.connect_timeout_s
            sends = self._work.tell_sent
            response = await shared.client().ask(target, head, body, connect_s, sends)
            if response.status in ANSWERED:
                return response
            outcome = outcome_of(response.status, repeated=self._asked.repeated)
            raise await self._refusal(taken, response)
        except FOREIGN as error:
            ours = to_ours(error, shared.section.name)
            none_left = isinstance(error, NoFiles)
            outcome = CallHealth.UNKNOWN if none_left else outcome_of_fault(ours)
            raise ours from error
        except asyncio.CancelledError:
            outcome = outcome_at_end(self._ends.own)
            raise
        finally:
            if outcome is not None:
                self._give_back(outcome)

    def _head(self, url: str, length: int) -> tuple[Target, bytes]:
        """Returns where to send a body of so many bytes, and the head before it."""
        shared = self._shared
        own = shared.wire.call_headers(self._work)
        target, lines = shared.lines(url)
        if own:  # a header of the call stands for one of the same name
            lines = first_lines("POST", target, {**shared.headers, **own})
        named = header_line("X-Client-Request-Id", self._work.request_id).encode()
        trace = TRACE.get()
        if trace is not None:
            traced = trace.headers(self._work.attempt_id).items()
            named += b"".join(header_line(name, value).encode() for name, value in traced)
        return target, b"%b%bContent-Length: %d\r\n\r\n" % (lines, named, length)

    async def _refusal(self, taken: Taken, response: Response) -> UpstreamError:
        body = await read_refusal(response)
        shared = self._shared
        retry_after_s = read_retry_after(response.headers, shared.clock.now_ms())
        if retry_after_s is None and response.status == 429:
            retry_after_s = read_retry_delay(body.decode("utf-8", "replace"))
        if retry_after_s is not None and response.status in (429, 503):
            now_ms = shared.clock.monotonic_ms()
            shared.replicas.rest(taken.replica, 1000.0 * retry_after_s, now_ms)
        asked = Asked(shared.section.name, shared.section.model, shown_url(taken.replica.url))
        self._refused = refusal_in(body)
        words = await self._words(taken) if response.status in TOLD_STATUSES else ""
        told = words if about_the_request(words) else ""
        error = error_for_status(
            response.status, shown_code_in(body), retry_after_s, asked, self._advice(body), told
        )
        error.words = words
        error.final = forbids_retry(response.headers)
        error.charged = charged_in(body, shared.wire.whole)
        return error

    async def _words(self, taken: Taken) -> str:
        """Returns what of the provider's words may be shown: without our key and its address."""
        keys = [
            value.removeprefix("Bearer ")
            for name, value in self._shared.headers.items()
            if name.lower() in ("authorization", "x-api-key")
        ]
        host = taken.replica.host
        hosts = (host, host.rpartition(":")[0] or host)
        request = self._work.request
        shown = partial(provider_words, self._refused.message, request, keys, hosts)
        return await offloaded(shown, when=request.is_long)

    def _advice(self, refusal: bytes) -> str:
        """Returns what the policy needs before this upstream takes such a request, or ""."""
        facts = self._shared.facts
        if self._shared.section.wire != "openai":  # other formats have no key for open thoughts
            return ""
        return advice_for(refusal.decode(errors="replace"), facts.reasoning_key, facts.name)

    def _another_key_may_do(self, error: UpstreamError, taken: Taken) -> bool:
        """Returns True when our key was refused, which costs nothing, and another may know it."""
        refused = outcome_of(error.upstream_status or 0) in KEY_OUTCOMES
        now_ms = self._shared.clock.monotonic_ms()
        return refused and self._shared.replicas.has_other(taken.replica, now_ms, self._caller)

    def _report_retry(self, failed: UpstreamError, next_is: str) -> None:
        self._shared.events.happened(
            CallFailed(
                answerer=self._shared.section.name,
                host=failed.host,
                status=failed.upstream_status,
                code=failed.code,
                next=next_is,
                retried=True,
                request_id=self._work.request_id,
                reason=failed.noted,
                url=failed.url,
            )
        )

    def _named(self, error: E) -> E:
        """Returns the error with the host of the replica that was asked last."""
        if self._taken is not None:
            error.host = self._taken.replica.host
        return error

    def _give_back(self, outcome: CallHealth) -> None:
        if self._taken is not None:
            now_ms = self._shared.clock.monotonic_ms()
            self._shared.replicas.give_back(self._taken, outcome, now_ms)
