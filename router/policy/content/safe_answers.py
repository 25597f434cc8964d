"""Reads approved safe answers, which replace an answer that must not be released.

It has the file's schema, its loading, and the choice of wording, which is pure. It knows nothing
about the reason of a missing verified answer. The gateway decides that and files the review item.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field, field_validator

from router.policy.content.knowledge import contains_any, in_one_line
from router.policy.content.languages.animals import AnimalSection
from router.policy.content.languages.english_words import EnglishWords, Term, Words
from router.policy.content.languages.named_things import FireSection, NamedThingSection
from router.policy.content.languages.overdoses import OverdoseSection
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import load_yaml
from router.policy.schema import Section
from router.types import Domain, Matter

_PLACE = "{review_id}"
MAX_FACTS = 8
HOLDING = (
    "A person checks the answer to this before it goes out. Your reference is {review_id}; the "
    "answer will be found under it, or somebody will tell you. Please do not rely on anything "
    "else said here until then."
)
"""Holds the text sent while a reviewer judges, for files without `holding` of the domain or in
general."""

NO_MODEL = (
    "I am sorry, I have no answer to this. Please ask in other words, or ask a person. I answer "
    "questions from approved texts, and I calculate (sums, percentages, dates, units)."
)
"""Holds the text sent where no model may answer, for files without `no_model`. Customers read it:
operators learn of the missing model from the reason, the log and the dashboard."""

NO_ANSWER = (
    "I am not sure that any approved answer here fits this request. Please ask in other words, or "
    "ask a person."
)
"""Holds the text sent in place of an approved answer of which level 1 is not sure enough, for files
without `no_answer`. One may be there all the same, so the text does not say that there is none."""

ENGLISH = "en"
_OF_HEALTH = "medical"

_LIFE_DOMAINS = (Domain.GENERAL, Domain.MEDICAL, Domain.ENGINEERING_SAFETY)
"""Lists domains whose emergency terms count in every domain. A missed one costs more than a false
alarm."""


class EmergencySection(Section):
    """Gives the terms that name an emergency, and the text to send then.

    Those of `only_here` count for requests of the own domain and of the general one: a seizure of
    goods is no illness, and a server that does not respond needs no ambulance.
    """

    terms: list[Term] = Field(min_length=1)
    only_here: list[Term] = Field(default_factory=list)
    text: str = Field(min_length=1, max_length=2000)

    def named(self, text: str, *, here: bool) -> bool:
        """Returns True where a term stands in the text; `here` lets those of `only_here` count."""
        return contains_any(text, (*self.terms, *self.only_here) if here else tuple(self.terms))


class SafeAnswerSection(Section):
    """Holds the wording for one domain."""

    default: str = Field(min_length=1, max_length=2000)
    holding: str | None = Field(default=None, min_length=1, max_length=2000)
    no_model: str | None = Field(default=None, min_length=1, max_length=2000)
    no_answer: str | None = Field(default=None, min_length=1, max_length=2000)
    emergency: EmergencySection | list[EmergencySection] | None = None
    facts_heading: str = "What we noted from your message"

    @property
    def emergencies(self) -> list[EmergencySection]:
        """Returns the emergencies of the domain, the first that fits first."""
        own = self.emergency
        return own if isinstance(own, list) else [] if own is None else [own]

    @field_validator("default", "holding")
    @classmethod
    def _names_the_review(cls, text: str | None) -> str | None:
        if text is not None and _PLACE not in text:
            raise ValueError(f"{_PLACE} in the text, so that the client can refer to the review")
        return text


class LanguageWords(Section):
    """Holds short texts in one language, by the matter that was found, else by the domain.

    `reference` follows each but `opening`, `no_model` and `refusal`. A text that is left out
    comes from the domain's section, in the language of that.
    """

    reference: Words
    serious: Words | None = None  # of a grave matter that no phrase names
    opening: Words | None = None  # above a model's answer where people may be in danger
    medical: Words | None = None
    medical_emergency: Words | None = None  # where a phrase names one
    overdose: OverdoseSection | None = None
    animal: AnimalSection | None = None  # above those of health or a poison
    bedside: NamedThingSection | None = None  # an emergency at a device, which a phrase names
    attack: NamedThingSection | None = None  # on computers, a fraud or danger that one names
    fire: FireSection | None = None  # a danger by things; in English an emergency has the words
    self_harm: Words | None = None
    poison: Words | None = None
    violence: Words | None = None
    engineering_safety: Words | None = None
    legal: Words | None = None
    fraud: Words | None = None
    finance: Words | None = None
    business_strategy: Words | None = None
    general: Words | None = None
    no_model: Words | None = None
    refusal: Words | None = None  # of a request that asks for harm

    @field_validator("reference")
    @classmethod
    def _names_the_review(cls, text: str) -> str:
        if _PLACE not in text:
            raise ValueError(f"{_PLACE} in the text, so that the client can refer to the review")
        return text

    def of(
        self, case: SafeCase, domain: Domain, own: str = "", *, overdosed: bool = False
    ) -> str | None:
        """Returns the text for a case's matter, else for the domain, else the general one.

        `own` is a more special text for its matter, "" for none. `overdosed`: what was said of it
        names an overdose.
        """
        matter = case.matter
        names = [domain.value, Domain.GENERAL.value]
        if matter is None and not case.fits:
            names = [Domain.GENERAL.value]
        elif matter is Matter.MEDICAL_EMERGENCY:
            names = [*([matter.value] if case.named else []), _OF_HEALTH, *names]
        elif matter is not None:
            names.insert(0, matter.value)
        if case.unclear and self.serious is not None:
            names = ["serious"]
        texts = (getattr(self, name, None) for name in names)
        text: str | None = own or next(filter(None, texts), None)
        if (
            case.unclear
            and case.maybe_fraud
            and self.serious is not None
            and self.fraud is not None
        ):
            text = f"{self.serious}\n\n{self.fraud}"
        if self.overdose is not None and overdosed:
            text = self.overdose.text
        text = self._of_thing(case) or text
        if text is None:
            return None
        of_health = matter in (Matter.POISON, Matter.MEDICAL_EMERGENCY)
        if of_health and self.animal is not None and self.animal.named(case.text):
            text = self.animal.beside(text, case.text, first=case.animals_first)
        blank = " " if text[-1].isascii() or self.reference[0].isascii() else ""
        return f"{text}{blank}{self.reference}"

    def _of_thing(self, case: SafeCase) -> str | None:
        """Returns the text for a thing that a case names, None without one.

        Only what a phrase names is an attack or a device that failed; a fire may be guessed.
        """
        thing = self._thing(case.matter)
        if thing is not None and case.named and thing.named(case.text):
            return thing.text
        fire = self.fire if case.matter is Matter.ENGINEERING_SAFETY else None
        return fire.text if fire is not None and fire.named(case.text) else None

    def _thing(self, matter: Matter | None) -> NamedThingSection | None:
        """Returns the words for a thing that may stand in a text about a matter."""
        if matter in (Matter.FRAUD, Matter.ENGINEERING_SAFETY):
            return self.attack
        return self.bedside if matter is Matter.MEDICAL_EMERGENCY else None


class SafeAnswers(Section):
    """Holds a whole file of safe answers. A domain without an entry uses `general`."""

    version: Literal[1]
    name: str
    reviewed: date | None = None
    general: SafeAnswerSection
    customer_support: SafeAnswerSection | None = None
    technology: SafeAnswerSection | None = None
    science_math: SafeAnswerSection | None = None
    finance: SafeAnswerSection | None = None
    legal: SafeAnswerSection | None = None
    medical: SafeAnswerSection | None = None
    engineering_safety: SafeAnswerSection | None = None
    business_strategy: SafeAnswerSection | None = None
    english: EnglishWords = Field(default_factory=EnglishWords)
    languages: dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], LanguageWords] = Field(
        default_factory=dict
    )

    def of(self, domain: Domain) -> SafeAnswerSection:
        """Returns the wording for `domain`."""
        by_domain = {
            Domain.CUSTOMER_SUPPORT: self.customer_support,
            Domain.TECHNOLOGY: self.technology,
            Domain.SCIENCE_MATH: self.science_math,
            Domain.FINANCE: self.finance,
            Domain.LEGAL: self.legal,
            Domain.MEDICAL: self.medical,
            Domain.ENGINEERING_SAFETY: self.engineering_safety,
            Domain.BUSINESS_STRATEGY: self.business_strategy,
        }
        return by_domain.get(domain) or self.general


def parse_safe_answers(file: str, text: str) -> SafeAnswers:
    """Returns the safe answers in `text`. Raises PolicyError with every mistake."""
    tree, lines = load_yaml(file, text)
    return validated(SafeAnswers, tree, lines)


def load_safe_answers(path: Path) -> SafeAnswers:
    """Returns the safe answers at `path`. Raises PolicyError, also for an unreadable file."""
    return parse_safe_answers(str(path), text_of(path))


class SafeCase(Struct, frozen=True):
    """Says for what a safe answer is asked."""

    domain: Domain
    text: str  # the user's
    review_id: str
    facts: tuple[str, ...] = ()
    now: bool = False  # somebody's life may be in danger by what triage found
    matter: Matter | None = None  # the gravest that was found
    named: bool = False  # a phrase or a term names the matter; else the reader guesses it
    unclear: bool = False  # a grave matter, but nothing sure says which
    maybe_fraud: bool = False  # the reader guesses it of what is unclear
    fits: bool = True  # the domain is sure enough for its own words, where no matter is found
    language: str = ""  # of the request; "" where nothing tells it
    before: str = ""  # the user's text before it
    told: tuple[Told, ...] = ()  # what other turns said of the same matter, newest first
    animals_first: bool = True  # no newer words are for people

    @property
    def told_now(self) -> Told:
        """Returns what the turn itself says of it."""
        return Told(self.text, self.before, self.language)


class Told(Struct, frozen=True):
    """Holds what one turn said of a matter."""

    text: str
    before: str = ""  # the user's text before it
    language: str = ""


def overdose_named(
    language: str, text: str, before: str, answers: SafeAnswers, *, poison: bool = False
) -> bool:
    """Returns True where a text about health says that too much of a medicine was taken, which
    stands there or in the text `before` it; of a poison a medicine says it."""
    words = answers.languages.get(language or ENGLISH) or answers.languages.get(ENGLISH)
    if words is None or words.overdose is None:
        return False
    return words.overdose.named(text, poison=poison, before=before)


def opening_text(language: str, answers: SafeAnswers) -> str:
    """Returns the words above a model's answer where people may be in danger, "" for none."""
    words = answers.languages.get(language or ENGLISH) or answers.languages.get(ENGLISH)
    return "" if words is None else words.opening or ""


def safe_answer(case: SafeCase, answers: SafeAnswers) -> str:
    """Returns the text sent instead of a failed answer.

    The words of the matter in the request's language come first. Without a matter it is the
    emergency wording where the text names an emergency: the domain's own terms come first, then
    those that protect life. `facts` follow as a list under the domain's heading, but never after an
    emergency or in another language: then only the call for help matters.
    """
    words = answers.languages.get(case.language or ENGLISH) or answers.languages.get(ENGLISH)
    domain = case.domain if case.matter is None else case.matter.domain
    wording = None
    if words is not None:
        special, overdosed = _in_english(case, answers), _overdosed(case, answers)
        wording = words.of(case, domain, special, overdosed=overdosed)
    # A domain's words by language need not say whom to call.
    if wording is None or (case.matter is None and not case.unclear):
        wording = _emergency_of(case, domain, answers) or wording
    if wording is not None:
        return wording.replace(_PLACE, case.review_id)
    section = answers.of(domain if case.matter or case.fits else Domain.GENERAL)
    default_text = section.default.replace(_PLACE, case.review_id)
    if all(fact.startswith(RISK_FACT) for fact in case.facts):
        return default_text  # a risk is a word of ours, and no amount, date or party was found
    listed = "\n".join(f"- {fact}" for fact in case.facts[:MAX_FACTS])
    return f"{default_text}\n\n{section.facts_heading}:\n{listed}"


def _emergency_of(case: SafeCase, domain: Domain, answers: SafeAnswers) -> str | None:
    """Returns the emergency text of the newest turn that names an emergency of the matter."""
    texts = (case.text, *[one.text for one in case.told])
    named = (emergency_wording(domain, text, answers) for text in texts)
    return next(filter(None, named), None) or emergency_wording(domain, "", answers, case.now)


def _overdosed(case: SafeCase, answers: SafeAnswers) -> bool:
    """Returns True where a turn tells of an overdose; see `OverdoseSection.named`."""
    poison = case.matter is Matter.POISON
    if not poison and case.matter is not Matter.MEDICAL_EMERGENCY and not case.unclear:
        return False
    return any(
        overdose_named(one.language, one.text, one.before, answers, poison=poison)
        for one in (case.told_now, *case.told)
    )


def _in_english(case: SafeCase, answers: SafeAnswers) -> str:
    """Returns a text for what only English words tell of an emergency of health, "" for none."""
    named = case.named and case.matter is Matter.MEDICAL_EMERGENCY
    if not named or case.language not in ("", ENGLISH):
        return ""
    return answers.english.of(case.text)


def holding_text(domain: Domain, review_id: str, answers: SafeAnswers | None = None) -> str:
    """Returns the text sent while a person judges the draft.

    It is the domain's `holding`, the general one or ours. It never replaces an emergency's wording;
    the caller asks for that first.
    """
    own_text = None if answers is None else answers.of(domain).holding or answers.general.holding
    return (own_text or HOLDING).replace(_PLACE, review_id)


def no_model_text(
    domain: Domain, language: str, answers: SafeAnswers, contact: str | None = None
) -> str:
    """Returns the text sent where no model of the installation may answer by itself.

    `contact` says whom to ask instead, as the operator wrote it.
    """
    own = answers.of(domain).no_model or answers.general.no_model or NO_MODEL
    return _in_language(own, language, answers, contact)


def no_answer_text(
    domain: Domain, language: str, answers: SafeAnswers, contact: str | None = None
) -> str:
    """Returns the text sent in place of an approved answer that is probably unrelated.

    `contact` says whom to ask instead, as the operator wrote it.
    """
    own = answers.of(domain).no_answer or answers.general.no_answer or NO_ANSWER
    return _in_language(own, language, answers, contact)


def _in_language(own: str, language: str, answers: SafeAnswers, contact: str | None) -> str:
    """Returns the language's words for want of an answer, else `own`, with the contact below."""
    words = answers.languages.get(language)
    text = own if words is None or words.no_model is None else words.no_model
    return text if contact is None else f"{text}\n{in_one_line(contact)}"


def refusal_text(language: str, answers: SafeAnswers) -> str | None:
    """Returns the refusal in another language than English, None for the policy's own words."""
    words = None if language == ENGLISH else answers.languages.get(language)
    return None if words is None else words.refusal


RISK_FACT = "risk: "
"""Begins a fact that names a list of terms, and quotes nothing of the request."""


def emergency_wording(
    domain: Domain, text: str, answers: SafeAnswers, now: bool = False
) -> str | None:
    """Returns the emergency text that `text` or `now` calls for, or None without an emergency."""
    # The domain's own terms come first, and no domain is read twice.
    for each in dict.fromkeys((domain, *_LIFE_DOMAINS)):
        here = domain in (each, Domain.GENERAL)
        for emergency in answers.of(each).emergencies:
            if emergency.named(text, here=here):
                return emergency.text
    medical = answers.of(Domain.MEDICAL).emergencies
    return medical[0].text if now and medical else None
