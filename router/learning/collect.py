"""Turns finished requests, and the feedback and verdicts on them, into rows. Pure.

A reviewer's word wins over the client's. An answer that was held back is judged as its draft.
Nothing is made from texts that the policy did not let the ledger keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from router.learning import synthetic
from router.learning.rows import (
    CLIP,
    WRITTEN_FROM,
    DatasetRow,
    Dropped,
    Kind,
    Mark,
    Observed,
    Source,
    Weak,
    row_id,
)
from router.ledger.aggregates import Ending
from router.ledger.past_request import USER, KeptText, PastRequest, last_turn
from router.ledger.replies import in_place
from router.ledger.row_reading import (
    AFTERWARDS,
    ANSWERING,
    EMBEDDINGS,
    SHADOW,
    SYNTHESIZE,
    call_failed,
    ending_of,
    row_names,
)
from router.privacy.redact import redact
from router.routing.decision_record import Record, parse
from router.types import (
    CSAT_HIGHEST,
    CSAT_LOWEST,
    FeedbackSource,
    Reason,
    RequestRow,
    RequestState,
    ReviewVerdict,
)

ENDINGS = {Ending.CANCELLED: Mark.CANCELLED, Ending.REFUSED: Mark.REFUSED}
WORDS = (
    (FeedbackSource.REVIEW, Source.REVIEW, "reviewed"),
    (FeedbackSource.CLIENT, Source.CLIENT, "corrected"),
)
"""Who may judge an answer, best first, and where the right answer of each is kept."""


@dataclass(slots=True)
class Collected:
    """Holds strong rows, weak rows, every request of the period, and what gave no row."""

    rows: list[DatasetRow] = field(default_factory=list)
    weak: list[DatasetRow] = field(default_factory=list)
    observed: list[Observed] = field(default_factory=list)
    dropped: Counter[Dropped] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class HumanLabel:
    """Holds one line of a file that a person filled: `ref` names the request of the text."""

    ref: str
    head: str
    label: str


def collect(
    past: Iterable[PastRequest], labels: Iterable[HumanLabel] = (), clip: float = CLIP
) -> Collected:
    """Returns the rows of these requests, oldest first."""
    made = Collected()
    bases: dict[str, tuple[DatasetRow, str]] = {}  # of rows with a text, and their answer
    for one in past:
        if one.row.endpoint == SHADOW:
            _shadow(made, one.row, bases)
        elif one.row.endpoint == SYNTHESIZE:
            _synthetic(made, one)
        if one.row.endpoint in AFTERWARDS or one.row.endpoint == EMBEDDINGS:
            continue
        _request(made, one, bases, clip)
    for label in labels:
        _label(made, label, bases)
    return made


def _request(
    made: Collected,
    past: PastRequest,
    bases: dict[str, tuple[DatasetRow, str]],
    clip: float,
) -> None:
    row, record = past.row, readable(past.row)
    judged, source, corrected = _judged(past)
    seen = _observed(past, record, judged, clip)
    made.observed.append(seen)
    made.dropped[Dropped.WITHDRAWN] += len(past.withdrawn)
    prompt = past.texts.get("prompt")
    if prompt is None:
        labelled = any(case.item.head and case.reviewed for case in past.reviews)
        gives_rows = judged is not None or labelled or any(_weak_words(past))
        made.dropped[Dropped.NO_TEXT] += gives_rows
        return
    answer = past.texts.get("draft") or (None if in_place(row) else past.texts.get("answer"))
    base = replace(
        _base(row, prompt, seen.propensity, seen.weight, seen.marks),
        domain=seen.domain,
        request_type=seen.request_type,
        language="" if record is None else record.signals.language,
        expires_at_ms=_soonest(prompt, answer, corrected),
    )
    bases[row.request_id] = (base, "" if answer is None else answer.content)
    if judged is None:
        made.weak += _weak(past, base, answer)
    elif answer is None:
        made.dropped[Dropped.NO_TEXT] += 1
    else:
        made.rows += _graded(past, replace(base, source=source), answer, judged, corrected)
    _queued(made, past, base)


def _observed(
    past: PastRequest, record: Record | None, judged: bool | None, clip: float
) -> Observed:
    """Returns the request without its text; its weight is at most `clip`."""
    row, propensity = past.row, 1.0
    if record is not None and record.decision.rungs:
        propensity = record.decision.first_rung.propensity or 1.0
    marks = _marks(row, record)
    if 1.0 / propensity > clip:
        marks = (*marks, Mark.CLIPPED)
    domain, request_type = row_names(row)
    return Observed(
        f"dec_{row.request_id}",
        row.created_at_ms,
        row.tenant,
        _conversation(row),
        row.state.value,
        row.answerer,
        row.tier_number,
        domain,
        request_type,
        propensity,
        min(clip, 1.0 / propensity),
        marks,
        judged,
        "prompt" in past.texts,
    )


def _graded(
    past: PastRequest,
    base: DatasetRow,
    answer: KeptText,
    right: bool,
    corrected: KeptText | None,
) -> Iterator[DatasetRow]:
    """Yields the graded answer, and the correction of a wrong one where its text is kept."""
    # A reviewer's reason goes with the verdict, also when it is withdrawn; so does a comment.
    why = past.texts.get("reviewed.reason" if base.source is Source.REVIEW else "comment")
    reason = "" if why is None else why.content
    graded = replace(base, answer=answer.content, right=right, reason=reason)
    yield graded
    if corrected is not None and not right:
        yield replace(
            graded,
            row_id=row_id(Kind.CORRECTION, past.row.request_id),
            kind=Kind.CORRECTION,
            right=None,
            preferred=corrected.content,
        )


def _weak(past: PastRequest, base: DatasetRow, answer: KeptText | None) -> Iterator[DatasetRow]:
    """Yields a weak row for each hint of the client."""
    for weak, value in _weak_words(past):
        yield replace(
            base,
            row_id=row_id(Kind.GRADED, past.row.request_id, weak),
            source=Source.CLIENT,
            answer="" if answer is None else answer.content,
            weak=weak,
            value=value,
        )


def _base(
    row: RequestRow, prompt: KeptText, propensity: float, weight: float, marks: tuple[Mark, ...]
) -> DatasetRow:
    return DatasetRow(
        row_id=row_id(Kind.GRADED, row.request_id),
        kind=Kind.GRADED,
        source=Source.REVIEW,
        text=last_turn(prompt.content),
        prompt=prompt.content,
        created_at_ms=row.created_at_ms,
        expires_at_ms=prompt.expires_at_ms,
        store=prompt.store,
        tenant=row.tenant,
        conversation=_conversation(row),
        decisions=(f"dec_{row.request_id}",),
        answerer=row.answerer,
        level=row.tier_number,
        propensity=propensity,
        weight=weight,
        marks=marks,
    )


def _judged(past: PastRequest) -> tuple[bool | None, Source, KeptText | None]:
    """Returns if the answer was right, who says so, and the right answer where it is kept.

    A client that got words in place of an answer judges those: it never saw a draft behind them.
    """
    for said_by, source, kept in WORDS[:1] if in_place(past.row) else WORDS:
        word = past.words.get(said_by)
        if word is not None and word.correct is not None:
            corrected = _given(past, kept) if word.corrected_digest else None
            return word.correct, source, corrected
    return None, Source.CLIENT, None


def _given(past: PastRequest, kind: str) -> KeptText | None:
    """Returns the right answer that somebody gave, redacted where the prompt is.

    A reviewer's is kept whole for whoever asked; that is no reason to learn from its details.
    """
    given, prompt = past.texts.get(kind), past.texts.get("prompt")
    if given is None or prompt is None or prompt.store != "redacted":
        return given
    return replace(given, content=redact(given.content), store=prompt.store)


def _weak_words(past: PastRequest) -> Iterator[tuple[Weak, float]]:
    # No answerer is better or worse for how a client liked approved words.
    word = None if in_place(past.row) else past.words.get(FeedbackSource.CLIENT)
    if word is not None and word.csat is not None:
        yield Weak.CSAT, (word.csat - CSAT_LOWEST) / (CSAT_HIGHEST - CSAT_LOWEST)
    if word is not None and word.resolved_first_contact is not None:
        yield Weak.RESOLVED, float(word.resolved_first_contact)


def _queued(made: Collected, past: PastRequest, base: DatasetRow) -> None:
    """Adds the labels that reviewers gave to the request's text."""
    for case in past.reviews:
        head = case.item.head
        if not head or case.reviewed is None:
            continue
        if case.reviewed.verdict is ReviewVerdict.REJECT:
            made.dropped[Dropped.NO_CLASS] += 1
        elif not case.answer:
            made.dropped[Dropped.NO_TEXT] += 1
        else:
            row = _labelled(base, past.row.request_id, head, case.answer, Source.LABEL_QUEUE)
            given = case.reviewed
            made.rows.append(replace(row, key_id=given.key_id, reviewer=given.by))


def _label(made: Collected, label: HumanLabel, bases: Mapping[str, tuple[DatasetRow, str]]) -> None:
    base = bases.get(label.ref)
    if base is None:
        made.dropped[Dropped.NOT_IN_LEDGER] += 1
    elif not label.label.strip():
        made.dropped[Dropped.EMPTY_LABEL] += 1
    else:
        made.rows.append(
            _labelled(base[0], label.ref, label.head, label.label.strip(), Source.LABEL_FILE)
        )


def _labelled(
    base: DatasetRow, request_id: str, head: str, label: str, source: Source
) -> DatasetRow:
    return replace(
        base,
        row_id=row_id(Kind.LABEL, head, request_id),
        kind=Kind.LABEL,
        source=source,
        answer="",
        right=None,
        head=head,
        label=label,
    )


def _shadow(made: Collected, row: RequestRow, bases: Mapping[str, tuple[DatasetRow, str]]) -> None:
    """Adds how far another answerer agreed: a hint, since both may be wrong."""
    record = readable(row)
    note = None if record is None else record.shadow
    if note is None or note.agreement is None:
        return
    shown = bases.get(note.of)
    if shown is None:
        made.dropped[Dropped.NO_TEXT] += 1
        return
    base, answer = shown
    made.weak.append(
        replace(
            base,
            row_id=row_id(Kind.GRADED, note.of, Weak.SHADOW, row.request_id),
            source=Source.SHADOW,
            answer=answer,
            weak=Weak.SHADOW,
            value=note.agreement,
            decisions=(*base.decisions, f"dec_{row.request_id}"),
        )
    )


def _synthetic(made: Collected, past: PastRequest) -> None:
    """Adds what an answerer wrote in other words, once a reviewer approved or corrected it."""
    prompt, written = past.texts.get("prompt"), past.texts.get("answer")
    word = past.words.get(FeedbackSource.REVIEW)
    corrected = _given(past, "reviewed")
    seed = None if prompt is None else synthetic.seed_of(last_turn(prompt.content))
    text = written if word is not None and word.correct else corrected
    if word is None or word.correct is None or (text is None and written is not None):
        made.dropped[Dropped.NOT_APPROVED] += 1
        return
    if seed is None or prompt is None or text is None:
        made.dropped[Dropped.NO_TEXT] += 1
        return
    asked = text.content.strip()
    made.rows.append(
        replace(
            _base(past.row, prompt, 1.0, synthetic.WEIGHT, ()),
            row_id=row_id(Source.SYNTHETIC, past.row.request_id),
            source=Source.SYNTHETIC,
            text=asked,
            prompt=f"{USER}{asked}",
            conversation=f"{WRITTEN_FROM}{seed.row_id}",
            answer=seed.answer,
            right=True,
            domain=seed.domain,
            expires_at_ms=min(seed.expires_at_ms, _soonest(prompt, text)),
        )
    )


def _marks(row: RequestRow, record: Record | None) -> tuple[Mark, ...]:
    ending = ending_of(row)
    tried = [attempt for attempt in row.attempts if attempt.role in ANSWERING]
    marks = {
        Mark.CLIMBED: row.escalations > 0,
        Mark.FELL_BACK: any(map(call_failed, tried)),
        Mark.FAILED: row.state is RequestState.FAILED and ending not in ENDINGS,
        Mark.STOOD_IN: in_place(row),
        Mark.CACHED: row.from_cache,
        Mark.EXPLORED: Reason.EXPLORED.value in row.reasons,
        Mark.OBSERVED: record is not None and record.observed is not None,
    }
    kept = [mark for mark, holds in marks.items() if holds]
    if ending in ENDINGS:
        kept.append(ENDINGS[ending])
    return tuple(kept)


def _conversation(row: RequestRow) -> str:
    """Returns the conversation of a request; one without a session is a conversation of its own."""
    return row.session_digest or row.request_id


def readable(row: RequestRow) -> Record | None:
    """Returns the record of a row, None where it cannot be read."""
    try:
        return parse(row.record)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _soonest(*texts: KeptText | None) -> int:
    return min(text.expires_at_ms for text in texts if text is not None)
