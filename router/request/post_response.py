"""Keeps texts, the session and the cached answer after the final row is written.

By then the answer is paid for, so nothing that fails here takes it from the client, who would ask
and pay again; the log has it. It knows nothing about tiers or about how an answer came to be.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from router.errors import LedgerError
from router.request.ledger_row import transcript
from router.request.progress import Candidate, Progress
from router.request.reasoning import passages_text, steps_text, worked_of
from router.request.response_cache import Repeats
from router.request.sessions import Conversations
from router.request.veiling import hidden_by, hidden_text
from router.routing.routed_request import RoutedRequest
from router.types import TextKeeper, TextKind, Verdict

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps what later requests, reviewers and labels need of an answered request."""

    def __init__(self, texts: TextKeeper, conversations: Conversations, repeats: Repeats) -> None:
        self._texts = texts
        self._conversations = conversations
        self._repeats = repeats

    async def keep(
        self,
        routed: RoutedRequest,
        progress: Progress,
        candidate: Candidate,
        verdict: Verdict,
    ) -> None:
        """Keeps what the policy allows. Logs what a store raises, and raises nothing."""
        request_id, lookup = routed.request_id, progress.lookup
        privacy = routed.policy.privacy
        if privacy.store != "none" or (progress.draft and privacy.waiting != "none"):
            texts = self._keep_texts(routed, progress, candidate)
            await _kept_if_possible("texts", request_id, texts)
        session = self._conversations.answered(routed, progress.attempts, candidate)
        await _kept_if_possible("session", request_id, session)
        if routed.cacheable or lookup.vector:
            answer = self._repeats.keep(routed, lookup, candidate, verdict)
            await _kept_if_possible("cache", request_id, answer)

    async def _keep_texts(
        self, routed: RoutedRequest, progress: Progress, candidate: Candidate
    ) -> None:
        """Stores prompt and answer, as the policy asks; under `none` a waiting draft alone."""
        privacy = routed.policy.privacy
        if candidate.answer is None:
            return
        texts: list[tuple[TextKind, str]] = [("draft", progress.draft)]
        if privacy.store != "none":
            worked = worked_of(progress, candidate)
            texts += [
                ("prompt", transcript(routed.request.messages)),
                ("answer", candidate.answer.text),
                ("steps", "" if worked is None else steps_text(worked, privacy.store)),
                ("passages", passages_text(candidate.answer, privacy.store)),
            ]
        for kind, text in texts:
            store = privacy.for_reviewers
            if routed.veil is not None:
                own = text
                if kind == "prompt":  # its messages were read one by one
                    text = transcript((await hidden_by(routed.veil, routed.request)).messages)
                else:
                    text = await hidden_text(routed.veil, text)
                if text != own:
                    store = "redacted"  # it fits no digest of the request's own words
            await self._texts.put(
                routed.request_id,
                routed.identity.tenant,
                kind,
                text,
                store=store,
                retention_days=privacy.retention_days,
            )


async def _kept_if_possible(what: str, request_id: str, keeping: Awaitable[None]) -> None:
    try:
        await keeping
    except LedgerError as error:
        fields = {"what": what, "request_id": f"req_{request_id}", "reason": error.message}
        _log.error("not_kept", extra=fields)
