"""Tells what the judged requests of a policy's knowledge files count for, and what is odd in them.

It reads files and asks triage which requests count, and the policy what it answers to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from router.api.compose.core import Core
from router.errors import TiergateError
from router.policy.content.knowledge import Knowledge, load_knowledge
from router.policy.content.outcomes import JudgedQuestion
from router.policy.loading import LoadedPolicy
from router.policy.schema import ResolverAnswerer
from router.policy.warnings import PolicyWarning, WarningKind
from router.rendering.figures_in_words import counted
from router.triage.match import OWN_OUTCOMES
from router.triage.matching.outcomes import (
    LEAST_READ,
    MOST_READ,
    OutcomeUse,
    OutcomeUses,
    different,
    key_of,
    sampled,
)
from router.triage.reranking.reranker import Reranker
from router.types import Match, Outcome, PSource, Reason

Decide = Callable[[str], Outcome]
"""Returns what the policy decides about a request. May raise TiergateError."""

MOST_NAMED = 5
"""Lines that are named for each reason; a long list hides the other reasons."""

MOST_TRIED, MOST_SHOWN = 300, 10
"""Judged requests that are decided, 10 to 60 ms each, and lines of them that are shown."""

LEAST_SURE = 0.8
"""Chance from which matches are counted: most floors of policies are above it."""

ASKS_BACK = {Reason.ASKED_WHICH, Reason.ASKED_FOR_SLOT}
"""Marks rungs of level 1 that give no answer yet."""

UNUSED = {
    OutcomeUse.WRITTEN: "word for word in the knowledge file",
    OutcomeUse.NOT_COVERED: "nearest to `not_covered`",
}
"""Says why a request counts for nothing."""

ONE_SIDED = {
    True: "no request has `intent: null`, so nothing shows how often level 1 answers what no "
    "answer fits, and its chances become too high; draw the requests at random from your traffic",
    False: "every request has `intent: null`, so every match counts as wrong and level 1 answers "
    "next to nothing; name the intent of each request that an answer fits",
}
"""Says what is odd where all requests have an intent (True), or none has."""


def judged_notes(core: Core, loaded: LoadedPolicy) -> Iterator[str]:
    """Yields for each file of judged requests how many count, which do not, and what that means."""
    for i, (place, outcomes) in enumerate(_judged(loaded)):
        if outcomes is None:
            continue
        # As where it is served, requests are matched with the answers of the first file.
        uses = core.uses(outcomes) if outcomes and i == 0 else None
        if i > 0:
            yield f"{place} not used, as requests are matched with the answers of the first file"
        elif not outcomes:
            yield f"{place} it has no request; {OWN_OUTCOMES} are needed"
        elif uses is None:
            left = counted(len(outcomes), "request was", "requests were")
            yield f"{place} {left} not counted: no triage model is loaded"
        else:
            reader = None if core.model is None else core.model.reranker
            if reader is not None:
                reader.open()  # only then is it known whether its network works
            yield from (f"{place} {told}" for told in _told(outcomes, uses, reader))


def judged_warnings(loaded: LoadedPolicy) -> Iterator[PolicyWarning]:
    """Yields texts that are judged in two ways, and files that show only one side."""
    for place, outcomes in _judged(loaded):
        key_path = place.rstrip(":")
        twice = [
            f"{later.line} ({_intent(later)}) and {earlier.line} ({_intent(earlier)})"
            for later, earlier in _repeats(outcomes or ())
            if later.intent_id != earlier.intent_id
        ]
        if twice:
            yield PolicyWarning(
                WarningKind.JUDGED_TWICE,
                key_path,
                f"lines with the same text have different intents: {_few(twice)}. They count as "
                f"one request towards the {OWN_OUTCOMES}, but chances rest on both lines, and one "
                "of them calls a right answer wrong; keep the line that is right",
            )
        answered = {outcome.intent_id is not None for outcome in outcomes or ()}
        if len(answered) == 1:
            yield PolicyWarning(WarningKind.JUDGED_ONE_SIDED, key_path, ONE_SIDED[answered.pop()])


def otherwise_warnings(loaded: LoadedPolicy, decide: Decide) -> Iterator[PolicyWarning]:
    """Yields the judged requests of the first file that level 1 answers with something else."""
    place, outcomes = next(_judged(loaded), ("", None))
    told = [
        f"line {outcome.line}: judged {_intent(outcome)}, answered {other[0]} ({other[1]:.2f})"
        for outcome in (outcomes or ())[:MOST_TRIED]
        if (other := _otherwise(outcome, decide)) is not None
    ]
    if told:
        shown = "; ".join(told[:MOST_SHOWN])
        more = f"; and {len(told) - MOST_SHOWN} more" if len(told) > MOST_SHOWN else ""
        yield PolicyWarning(
            WarningKind.JUDGED_OTHERWISE,
            place.rstrip(":"),
            f"level 1 gives another answer than was judged right: {shown}{more}. A judged line "
            "moves the chances of all messages, and keeps no single one from its answer: write "
            "its words as an utterance of the answer that is right (as two, where it asks two "
            "things), or under `not_covered`",
        )


def sureness_note(loaded: LoadedPolicy, decide: Decide) -> Iterator[str]:
    """Yields how sure level 1 now is of the judged requests of the first file, and why.

    An operator who adds them sees the chances fall, and must see what was counted.
    """
    place, outcomes = next(_judged(loaded), ("", None))
    said = []
    for outcome in (outcomes or ())[:MOST_TRIED]:
        match = _matched(outcome, decide)
        if match is not None and match.basis.own:
            said.append((match.confidence, match.intent_id == outcome.intent_id))
    if said:
        yield f"{place} {_sureness(said)}"


def _sureness(said: Sequence[tuple[float, bool]]) -> str:
    """Returns how sure matches are by chances and outcomes, which are right or wrong."""
    sure = [right for chance, right in said if chance >= LEAST_SURE]
    counts = f"none reaches {LEAST_SURE:.2f}"
    if sure:
        counts = f"of {len(sure)} from {LEAST_SURE:.2f} on, {sum(sure)} right"
    return (
        f"the surest match of these has {max(said)[0]:.2f} ({counts}). Chances are fitted to such "
        "counts, so they fall below those of other companies where fewer were right, or too few "
        "were sure to show more"
    )


def _matched(outcome: JudgedQuestion, decide: Decide) -> Match | None:
    try:
        return decide(outcome.text).signals.match
    except TiergateError:
        return None  # no tier may answer it


def _otherwise(outcome: JudgedQuestion, decide: Decide) -> tuple[str, float] | None:
    """Returns the other answer that level 1 gives to a judged request with its chance, if any."""
    try:
        decided = decide(outcome.text)
    except TiergateError:
        return None  # no tier may answer it
    decision, match = decided.decision, decided.signals.match
    rung = decision.first_rung
    sure = rung.level == 1 and rung.p >= decision.confidence_floor
    if match is None or not sure or rung.p_source is not PSource.MATCH:
        return None
    if (
        decision.refused is not None
        or match.intent_id == outcome.intent_id
        or not ASKS_BACK.isdisjoint(rung.reasons)
    ):
        return None
    return match.intent_id, match.confidence


def _judged(loaded: LoadedPolicy) -> Iterator[tuple[str, Sequence[JudgedQuestion] | None]]:
    """Yields each knowledge file once, with the requests of the judged file that it may name."""
    files = dict[str, Knowledge]()
    for _, section in loaded.policy.rungs():
        if isinstance(section, ResolverAnswerer) and section.knowledge not in files:
            path = loaded.file(section.knowledge)
            files[section.knowledge] = load_knowledge(path, section.lookups)
    for name, knowledge in files.items():
        named = knowledge.content.judged is not None
        yield f"{name}: judged:", knowledge.outcomes if named else None


def _told(
    outcomes: Sequence[JudgedQuestion], judged: OutcomeUses, reader: Reranker | None
) -> Iterator[str]:
    """Yields how many requests count and what holds, how many are read, and which do not count."""
    rows = list(zip(outcomes, judged.uses, strict=True))
    counting = [one for one, use in rows if use in (OutcomeUse.COUNTS, OutcomeUse.READ)]
    count, read = (
        different(counting),
        different([one for one, use in rows if use is OutcomeUse.READ]),
    )
    rest = "so chances rest on them"
    if not judged.rested_on:
        rest = (
            f"and {OWN_OUTCOMES} different ones are needed: add {OWN_OUTCOMES - count}. Until then "
            "chances are as measured on other companies"
        )
    yield f"{count} of {len(outcomes)} requests count, {rest}"
    if reader is None or reader.failed:
        why = "the triage model has no network for it" if reader is None else "its network failed"
        yield f"no message is read together with answers, as {why}; the encoder alone says chances"
    else:
        told = _of_reading(read, len(sampled(outcomes)), judged)
        yield f"{read} of them can be read together with answers, {told}"
    unused = {
        why: [str(one.line) for one, use in rows if use is reason] for reason, why in UNUSED.items()
    }
    # A number without the word "line" would read as a count.
    reasons = [
        f"line {lines[0]} is {why}" if len(lines) == 1 else f"lines {_few(lines)} are {why}"
        for why, lines in unused.items()
        if lines
    ]
    if reasons:
        yield f"these do not count: {'; '.join(reasons)}"
    again = [f"{later.line} (as {first.line})" for later, first in _repeats(counting)]
    if again:
        yield (
            f"lines with the text of another line are {_few(again)}: they add nothing to the "
            "count, and chances rest on each of them"
        )


def _of_reading(read: int, tried: int, judged: OutcomeUses) -> str:
    """Returns what holds for messages that are read together with their answers.

    `tried`: the judged requests of which `read` can be read.
    """
    if judged.fits_reading:
        return "so the chances of messages that are read rest on these"
    needed = f"and {LEAST_READ} different ones are needed{_more(read, tried)}"
    if not judged.rested_on:
        return needed if read < LEAST_READ else "which is enough"
    alone = "no message is read, and each keeps the chance of the encoder alone"
    if read < LEAST_READ:
        return f"{needed}. Until then {alone}"
    return f"which do not show that surer readings are right more often, so {alone}"


def _more(read: int, tried: int) -> str:
    """Returns how many more random requests bring as many as are needed, as far as these tell."""
    if read * MOST_READ >= LEAST_READ * tried and read:
        more = math.ceil((LEAST_READ - read) * tried / read)
        return f". At this rate that takes about {more} more drawn at random, strangers included"
    if tried < LEAST_READ:
        return ". Draw more requests at random, strangers included"
    return f". At most {MOST_READ} are tried, so that more at random will hardly bring as many"


def _repeats(
    outcomes: Sequence[JudgedQuestion],
) -> Iterator[tuple[JudgedQuestion, JudgedQuestion]]:
    """Yields each request whose text stands on an earlier line, with that line's."""
    first = dict[str, JudgedQuestion]()
    for outcome in outcomes:
        earlier = first.setdefault(key_of(outcome), outcome)
        if earlier is not outcome:
            yield outcome, earlier


def _intent(outcome: JudgedQuestion) -> str:
    return "null" if outcome.intent_id is None else outcome.intent_id


def _few(items: Sequence[str]) -> str:
    more = f" and {len(items) - MOST_NAMED} more" if len(items) > MOST_NAMED else ""
    return ", ".join(items[:MOST_NAMED]) + more
