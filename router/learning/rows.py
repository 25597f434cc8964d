"""Describes the rows of a dataset, the requests behind it, and the reasons to leave a row out."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

FORMAT = 2
"""Numbers the form of the files; a later form gets another hash even for the same rows."""


CLIP = 10.0
"""Largest weight: one request of a rung tried once in a hundred would otherwise count as 100."""


WRITTEN_FROM = "written from "
"""Begins the conversation of a synthetic row, before the row that it was written from."""


class Kind(StrEnum):
    """Says what a row teaches."""

    GRADED = "graded"  # an answer, and if it was right
    CORRECTION = "correction"  # a wrong answer or draft, and the right one
    LABEL = "label"  # a text and its class for one head


class Split(StrEnum):
    """Names the parts of a dataset, in the order of time."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


class Source(StrEnum):
    """Names who gave the verdict, the feedback or the label."""

    REVIEW = "review"  # a reviewer's verdict
    CLIENT = "client"  # the client's word on an answer
    LABEL_FILE = "label_file"  # a file that a person filled
    LABEL_QUEUE = "label_queue"  # a reviewer's label
    SHADOW = "shadow"  # another answerer's agreement, which nobody checked
    SYNTHETIC = "synthetic"  # written by an answerer, approved by a reviewer; never real


class Weak(StrEnum):
    """Names labels that only hint at the truth; they are kept in a file of their own."""

    NONE = ""
    CSAT = "csat"  # satisfaction, scaled to 0..1
    RESOLVED = "resolved_first_contact"
    SHADOW = "shadow_agreement"


class Mark(StrEnum):
    """Says what happened to a request; such rows stay in, or every estimate would be too good."""

    CLIMBED = "climbed"
    FELL_BACK = "fell_back"  # a call failed, and another answerer stepped in
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    STOOD_IN = "stood_in"  # approved words went out in place of an answer
    CACHED = "cached"
    EXPLORED = "explored"
    OBSERVED = "observed"
    CLIPPED = "clipped"  # its weight was cut at the limit


class Dropped(StrEnum):
    """Names the reason why a row is not in the dataset."""

    NO_TEXT = "no text kept: privacy.store is none, or it expired or was erased"
    NOT_IN_LEDGER = "a label whose text is not in this ledger, or may not be used"
    EMPTY_LABEL = "no label filled in"
    WITHDRAWN = "a word or label that `tiergate learn untell` set aside"
    NO_CLASS = "a reviewer found no class that fits"
    SHORT = "under three letters"
    LONG = "over 20,000 characters"
    BROKEN = "broken characters"
    PLACEHOLDERS = "half of the words were redacted"
    NOTHING_NEW = "a correction equal to what it corrects"
    TORN = "the same text with contradicting labels, equally often"
    OUTVOTED = "outvoted by other labels of the same text"
    EXACT = "the text of an earlier row"
    NEAR = "nearly the text of an earlier row"
    CROSSING = "a conversation on both sides of a cut in time"
    NOT_APPROVED = "a synthetic text that no reviewer approved"
    SEED_JUDGES = "a synthetic text whose own request judges, or is in no split to train on"
    CAPPED = "beyond the most rows of its class"


class DatasetRow(Struct, frozen=True):
    """Holds one row. Fields that its kind does not use are empty."""

    row_id: str  # the same in every dataset that has the row, also when its label changed
    kind: Kind
    source: Source
    text: str  # the last turn of the user
    prompt: str  # all turns
    created_at_ms: int
    expires_at_ms: int  # the policy lets nobody keep the texts longer
    store: str  # redacted | full: the form in which the policy let them be kept
    tenant: str
    conversation: str
    decisions: tuple[str, ...]  # lineage: the decisions behind it, merged ones too
    answer: str = ""
    right: bool | None = None
    preferred: str = ""  # of a correction: the right answer
    head: str = ""
    label: str = ""
    weak: Weak = Weak.NONE
    value: float | None = None  # of a weak label, 0..1
    reason: str = ""  # a reviewer's own words
    answerer: str = ""
    level: int = 0
    domain: str = ""
    request_type: str = ""
    language: str = ""
    propensity: float = 1.0
    weight: float = 1.0
    marks: tuple[Mark, ...] = ()
    split: Split = Split.TRAIN
    key_id: str = ""  # of a label: the key that gave it in the queue
    reviewer: str = ""  # and the name that was stated there

    @property
    def class_name(self) -> str:
        """Returns the class that balance is counted by."""
        if self.source is Source.SYNTHETIC:
            return f"{self.domain or 'unknown'}: synthetic"
        if self.kind is Kind.LABEL:
            return f"{self.head}: {self.label}"
        if self.kind is Kind.GRADED and self.right is not None:
            return f"{self.domain or 'unknown'}: {'right' if self.right else 'wrong'}"
        return self.domain or "unknown"

    @property
    def claim(self) -> str:
        """Returns the row's statement on its text; rows of one text with two claims contradict."""
        if self.kind is Kind.CORRECTION:
            return self.preferred
        return self.label if self.kind is Kind.LABEL else str(self.right)


class Observed(Struct, frozen=True):
    """Holds one request of the period, without its text, whatever became of it.

    Estimates from recorded traffic need all of them: those with an answer that somebody judged are
    no fair sample of all.
    """

    decision: str
    created_at_ms: int
    tenant: str
    conversation: str
    state: str
    answerer: str
    level: int
    domain: str
    request_type: str
    propensity: float
    weight: float
    marks: tuple[Mark, ...]
    right: bool | None = None
    text_kept: bool = False


def row_id(*parts: str) -> str:
    """Returns a short name made from the parts that make a row the same in every dataset."""
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
