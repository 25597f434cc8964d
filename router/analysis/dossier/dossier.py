"""Builds the dossier of one decision, and verifies one that somebody hands in. Pure.

A dossier holds its own proof: the bytes of its row with the hash before and after it, and a hash
of everything in it. Whoever has only the file can check both. With the ledger, its chain and the
tenant's key, the steps are checked as well.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec
import orjson
from msgspec import Struct

from router.ledger.hash_chain import ChainRow, canonical, link
from router.ledger.record_reading import is_opened, reasoning_of, source_of
from router.stats.stated_confidence import Calibrated
from router.types import NANO_PER_USD, CostBasis, RequestRow, ReviewCase

FORMAT = "tiergate-dossier/1"
HASH = "dossier_sha256"
NOT_KEPT = "The policy keeps no texts (privacy.store: none), or their time is over."
NO_PASSAGES = (
    "The words of these passages are not here: the policy keeps no texts (privacy.store: none), "
    "their time is over, or the decision is older than their keeping. The documents have them."
)

Json = dict[str, object]


class KeptTexts(Struct, frozen=True):
    """Holds the texts of a request that the policy kept; None: it did not."""

    prompt: str | None = None
    answer: str | None = None
    draft: str | None = None
    steps: str | None = None
    passages: str | None = None


def build_dossier(
    chained: ChainRow,
    texts: KeptTexts,
    *,
    decision_id: str,
    feedback: Sequence[object],
    case: ReviewCase | None,
    confidence: Calibrated | None,
    exported_at_ms: int,
) -> Json:
    """Returns the dossier as JSON types, with its hash."""
    row = chained.row
    note = reasoning_of(row.record)
    record = json.loads(row.record or "{}")
    impact = record.get("signals", {}).get("impact_nano_usd") or 0
    stakes = record.get("decision", {}).get("stakes_nano_usd")
    document: Json = {
        "format": FORMAT,
        "decision_id": decision_id,
        "decided_at": moment(row.finished_at_ms),
        "exported_at": moment(exported_at_ms),
        "tenant": row.tenant,
        "policy": f"{row.policy}@{row.policy_hash}",
        "domain": row.domain,
        "asked": texts.prompt or NOT_KEPT,
        "answered": texts.answer or NOT_KEPT,
        "draft": texts.draft,
        "verdict": row.verdict,
        "reasons": list(row.reasons),
        "opened": is_opened(row),
        "at_stake_usd": impact / NANO_PER_USD if impact else None,
        "stakes_usd": None if stakes is None else stakes / NANO_PER_USD,
        "answer_confidence": row.confidence if row.verdict else None,
        "answer_confidence_source": source_of(row) or None,
        "confidence": None if confidence is None else _confidence(confidence),
        "reasoning": json.loads(texts.steps) if texts.steps else None,
        "reasoning_note": None if note is None else _plain(note),
        "sources": record.get("sources") or [],
        "passages": json.loads(texts.passages) if texts.passages else None,
        "models": record.get("models") or [],
        "calls": [_call(row, at) for at in range(len(row.attempts))],
        "cost_usd": _cost_usd(row.cost_nano_usd, [one.cost_basis for one in row.attempts]),
        "feedback": list(feedback),
        "review": _review(case, row),
        "chain": {
            "writer": chained.writer_id,
            "sequence": chained.sequence,
            "prev_hash": chained.prev_hash,
            "row_hash": chained.row_hash,
            "row": canonical(row).decode(),
        },
    }
    return {**document, HASH: dossier_hash(document)}


def dossier_hash(document: Json) -> str:
    """Returns the SHA-256 (hex) of a dossier: of its JSON with sorted keys, without the hash."""
    covered = {name: value for name, value in document.items() if name != HASH}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_dossier(text: str) -> Json:
    """Returns the dossier in a file of JSON or HTML. Raises ValueError where there is none."""
    if text.lstrip().startswith("<"):
        place = re.search(r'<pre id="dossier"[^>]{0,80}>([^<]+)</pre>', text)
        if place is None:
            raise ValueError("The page holds no dossier.")
        text = html.unescape(place[1])
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # the latter: nested without an end
        raise ValueError(f"The file is no dossier of the format {FORMAT}: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"The file is no dossier of the format {FORMAT}.")
    if not all(isinstance(document.get(name), str) for name in ("decision_id", "tenant")):
        raise ValueError("The dossier names no decision of a tenant.")
    return document


def dossier_faults(
    document: Json,
    chained: ChainRow | None = None,
    digest: Callable[[str, str], str] | None = None,
) -> list[str]:
    """Returns what is wrong with a dossier; nothing when it is whole.

    `chained` is the ledger's own row and `digest` its keyed digest of a text by tenant. Without
    them only the file is checked.
    """
    faults = []
    if dossier_hash(document) != document.get(HASH):
        faults.append("the dossier was changed after its hash was made")
    stated = document.get("chain")
    chain = stated if isinstance(stated, dict) else {}
    try:
        linked = link(str(chain["prev_hash"]), str(chain["row"]).encode())
    except (KeyError, ValueError):
        return [*faults, "the dossier names no row of a chain"]
    if linked != chain.get("row_hash"):
        faults.append("the row in the dossier does not fit its hash in the chain")
    faults += _differs_from_row(document, str(chain["row"]))
    if chained is not None and chained.row_hash != chain.get("row_hash"):
        faults.append("the ledger has another hash for this decision's row")
    return (
        faults if digest is None else [*faults, *_other_texts(document, str(chain["row"]), digest)]
    )


def _other_texts(document: Json, row: str, digest: Callable[[str, str], str]) -> Iterable[str]:
    """Yields which kept texts do not fit their digests in the row."""
    note = document.get("reasoning_note")
    stated = {}
    if isinstance(note, dict):
        stated["steps"] = "reasoning", note.get("steps_digest")
    if document.get("passages") is not None:
        stated["words of the passages"] = "passages", (_record_of(row) or {}).get("passages_digest")
    for called, (key, kept_digest) in stated.items():
        text = json.dumps(document.get(key), ensure_ascii=False)
        if document.get(key) is not None and digest(str(document["tenant"]), text) != kept_digest:
            yield f"the {called} do not fit the digest that the chain has"


def _record_of(row: str) -> Json | None:
    """Returns what decided the request by the row's bytes, {} without; None: they are no row."""
    try:
        cells = orjson.loads(row)[1]
        records = [c for c in cells if isinstance(c, str) and c.startswith('{"version"')]
        record: Json = orjson.loads(records[0]) if records else {}
    except (ValueError, IndexError, KeyError, TypeError):
        return None
    return record


def _differs_from_row(document: Json, row: str) -> list[str]:
    """Returns where the reasoning's note or the sources are not those in the row's bytes."""
    record = _record_of(row)
    try:
        note = reasoning_of(json.dumps(record)) if record else None
    except (ValueError, KeyError, TypeError):
        record = None
    if record is None:
        return ["the row in the dossier cannot be read"]
    stated = document.get("reasoning_note")
    faults = []
    if (None if note is None else _plain(note)) != stated:
        faults.append("the note of the reasoning is not the one in the row")
    # Dossiers of before documents were cited name no sources.
    if document.get("sources", []) != (record.get("sources") or []):
        faults.append("the sources are not those in the row")
    # Nor do those of before there was a registry name versions of models.
    if "models" in document and document["models"] != (record.get("models") or []):
        faults.append("the versions of models are not those in the row")
    return faults


def _plain(value: object) -> object:
    """Returns a frozen value as JSON types, as reading its JSON would give them."""
    return json.loads(msgspec.json.encode(value))


def _confidence(one: Calibrated) -> Json:
    return {
        "stated": one.stated,
        "calibrated": one.p,
        "interval": None if one.low is None else [one.low, one.high],
        "outcomes": one.outcomes,
        "basis": one.basis,
    }


def _cost_usd(nano_usd: int, bases: Iterable[CostBasis]) -> float | None:
    """Returns dollars; None where a call's price is not known, so that nobody reads it as 0."""
    return None if CostBasis.UNKNOWN in bases else nano_usd / NANO_PER_USD


def _call(row: RequestRow, at: int) -> Json:
    one = row.attempts[at]
    return {
        "role": one.role.value,
        "answerer": one.answerer,
        "model": one.model,
        "state": one.state.value,
        "cost_usd": _cost_usd(one.cost_nano_usd, [one.cost_basis]),
        "cost_basis": one.cost_basis.value,
        "latency_ms": round(one.latency_ms, 1),
        "input_tokens": one.usage.input_tokens,
        "output_tokens": one.usage.output_tokens,
    }


def _review(case: ReviewCase | None, row: RequestRow) -> Json | None:
    if case is None or case.reviewed is None:
        return {"status": "pending"} if row.review_id else None
    return {
        "status": "decided",
        "verdict": case.reviewed.verdict.value,
        "by": case.reviewed.by,
        "minutes": case.reviewed.minutes,
        "decided_at": moment(case.reviewed.decided_at_ms),
    }


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
