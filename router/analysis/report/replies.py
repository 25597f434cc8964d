"""Says what the requests of a report got: an answer, words in place of one, or nothing.

Its figures and words are the only ones: the first sentence, the tables, the tiles, JSON and the
dashboard show them. Each finished request is in exactly one line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.ledger.aggregates import AFTERWARDS_LEVEL, Cell, Ending, Whole, ending_parts
from router.ledger.record_reading import READ_IN_ANSWER
from router.ledger.replies import ReplyKind, Shortfall
from router.ledger.row_reading import UNKNOWN_NAME
from router.rendering.figures_in_words import count, counted, parts_in_percent
from router.types import PSource

REPLY_WORDS = {
    ReplyKind.ANSWER: "answered",
    ReplyKind.QUESTION: "answered with a question back",
    ReplyKind.NO_ANSWER: "told that there is no answer",
    ReplyKind.SAFE_WORDS: "given a safe text and handed to a person",
    ReplyKind.DECLINED: "refused as harmful",
    ReplyKind.REPEATED: "given their first reply again",
    ReplyKind.COMPUTED: "given labels or vectors",
}
ENDING_WORDS = {
    Ending.FAILED: "failed",
    Ending.REFUSED: "refused by a limit or as impossible here",
    Ending.CANCELLED: "cancelled by the client",
}
AFTERWARDS_WORDS = (
    "no request: reviews, second answers, bills of earlier ones, vectors of documents"
)
NOT_COUNTED_WORDS = "given a reply, purged before replies were told apart"

GROUNDS_WORDS = {
    PSource.KNOWN.value: "a rule: computed, or approved words",
    PSource.MATCH.value: "the calibrated match of an approved answer",
    PSource.LABELLED.value: "labelled traffic of that model",
    PSource.MEASURED.value: "our own measurement of the embedded model",
    PSource.TABLE.value: "public results of that model",
    READ_IN_ANSWER: "the answer itself, by a calibrated reader",
    PSource.PRIOR.value: "a prior, which nobody measured",
    UNKNOWN_NAME: "not recorded",
}
"""Says what the chance of an accepted answer rests on, the best grounds first."""


@dataclass(frozen=True, slots=True)
class GroundsFigures:
    """Counts the accepted answers whose chances rest on the same, and their cost."""

    name: str  # a `PSource`, `answer` or `unknown`
    words: str
    answers: int
    spend_nano_usd: int


@dataclass(frozen=True, slots=True)
class ShortfallFigures:
    """Counts answers that lack one thing as they stand, whatever verification said of them."""

    kind: Shortfall
    answers: int
    spend_nano_usd: int
    accepted: int


@dataclass(frozen=True, slots=True)
class ReplyFigures:
    """Counts the requests that got one kind of reply, or none, and their cost."""

    # Of a `ReplyKind` or an `Ending`; "not_counted" for rows that an older version purged, and
    # "booked_afterwards" for money of earlier requests.
    name: str
    words: str
    requests: int
    spend_nano_usd: int
    # Of the spend, the most that calls of unknown cost may have cost; None: not known by line.
    held_nano_usd: int | None = 0


@dataclass(frozen=True, slots=True)
class Replies:
    """Holds what the finished requests of a report got; its lines add up to them and their cost."""

    lines: tuple[ReplyFigures, ...]
    waiting: int | None = None  # of the matters handed over, those not decided; None: not known
    waiting_failed: int | None = None  # of these, those of failed requests; None: not known
    answer_accepted: int = 0
    answer_unverified: int = 0
    priced: int = 0  # of the labels and vectors, those that some baseline prices
    unpriced_nano_usd: int = 0  # what the others cost: they are compared with nothing
    grounds: tuple[GroundsFigures, ...] = ()  # of the routed answers that were accepted
    shortfalls: tuple[ShortfallFigures, ...] = ()  # those that there are; an answer is in one

    @property
    def accepted_routed(self) -> int:
        """Returns the accepted answers of which the ledger says what their chances rest on."""
        return sum(line.answers for line in self.grounds)

    @property
    def grounds_shares(self) -> list[str]:
        """Returns each ground's share of these answers, as the table and the sentences show it."""
        return parts_in_percent([line.answers for line in self.grounds], self.accepted_routed)

    @property
    def on_prior(self) -> GroundsFigures | None:
        """Returns the accepted answers whose chance nobody measured; None where there are none."""
        return next((one for one in self.grounds if one.name == PSource.PRIOR.value), None)

    def of(self, kind: ReplyKind | Ending) -> int:
        """Returns the requests that got this reply, or ended like this."""
        return sum(line.requests for line in self.lines if line.name == kind.value)

    @property
    def answers(self) -> int:
        """Returns what can be compared: answers, questions, and labels or vectors with a price."""
        return self.of(ReplyKind.ANSWER) + self.of(ReplyKind.QUESTION) + self.priced

    @property
    def compared_words(self) -> str:
        """Names what savings rest on: "answers", "answers and questions", "labels or vectors"."""
        kinds = (
            ("answers", self.of(ReplyKind.ANSWER)),
            ("questions", self.of(ReplyKind.QUESTION)),
            ("labels or vectors", self.priced),
        )
        *before, last = [words for words, number in kinds if number] or ["answers"]
        return f"{', '.join(before)} and {last}" if before else last

    def told(self) -> str:
        """Writes "24 answered, 23 told that there is no answer"; "" without any request."""
        return ", ".join(f"{count(x.requests)} {self.words(x)}" for x in self.lines if x.requests)

    def words(self, line: ReplyFigures) -> str:
        """Returns the words of a line; of matters handed over also how many still wait."""
        if line.name != ReplyKind.SAFE_WORDS.value or self.waiting is None:
            return line.words
        if not self.waiting:
            return f"{line.words} (none waits any more)"
        # A request that failed, or got other words, may have handed its matter over too.
        failed, also = self.waiting_failed or 0, ""
        if failed:
            which = "" if self.waiting == 1 else f"{count(failed)} of them "
            also = f", {which}of {'a request' if failed == 1 else 'requests'} that failed"
        also += ", of other requests too" * (self.waiting - failed > line.requests)
        return f"{line.words} ({counted(self.waiting, 'matter waits', 'matters wait')}{also})"


def replies_of(total: Cell, waiting: int | None, failed: int | None = None) -> Replies:
    """Returns what the requests got; `waiting` matters of the period are not decided yet.

    Of these, `failed` are of requests that failed.
    """
    whole = total.whole or Whole()
    got = {reply: whole.replies.get(reply.value, [0, 0])[:2] for reply in ReplyKind}
    # An older version purged labels and vectors as answers, and counted these apart.
    for kind, sign in ((ReplyKind.ANSWER, -1), (ReplyKind.COMPUTED, 1)):
        both = zip(got[kind], whole.unrouted, strict=True)
        got[kind] = [number + sign * older for number, older in both]
    lines = [ReplyFigures(reply.value, REPLY_WORDS[reply], *got[reply]) for reply in ReplyKind]
    endings = {ending: [0, 0] for ending in ENDING_WORDS}
    for name, (requests, spend, *_) in whole.endings.items():
        sums = endings[ending_parts(name)[0]]
        sums[0] += requests
        sums[1] += spend
    lines += [ReplyFigures(e.value, ENDING_WORDS[e], *sums) for e, sums in endings.items()]
    later = sum(sums[1] for sums in whole.reasons.get(AFTERWARDS_LEVEL, {}).values())
    # Rows that an older version purged are in the totals, and nobody knows what they got.
    requests = total.requests - sum(line.requests for line in lines)
    spend = total.spend_nano_usd - later - sum(line.spend_nano_usd for line in lines)
    lines.append(ReplyFigures("not_counted", NOT_COUNTED_WORDS, requests, spend))
    lines.append(ReplyFigures("booked_afterwards", AFTERWARDS_WORDS, 0, later))
    lines = _with_holds([line for line in lines if line.requests or line.spend_nano_usd], whole)
    _, _, accepted, unverified = whole.replies.get(ReplyKind.ANSWER.value, [0, 0, 0, 0])
    accepted -= whole.unrouted[0]  # none of them could be anything else
    _, computed, priced, priced_spend = whole.replies.get(ReplyKind.COMPUTED.value, [0, 0, 0, 0])
    grounds = tuple(
        GroundsFigures(name, words, *whole.grounds[name])
        for name, words in GROUNDS_WORDS.items()
        if name in whole.grounds
    )
    return Replies(
        tuple(lines),
        waiting,
        failed,
        accepted,
        unverified,
        priced,
        computed - priced_spend,
        grounds,
        _shortfalls(whole),
    )


def _with_holds(lines: list[ReplyFigures], whole: Whole) -> list[ReplyFigures]:
    """Adds to each line what of its spend was held for calls of unknown cost.

    Rows that an older version purged, and bills of purged ones, do not say of which line they are.
    """
    held = {name: nano for name, (_, nano) in whole.held_unknown.items()}
    if sum(held.values()) != whole.held_unknown_nano_usd:
        return [replace(line, held_nano_usd=None) for line in lines]
    return [replace(line, held_nano_usd=held.get(line.name, 0)) for line in lines]


def _shortfalls(whole: Whole) -> tuple[ShortfallFigures, ...]:
    counted_ones = [(kind, whole.shortfalls.get(kind.value)) for kind in Shortfall]
    return tuple(ShortfallFigures(kind, *sums) for kind, sums in counted_ones if sums)
