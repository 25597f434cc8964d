"""Reads a few messages once a server is ready, so that its first users do not wait.

The first message of a kind costs up to twenty times as much as a later one: expressions are
compiled, and networks that few messages need are opened, when something first asks for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from router.api.process import large_pages
from router.errors import TiergateError
from router.request.intake import decided_outcome
from router.routing.planner import Router
from router.types import LOCAL, ChatRequest, Identity
from router.wire.openai.in_process import read_asked

MESSAGES = (
    "Hello! How do I change the address of my order, please?",
    "My father has a strong pain in his chest and cannot feel his left arm.",
    "How much is 12% of $4,350, and how much are 3 chairs at $85 each?",
    "What is 18 plus 240 divided by 6?",
    "What is the date 45 days after 3 May 2026, and what time is it in Tokyo at 9 am in Paris?",
    "Should we sell the factory in Leeds for $2.4 million, or sign a new lease for ten years?",
    "Write a short poem about the sea.",
    "Translate this sentence into French: the meeting begins at nine.",
    "Dear team,\n\nmy invoice 2231 of 3 May is wrong: I paid 89.90 euros twice. Please look into "
    "it.\n\nKind regards\nMary Miller\n12 Station Road, Leeds",
    "Write a Python function that returns the median of a list of numbers.",
    "Kann ich meine Bestellung noch umtauschen, und was kostet der Versand?",
    "Comment puis-je changer mon mot de passe ?",
)
"""Holds what most servers get: greetings, sums, mails, code, decisions and an emergency, which
alone opens the largest network. Where each is sent does not matter."""


Decide = Callable[[Router, ChatRequest, Identity], object]
"""Decides where a request goes, as a dry run. May raise TiergateError."""

LOOKS_EVERY_S = 0.05
MOST_LOOKS = 200
"""Bounds how long the messages give way to requests, 10 s: later ones need them no more."""


async def warm_up(
    router: Router,
    busy: Callable[[], object],
    *,
    decide: Decide = decided_outcome,
    move: Callable[[], object] = large_pages.begin_to_move,
    looks_every_s: float = LOOKS_EVERY_S,
) -> None:
    """Decides about the messages by the first policy, on other threads than the event loop's.

    These are dry runs: nothing is written, counted or sent. What is in memory afterwards moves into
    large pages, by `move`. Between two looks at `busy` it waits `looks_every_s`.
    """
    looks = 0
    for message in MESSAGES:
        while busy() and looks < MOST_LOOKS:
            looks += 1
            await asyncio.sleep(looks_every_s)
        if busy():
            break
        with contextlib.suppress(TiergateError):  # a policy may refuse it
            await asyncio.to_thread(decide, router, read_asked(message), LOCAL)
    move()
