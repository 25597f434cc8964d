"""Says what the model reads of a message: without its frame, in plain words, by sentences."""

from __future__ import annotations

from router.triage.batches.asked import Asked, ReadingUse
from router.triage.batches.config import TriageConfig
from router.triage.facts.file_paths import without_folders
from router.triage.facts.turn_facts import TurnFacts
from router.triage.framing.frame import may_be_framed, without_frame
from router.triage.framing.own_sentences import OwnSentence, own_sentences
from router.triage.framing.reported import reported_question
from router.triage.framing.roles import without_role
from router.triage.framing.thanks import THANKS, only_thanks
from router.triage.glossed.glossary import Gloss
from router.triage.reading import LETTER_WORDS
from router.triage.text.folding import fold
from router.triage.text.phrases import without_stage
from router.triage.text.windows import asking, sentences
from router.types import READ_LANGUAGES

ASKING_ABROAD = frozenset({"de", "fr", "es"})
"""Other languages whose sentences that ask are found."""


def asked_in_role(asked: Asked, facts: TurnFacts) -> str:
    """Returns what a text asks of an everyday role, or the question that it passes on; "" for
    other texts.

    Neither beside a disguise nor beside contact details, which may hide something. Orders to the
    router behind it speak of another role.
    """
    if facts.unread or facts.unusual or facts.undetailed:
        return ""
    words = facts.folded.words
    rest = without_role(asked.text, words) or reported_question(asked.text, words)
    return "" if rest and without_stage(fold(rest)) else rest


def sentences_of(asked: Asked, facts: TurnFacts, in_role: str) -> tuple[str, ...]:
    """Returns the sentences that are read by themselves: all of a message, or those of a longer
    text that ask, where the policy reads texts for harm.

    `in_role` is what it asks of a role: the sentence of the role itself asks nothing.
    """
    if in_role:
        return sentences(in_role)
    english = facts.language in READ_LANGUAGES
    asks = english or facts.language in ASKING_ABROAD
    if facts.sentences or not asked.config.momentary or not asks:
        return facts.sentences
    return asking(facts.instead or without_folders(asked.text), english=english)


def own_sentences_of(asked: Asked, facts: TurnFacts) -> tuple[OwnSentence, ...]:
    """Returns the sentences of a text longer than a message that are read for grave matters."""
    if facts.sentences:
        return ()
    return own_sentences(facts.instead or without_folders(asked.text), facts.language)


def said_in(asked: Asked, facts: TurnFacts, in_role: str) -> str:
    """Returns what a text says without its disguise, its contact details, its frame and its role,
    or for what it thanks."""
    config = asked.config
    if facts.instead or config.knowledge is None or facts.unread:
        return facts.instead or asked.text
    language = facts.language or asked.spoken
    if language in READ_LANGUAGES and only_thanks(asked.text, facts.folded.words):
        return THANKS if config.knowledge.written(THANKS) is not None else asked.text
    rest, words = asked.text, facts.folded.words
    if in_role:
        rest, words = in_role, fold(in_role).words
    elif facts.undetailed:
        rest, words = facts.undetailed, facts.undetailed_words
    framed = may_be_framed(rest, words, language)
    if rest == asked.text and not framed:
        return rest
    # A courtesy of the operator's own question belongs to it.
    if config.knowledge.written(asked.text) is not None:
        return asked.text
    if config.glossed is not None and config.glossed.is_written(asked.text):
        return asked.text
    return without_frame(rest, words, language) if framed else rest


def in_plain_words(asked: Asked, facts: TurnFacts) -> str:
    """Returns a text with its harmless phrases in plain words; "" where it has none."""
    plain = asked.config.plain
    if plain is None or not asked.config.momentary or facts.unread:
        return ""
    return plain.said(asked.text, facts.folded.words)


def in_figures(asked: Asked, facts: TurnFacts) -> str:
    """Returns a message with its figures of speech in plain words; "" where it has none."""
    if facts.unread or facts.unusual or facts.said > LETTER_WORDS:
        return ""
    return asked.config.figures.plainly(facts.folded)


def as_meant(asked: Asked, facts: TurnFacts) -> Asked:
    """Returns the text without its typing errors, and its words and language.

    The encoder mends a text itself. What compares words and letters must read the same words.
    """
    if facts.instead:
        return Asked(facts.instead, asked.config)
    if not facts.mended or is_written(asked.text, asked.config):
        return asked._replace(told=(facts.folded.words, facts.language))
    words = fold(facts.mended).words
    return asked._replace(text=facts.mended, told=(words, facts.language))


def is_written(text: str, config: TriageConfig) -> bool:
    """Returns True for what the operator wrote, with the typing errors that stand there."""
    return config.knowledge is not None and config.knowledge.written(text) is not None


def gloss_asked(gloss: Gloss, config: TriageConfig) -> Asked:
    """Returns a gloss; one without unknown words may be what the operator wrote, which is known."""
    use = ReadingUse.IF_KNOWN if gloss.unknown else ReadingUse.ALL
    return Asked(gloss.text, config, use=use, gloss=True)
