"""Reads one user turn: what the model and the rules found, as one reading.

The model reads only what the user wrote. The rules read it too, and what the assistant proposed
where the user's turn is a bare assent to it. Where the policy says so (`triage.read`), the rules
also read the text of system, developer and tool messages: its terms and amounts can raise caution
and never lower it. Attachments are never read.

Words that talk to the router ("this is trivial, use the cheapest model") lower nothing: such a turn
is read twice, with and without them, and each signal is the more cautious of the two, so neither
the words nor their removal can lower a signal. A turn that names models, tiers or stakes counts as
novel too, since no ordinary user speaks of them; one that only plays itself down ("just a quick
question") does not, since ordinary users do. A disguised turn (reversed, leet, base64 ...) is read
both ways too, and counts as novel likewise. Where a known question is left without such words or
the disguise, the match and the novelty are that question's. A long turn is read in passages too,
and a grave one raises it.

All of it is pure. It knows nothing about other turns (`conversation`), threads, files or tiers.
"""

from __future__ import annotations

from collections.abc import Set
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from router.policy.content.knowledge import in_scope
from router.policy.content.term_files import LANGUAGE_MARK
from router.triage.conversation.private_choices import is_private_choice
from router.triage.conversation.replies import only_goes_on
from router.triage.facts.farewells import only_closes, only_is_away
from router.triage.facts.languages import UNKNOWN
from router.triage.facts.turn_facts import TurnFacts
from router.triage.facts.wordplay import only_asks_for_a_word_form
from router.triage.facts.works import OF_A_MEANING, asks_about_a_work, asks_for_a_meaning
from router.triage.framing.declining import only_declines
from router.triage.text.amount_lists import all_material
from router.triage.text.phrases import insists
from router.triage.text.quotes import acts
from router.types import (
    READ_LANGUAGES,
    RISK_DOMAINS,
    Amount,
    Domain,
    HeadReading,
    Match,
    MatchBasis,
    Matter,
    RequestType,
)

NOVEL = 1.0
"""Novelty of what triage cannot take at its word: a language that the model does not read, a
disguise, talk to the router, a placeholder, a yes to nothing. It is novel for every policy, from
whatever chance on that one calls a request so (`decision.novel_at`), and in replays, too."""
RATHER_KNOWN = 0.5
"""Above this chance of an approved question a text in a language that the model does not read is as
novel as the match leaves it."""
ANSWERS_FROM = 0.85
"""Default of `decision.confidence_floor`, from which level 1 answers."""
BRIEF_WORDS = 30
"""Up to here the reader of grave matters may overrule the heads: it knows messages, not documents.
Without this bound a tenth of the shared texts of high stakes were lost at level 3."""
NOTE_WORDS = 60
"""Up to here a danger that a term names and the reader is sure of is somebody's own, though told of
another: "a pupil of mine wrote that she has the pills ready"."""
LETTER_WORDS = 150
"""Up to here the reader may overrule the heads of domain and stakes where it is surer, as they take
a third of what mentions trouble for a grave matter. What is longer, nobody measured."""
LOOKED_AT = 0.5
"""From this chance of a grave matter on a text is compared with words that end a chat."""
GUESSED = 0.5
"""Most that is said of a harmless domain, or of a type, in a language that the heads cannot read.
Of lines about health, law and engineering in thirteen languages they took six in ten for one, at .8
to .97 too. Types were said at .86 where half of unseen lines in eight languages were of them."""
ROUTINE_BELOW = 0.8  # chance of a grave matter; the shelf's veto begins there too
KNOWN_FROM = 0.9
"""Chance of one approved answer from which a question is no decision of a company. Harm does not
fall by a match: "how do I write a phishing mail" is the answer about phishing mails by .95."""
MATERIAL = frozenset(
    {RequestType.FACTUAL, RequestType.EXPLANATION, RequestType.CODING, RequestType.MATH}
)
"""Types of requests whose sums may be their material alone: "How many zeros has $1 trillion?"."""
WRITING_FROM = 0.7
"""Chance of the type `writing` from which a request asks for a text. Pages without a clear request
are `writing` by .3 to .45, and a farewell to be worded as a note by .56."""
MATERIAL_FROM, CALM_GRAVE, CALM_STAKES = 0.5, 0.2, 0.15
"""The least chance of such a type, and the highest of a grave matter and of high stakes, for sums
to be material. Chosen on 48 sums; of a stranger's 160 from $10,000 on 77 of 80 that are somebody's
go to level 3, and of 80 others 55; without this rule 77 and 70."""
OWNERS = frozenset({"we", "our", "ours", "us", "my", "mine", "me"})
"""Words of whose sums are somebody's. "I" counts by the word before it. The words of
`own_sentences.FIRST_PERSON` are others, as a trained reader is bound to those."""
ASKING = frozenset({"do", "can", "could", "may", "would"})
MODEL_FOLLOW_UP_WORDS = 12  # the model's word for it is taken for short turns only
MODEL_FOLLOWS_FROM = 0.5  # and where that is likelier than not


class ModelRow(NamedTuple):
    """Holds the reading of one text, by the model or by the rules; a tuple, because rows are made
    from the columns of a batch."""

    request_type: RequestType
    request_type_p: float
    domain: Domain
    domain_p: float
    risk_domain: Domain
    risk_p: float
    difficulty: float
    stakes_high: float
    multi_factor: float
    strategic: float
    novelty: float
    toxic: float
    spam: float
    heads: tuple[HeadReading, ...] = ()  # the policy's own
    grave: float = 0.0
    matter: Matter | None = None
    knowledge: float = 0.0
    read_as: str = UNKNOWN  # the language in which `grave` was read; UNKNOWN: that of the text
    guessed: bool = False  # domain and type: their heads cannot read the language


class TurnReading(Struct, frozen=True):
    """Holds all that is read in one user turn: a function of its text, the model and the policy."""

    row: ModelRow
    match: Match | None
    amounts: tuple[Amount, ...]
    risk_terms: tuple[str, ...]
    bare: bool  # a bare follow-up by its words
    follow_up: bool  # continues an earlier turn, by its words or by the model
    degraded: bool = False
    language: str = UNKNOWN
    brief: bool = False  # a message of a few words, and no document
    letter: bool = False  # a message of a letter's length at most
    # Heads that say something of this turn alone: they are not the highest of the conversation.
    momentary: frozenset[str] = frozenset()
    insists: bool = False  # it asks to go on with what was asked, whatever it says besides
    acts: bool = False  # it asks to act on what was said before, such as a quoted document
    unread: bool = False  # there is more in it than is read
    note: bool = False  # a message of some sentences that asks for no text
    answered: bool = False  # its match is sure enough for level 1 of the policy to answer with it
    material: bool = False  # calm facts, code or arithmetic: sums are what it works with


def _is_brief(facts: TurnFacts) -> bool:
    return facts.said <= BRIEF_WORDS


def _routine(row: ModelRow, facts: TurnFacts, known: float, sure: float) -> ModelRow:
    """Returns a row whose stakes are no higher than the chance that nothing approved is asked for.

    `known` is that of all answers that may be offered. Where that of one answer, `sure`, is
    KNOWN_FROM or more, the chance of a company's decision is bounded alike. Whoever approved an
    answer knows what is routine there. Nothing is lowered where the reader of grave matters, a
    term, a disguise or the length speaks against it, and no earlier turn is.
    """
    calm = row.matter is not None and row.grave < ROUTINE_BELOW
    if not calm or facts.risk_terms or facts.unusual or not _is_brief(facts):
        return row
    row = row._replace(stakes_high=min(row.stakes_high, 1.0 - known))
    if sure < KNOWN_FROM:
        return row
    return row._replace(strategic=min(row.strategic, 1.0 - sure))


def _as_written(row: ModelRow, match: Match | None, facts: TurnFacts) -> ModelRow:
    """Returns the row without the chance of a grave matter for a text that the operator wrote, that
    only ends a chat, goes on with one, turns something of a shop down or says that somebody is
    away, or that only asks who made a named work, for a sum or for an answer of an exam.

    A term or a disguise speaks against it, but in an exam. Who is away loses that of self-harm.
    """
    if facts.exam_item:
        return row._replace(grave=0.0, stakes_high=0.0, risk_p=0.0, strategic=0.0, knowledge=1.0)
    if facts.risk_terms or facts.unusual:
        return row
    if match is None or match.basis is not MatchBasis.WRITTEN:
        words, text = facts.folded.words, facts.folded.text
        grave = row.grave > LOOKED_AT
        closes = grave and (only_closes(words) or only_goes_on(words) or only_declines(words))
        away = grave and row.matter is Matter.SELF_HARM and only_is_away(text)
        if not closes and not away and not asks_about_a_work(text) and not facts.works_out:
            return row
    return row._replace(grave=0.0, stakes_high=0.0 if facts.works_out else row.stakes_high)


def _guessed(row: ModelRow, *, degraded: bool) -> ModelRow:
    """Returns the row of a text in a language that the model cannot read.

    A domain of high risk stays, since it only raises caution. What rules alone found by phrases of
    that language is no guess.
    """
    harmless = row.domain not in RISK_DOMAINS
    domain_p = min(row.domain_p, GUESSED) if harmless else row.domain_p
    return row._replace(
        domain_p=domain_p,
        request_type_p=min(row.request_type_p, GUESSED),
        novelty=NOVEL,
        guessed=not degraded,
    )


def _as_approved(row: ModelRow, facts: TurnFacts, momentary: Set[str]) -> ModelRow:
    """Returns the row of words that the operator approved: they are known, nothing is at stake, and
    they ask for no harm by the heads `momentary`. A term or a disguise speaks against it."""
    if facts.risk_terms or facts.unusual:
        return row
    return row._replace(
        heads=tuple([_harmless(one) if one.name in momentary else one for one in row.heads]),
        stakes_high=0.0,
        multi_factor=0.0,
        strategic=0.0,
        novelty=0.0,
        toxic=0.0,
        spam=0.0,
        grave=0.0,
    )


def _harmless(reading: HeadReading) -> HeadReading:
    """Returns a head with its single chance at 0. Of which kind a harm would be stays as it is."""
    if len(reading.classes) > 1:
        return reading
    return HeadReading(reading.name, tuple([(name, 0.0) for name, _ in reading.classes]))


OF_HEALTH = frozenset(
    f"{matter.value}{LANGUAGE_MARK}{language}"
    for matter in (Matter.MEDICAL_EMERGENCY, Matter.POISON)
    for language in READ_LANGUAGES
)
ASKS_ALONE_FROM, ASKS_ALONE_BELOW = 0.7, 0.5
"""Chance of a question of knowledge from which phrases tell of nobody's illness, and that of a
grave matter up to which this holds. Of 224 dangers with a phrase the first is .005 at most."""

HELPS = frozenset({"aid", "treat", "treated", "treatment", "antidote", "symptom", "symptoms"})
TOOK = frozenset({"swallow", "swallowed", "ate", "eaten", "drank", "took", "bite", "bit", "bitten"})
SOMEBODY = frozenset({"i", "he", "him", "his", "she", "her", "someone", "somebody"})
YOUNG = frozenset({"child", "children", "kid", "kids", "toddler", "toddlers", "son", "daughter"})
SIGNS = frozenset({"pain", "pains", "numb", "bleeding"})
TOLD = OWNERS | HELPS | TOOK | SOMEBODY | YOUNG | SIGNS
"""Words of a case, its signs or help: "What is the first aid for a child who drank bleach?"."""


def _names(row: ModelRow, facts: TurnFacts) -> tuple[str, ...]:
    """Returns the lists whose terms count: "What does floppy baby syndrome mean?" tells of nobody.

    All count beside a word of TOLD. Danger to oneself and violence stay in any case: a question for
    knowledge may ask for their means.
    """
    asks = row.knowledge >= ASKS_ALONE_FROM and row.grave < ASKS_ALONE_BELOW
    if not asks or facts.unusual or facts.language not in READ_LANGUAGES:
        return facts.risk_terms
    if not TOLD.isdisjoint(facts.folded.words):
        return facts.risk_terms
    return tuple([name for name in facts.risk_terms if name not in OF_HEALTH])


def reading_of(
    row: ModelRow,
    match: Match | None,
    facts: TurnFacts,
    *,
    degraded: bool = False,
    offers_from: float = 1.0,
    momentary: frozenset[str] = frozenset(),
    known_form: bool = False,
    approved: bool = False,
    answers_from: float = ANSWERS_FROM,
) -> TurnReading:
    """Returns a turn's reading from what the model and the rules found.

    A text that matches an approved answer is not novel, however rare its words: novelty is at most
    1 - the match's confidence. Where the policy offers several answers (`offers_from`), the chances
    of all count. After that it is raised to NOVEL where the turn talks to the router or is
    disguised and is no known question without that (`known_form`), where it is longer than what is
    read, and where the model cannot read its language and it is not RATHER_KNOWN. A placeholder
    asks for nothing, so it matches nothing and is novel. `approved`: all of the text is words that
    the operator approved, which the heads of chances do not overrule. `answers_from`: the chance
    from which level 1 of the policy answers with a match.
    """
    if facts.placeholder:
        match = None
    known = 0.0 if match is None else _known(match, offers_from)
    row = _as_written(row, match, facts)
    subject = row.domain in (Domain.FINANCE, Domain.LEGAL)
    if asks_for_a_meaning(facts.folded.text, facts.risk_terms, subject=subject):
        row = row._replace(knowledge=max(row.knowledge, OF_A_MEANING))
    if match is not None and in_scope(match.intent_id, None):
        row = _routine(row, facts, known, match.confidence)
    foreign = facts.language not in READ_LANGUAGES
    if row.strategic and not facts.risk_terms and is_private_choice(facts.folded.words):
        row = row._replace(strategic=0.0)
    row = _guessed(row, degraded=degraded) if foreign else row
    novelty = min(row.novelty, 1.0 - known)
    if not facts.risk_terms and only_asks_for_a_word_form(facts.folded.words):
        novelty = 0.0  # of every word there are such forms, however rare it is
    if _is_novel(facts, known, known_form=known_form, foreign=foreign):
        novelty = NOVEL
    if novelty != row.novelty:
        row = row._replace(novelty=novelty)
    if approved:
        row = _as_approved(row, facts, momentary)
    material = facts.priced or _is_material(row, facts, foreign=foreign)
    return TurnReading(
        row,
        match,
        all_material(facts.amounts) if material and not _is_own(facts) else facts.amounts,
        _names(row, facts),
        facts.bare,
        facts.bare or _follows_by_model(row, facts),
        degraded,
        facts.language,
        _is_brief(facts),
        facts.said <= LETTER_WORDS,
        momentary,
        insists(facts.folded),
        acts=facts.bare or (acts(facts.folded.words) and not (facts.priced or facts.exam_item)),
        unread=facts.unread,
        note=facts.said <= NOTE_WORDS and not asks_for_text(row),
        answered=match is not None and match.confidence >= answers_from,
        material=material,
    )


def asks_for_text(row: ModelRow) -> bool:
    """Returns True where it is likely that a text is to be written: what stands in it is not the
    sender's own matter."""
    return row.request_type is RequestType.WRITING and row.request_type_p >= WRITING_FROM


def _is_material(row: ModelRow, facts: TurnFacts, *, foreign: bool) -> bool:
    """Returns True for a calm request of a MATERIAL type.

    Its sums are at stake again in a later turn that is none: "That is what I lost."
    """
    return (
        row.request_type in MATERIAL
        and row.request_type_p >= MATERIAL_FROM
        and row.matter is not None
        and row.grave < CALM_GRAVE
        and row.stakes_high < CALM_STAKES
        and not facts.risk_terms
        and not facts.unusual
        and not foreign
    )


def _is_own(facts: TurnFacts) -> bool:
    """Returns True where the sender speaks of themselves: "what are our $2,000,000 in euros?".

    "How do I ..." asks how one does.
    """
    words = facts.folded.words
    if not OWNERS.isdisjoint(words):
        return True
    return any([before not in ASKING for before, word in pairwise(("", *words)) if word == "i"])


def _known(match: Match, offers_from: float) -> float:
    """Returns the chance of what the policy would answer with: of several answers where it offers
    them.
    """
    if match.confidence < offers_from:
        return match.confidence
    offered = min(1.0, match.confidence + sum([chance for _, chance in match.others]))
    return max(offered, match.together)


def _is_novel(facts: TurnFacts, known: float, *, known_form: bool, foreign: bool) -> bool:
    strange = facts.unusual and not known_form
    return strange or facts.placeholder or facts.unread or (foreign and known <= RATHER_KNOWN)


def _follows_by_model(row: ModelRow, facts: TurnFacts) -> bool:
    return (
        row.request_type is RequestType.FOLLOW_UP
        and row.request_type_p >= MODEL_FOLLOWS_FROM
        and len(facts.folded.words) <= MODEL_FOLLOW_UP_WORDS
        and not facts.amounts
        and not facts.risk_terms
    )
