"""Reads approved safe answers, which replace an answer that must not be released.

It has the file's schema, its loading, and the choice of wording, which is pure. It knows nothing
about the reason of a missing verified answer. The gateway decides that and files the review item.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field, field_validator

from router.policy.content.knowledge import contains_any, in_one_line
from router.policy.content.languages.english_words import EnglishWords, Term, Words
from router.policy.content.languages.named_things import NamedThingSection
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
    "There is no approved answer here that fits this request well enough. Please ask in other "
    "words, or ask a person."
)
"""Holds the text sent in place of an approved answer that is probably about something else, for
files without `no_answer`."""

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


class OverdoseSection(Section):
    """Gives what tells an overdose from a question about a medicine, and the text to send then.

    `words` are medicines, and `taken` says that too much or the wrong one was taken; a `#` in it
    stands for two digits. Without `taken` a medicine alone says it.
    """

    words: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1)
    taken: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(default_factory=list)
    text: str = Field(min_length=1, max_length=2000)

    def named(self, text: str, *, poison: bool, before: str = "") -> bool:
        """Returns True where a text is about an overdose. `poison`: the matter found is a poison.

        A medicine is named, and in other emergencies also that it was taken: a word of `taken`, or
        two or three digits just before the medicine. An aching chest beside "my tablets" is no
        overdose. The medicine may stand in `before`, which was said before it: "I took 40" answers
        the question.
        """
        plain = f" {_plain(text)} "
        if not _any_begins(plain, self._own):
            told = self._counted is not None and self._counted.search(plain) is not None
            return told and _any_begins(f" {_plain(before)} ", self._own)
        if poison or not self.taken or _any_begins(plain, self._taken):
            return True
        counted = self._counted is not None and self._counted.search(plain) is not None
        return counted or self._count.search(plain) is not None

    @cached_property
    def _own(self) -> tuple[str, ...]:
        return tuple(map(_plain, self.words))

    @cached_property
    def _taken(self) -> tuple[str, ...]:
        return tuple(_plain(term) for term in self.taken if _MANY not in term)

    @cached_property
    def _count(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, self._own))
        between = rf"(?:(?:{_OF}) (?:\w+ ){{0,3}}|\w+ )?"
        return re.compile(rf"(?<!\w){_TABLETS} ?(?!{_MEASURES}){between}(?:{words})")

    @cached_property
    def _counted(self) -> re.Pattern[str] | None:
        """Finds the terms of `taken` with a `#`, which stands for two digits that count something
        taken."""
        terms = [
            _plain(term.replace(_MANY, _PLACE_OF_MANY)) for term in self.taken if _MANY in term
        ]
        if not terms:
            return None
        many = rf"{_NUMBER}(?! ?(?:{_MEASURES}|{_TIMES}))"
        forms = "|".join(re.escape(term).replace(_PLACE_OF_MANY, many) for term in terms)
        return re.compile(rf"(?: )(?:{forms})(?= )")


_NUMBER = r"(?:[1-9]\d|twelve|fifteen|twenty|thirty|forty|fifty|sixty)(?!\d)"
_TABLETS = rf"(?:[1-9]\d\d(?!\d)|{_NUMBER})"
"""Three digits count tablets just before a medicine; behind "took" they are mostly milligrams."""
_MANY, _PLACE_OF_MANY = "#", "zzmanyzz"
_OF = "of|von|der|de|di|del|da|van|z"
"""Words after which up to three more may stand before the medicine: "30 of my blue pills"."""
_TIMES = (
    r"(?:min\w*|hours?|hrs?|h|days?|weeks?|months?|years?|times|stunden?|tagen?|wochen?|monaten?|"
    r"jahren?|heures?|jours?|semaines?|mois|ans|horas?|dias?|semanas?|meses|anos|or[ae]|giorn[io]|"
    r"settiman[ae]|mesi|ann[io]|uur|dagen|weken|maanden|jaar|godzin\w*|dni|tygodni\w*|percent|"
    r"prozent|euros?|dollars?|pounds?)\b"
)
"""A time is no count of tablets either."""
_MEASURES = r"(?:mg|mcg|g|ml|kg)\b"
"""A dose is no count of tablets."""


def _any_begins(plain: str, words: tuple[str, ...]) -> bool:
    """Returns True where a word of a plain text begins with one of the words.

    Scripts without blanks have no beginnings of words, so that any place counts, as in Korean,
    where blanks are often left out.
    """
    return any(f" {word}" in plain or (word in plain and _unspaced(word)) for word in words)


def _plain(text: str) -> str:
    """Returns a text in small letters without accents, all but letters and digits made blanks."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in letters if not unicodedata.combining(letter))
    # Vowels of Hindi are marks.
    return "".join(
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "
        for letter in kept
    )


def _unspaced(word: str) -> bool:
    return word[0] >= _FIRST_UNSPACED or _FIRST_HANGUL <= word[0] <= _LAST_HANGUL


_FIRST_UNSPACED = "\u3040"
"""The first letter of the scripts that are written without blanks: kana and Chinese characters."""
_FIRST_HANGUL, _LAST_HANGUL = "\u1100", "\u11ff"
"""The letters of Korean syllables, which `_plain` takes apart."""


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
    bedside: NamedThingSection | None = None  # an emergency at a device, which a phrase names
    attack: NamedThingSection | None = None  # on computers, a fraud or danger that one names
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

    def of(self, case: SafeCase, domain: Domain, own: str = "") -> str | None:
        """Returns the text for a case's matter, else for the domain, else the general one.

        `own` is a more special text for its matter, "" for none.
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
        overdose = self.overdose
        poison = matter is Matter.POISON
        if (poison or matter is Matter.MEDICAL_EMERGENCY) and overdose is not None:
            named = overdose.named(case.text, poison=poison, before=case.before)
            text = overdose.text if named else text
        thing = self._thing(matter)
        if thing is not None and case.named and thing.named(case.text):
            text = thing.text
        if text is None:
            return None
        blank = " " if text[-1].isascii() or self.reference[0].isascii() else ""
        return f"{text}{blank}{self.reference}"

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
    fits: bool = True  # the domain is sure enough for its own words, where no matter is found
    language: str = ""  # of the request; "" where nothing tells it
    before: str = ""  # the user's text before it


def overdose_named(language: str, text: str, before: str, answers: SafeAnswers) -> bool:
    """Returns True where a text about health says that too much of a medicine was taken, which
    stands there or in the text `before` it."""
    words = answers.languages.get(language or ENGLISH) or answers.languages.get(ENGLISH)
    if words is None or words.overdose is None:
        return False
    return words.overdose.named(text, poison=False, before=before)


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
    wording = None if words is None else words.of(case, domain, _in_english(case, answers))
    # A domain's words by language need not say whom to call.
    if wording is None or (case.matter is None and not case.unclear):
        wording = emergency_wording(domain, case.text, answers, case.now) or wording
    if wording is not None:
        return wording.replace(_PLACE, case.review_id)
    section = answers.of(domain if case.matter or case.fits else Domain.GENERAL)
    default_text = section.default.replace(_PLACE, case.review_id)
    if all(fact.startswith(RISK_FACT) for fact in case.facts):
        return default_text  # a risk is a word of ours, and no amount, date or party was found
    listed = "\n".join(f"- {fact}" for fact in case.facts[:MAX_FACTS])
    return f"{default_text}\n\n{section.facts_heading}:\n{listed}"


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
