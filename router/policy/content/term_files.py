"""Reads the files of phrases by language (grave, strategic, orders): `terms/de.yaml` and its like.

    version: 1
    language: de
    groups: {child: [mein sohn, das baby], swallowed: [verschluckt, getrunken]}
    phrases:
      poison: ["@child + @swallowed + bleiche"]
    strategy: [unsere firma + verkaufen]
    idioms: [zum totlachen]
    actions: {polite: [bitte], phrases: [lösche + alle daten]}

A phrase is one part, or several with ` + ` between that stand near each other in any order. A part
is words in a row, or `@group` for any of a group; `#` in it is any number. After ` - ` stands what
else must not be said: a group of words that make another thing of it. The first part of a phrase of
`actions` is the verb of an order. A line of a group may name other groups (`term_groups`). It knows
nothing about how they are searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field, model_validator

from router.errors import Mistake, PolicyError
from router.policy.content.languages.term_groups import (
    GROUP,
    group_mistakes,
    groups_in_groups,
    written_out,
)
from router.policy.parsing.yaml_folders import Stamp, files_of, stamps_of
from router.policy.parsing.yaml_lines import KeyPath, key_path_text
from router.policy.sections.base import Section
from router.types import Matter

Term = Annotated[str, Field(min_length=1, max_length=80)]
Phrase = Annotated[str, Field(min_length=2, max_length=160)]
_AND = " + "
_UNLESS = " - "
_STEM = "*"
SHORTEST_STEM = 5
STRATEGY = "strategy"
"""Names the list of phrases of a decision about a whole company."""
ACTIONS = "actions"
"""Names the list of orders that cannot be taken back, or reach far."""
HARM = "harm"
"""Names the list of plain requests for harm in languages that the encoder does not read."""
IDIOMS = "idioms"
"""Names the list of sayings in which no phrase and no term is found."""
LANGUAGE_MARK = ":"
"""Stands between list and language in reports, as in `self_harm:de`; no list of a policy has it."""


class ActionsFile(Section):
    """Holds orders of one language that cannot be taken back, or reach far."""

    polite: list[Term] = Field(default_factory=list)
    """Words before the verb of an order, such as `now` and `can you`."""
    begs: list[Term] = Field(default_factory=list)
    """Words such as `please`, behind which an order begins in the midst of a sentence, too."""
    permits: list[Term] = Field(default_factory=list)
    """Words such as `you may` before a verb. A question with them orders nothing."""
    asks: list[Term] = Field(default_factory=list)
    """First words of sentences that order nothing: they ask, or want a text."""
    rules: list[Term] = Field(default_factory=list)
    """Words of a sentence whose `must be` tells a rule, such as `by law` and `automatically`."""
    conditions: list[Term] = Field(default_factory=list)
    """First words of clauses in front of an order, such as `if` and `when`. A comma ends one."""
    condition_ends: list[Term] = Field(default_factory=list)
    """Words that end such a clause without a comma, as in `if all is fine delete it`."""
    may_be_yes: list[Term] = Field(default_factory=list)
    """Conditions that mean `yes` before an order that nothing follows, as the Spanish `si`."""
    joins: list[Term] = Field(default_factory=list)
    """Words between two orders of a sentence."""
    verb_last: bool = False
    """An order may end with its verb, as in `alle Daten löschen`."""
    musts: list[Term] = Field(default_factory=list)
    """Words between an object and what is to be done with it, such as `must be`."""
    wishes: list[Term] = Field(default_factory=list)
    """Words before an object and what is to be done with it, such as `i want`."""
    apart: list[Term] = Field(default_factory=list)
    """Words between an object and what is done that part them, as in `all records I deleted`."""
    inside: list[Term] = Field(default_factory=list)
    """Words that may stand inside of an object, such as `our` in `all our records`."""
    names: list[Term] = Field(default_factory=list)
    """Words right behind an order of an object of `done` that make a name of it: `appears`."""
    done: list[Phrase] = Field(default_factory=list)
    """Phrases of what is to be done, its participle first: `deleted + all records`."""
    undone: list[Phrase] = Field(default_factory=list)
    """Phrases of somebody who has given such an order by mistake, and wants it taken back."""
    phrases: list[Phrase] = Field(min_length=1)


def _of_actions(own: ActionsFile | None) -> list[str]:
    return [] if own is None else [*own.phrases, *own.done]


class TermFile(Section):
    """Holds the file of one language."""

    version: Literal[1]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    unspaced: bool = False
    """The language has no spaces between words, so phrases are found inside a run of characters."""
    groups: dict[str, list[Term]] = Field(default_factory=dict)
    """Terms by name; `@name` in one stands for each term of another group: `@grips his chest`."""
    not_meant: list[Term] = Field(default_factory=list)
    """Words one letter away from a word of a phrase that mean something else."""
    harmless: dict[Phrase, Term] = Field(default_factory=dict)
    """Phrases that sound like harm and mean none, with plain words for what they mean."""
    idioms: list[Phrase] = Field(default_factory=list)
    """Sayings whose words name a danger and mean none: their parts stand in this order, in one
    clause. After ` - ` stands what makes another thing of a saying, before it in its clause."""
    across: list[Phrase] = Field(default_factory=list)
    """Sayings of which a mark may stand between two parts: "so funny, I can't breathe"."""
    between: list[Term] = Field(default_factory=list)
    """Words of which four may stand between two parts of a saying, such as `just`."""
    behind: list[Term] = Field(default_factory=list)
    """Words which directly behind a saying make another thing of it: "at poker night"."""
    figures: dict[Phrase, Term] = Field(default_factory=dict)
    """Figures of speech of which the first part stays, with plain words for the others: what
    "kills" a tooth's owner only hurts. The reader of grave matters reads both."""
    phrases: dict[Matter, list[Phrase]]
    strategy: list[Phrase] = Field(default_factory=list)
    """Phrases of a decision about a whole company."""
    harm: list[Phrase] = Field(default_factory=list)
    """Phrases of a plain request for harm: the head `harm` is then sure of the text."""
    actions: ActionsFile | None = None

    @cached_property
    def terms(self) -> dict[str, tuple[str, ...]]:
        """Returns the terms of each group, with those of the groups that its lines name."""
        return written_out(self.groups)

    def by_list(self) -> dict[str, list[str]]:
        """Returns all phrases by the name of their list, without those that order something."""
        by_matter = {matter.value: phrases for matter, phrases in self.phrases.items()}
        undone = [] if self.actions is None else self.actions.undone
        return {**by_matter, STRATEGY: self.strategy, ACTIONS: undone, HARM: self.harm}

    def _all(self) -> dict[str, list[str]]:
        said = self.by_list()
        orders = [*said[ACTIONS], *_of_actions(self.actions)]
        return {**said, ACTIONS: orders, IDIOMS: self._sayings}

    @property
    def _sayings(self) -> list[str]:
        return [*self.idioms, *self.across, *self.figures]

    @model_validator(mode="after")
    def _phrases_can_be_found(self) -> TermFile:
        in_groups = [*group_mistakes(self.groups)]
        mistakes = [*in_groups, *self._unknown_groups(), *self._several_unless()]
        if not in_groups:  # then the groups can be written out
            mistakes += [*self._short_stems(), *self._stems_of_verbs(), *self._stems_of_sayings()]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _short_stems(self) -> Iterator[str]:
        texts = [text for phrases in self._all().values() for text in phrases]
        for text in (*texts, *(term for group in self.terms.values() for term in group)):
            if _STEM not in text:  # most of thousands
                continue
            if any(len(word) <= SHORTEST_STEM for word in text.split() if word.endswith(_STEM)):
                yield f"{SHORTEST_STEM} letters or more before the `*` of {text!r}"

    def _several_unless(self) -> Iterator[str]:
        for name, phrases in self._all().items():
            for phrase in phrases:
                if _UNLESS in phrase and len(_all_parts(phrase.partition(_UNLESS)[2])) > 1:
                    yield f"one group or phrase behind ` - ` in {phrase!r} of {name}"

    def _unknown_groups(self) -> Iterator[str]:
        for name, phrases in self._all().items():
            for phrase in phrases:
                for part in _all_parts(phrase):
                    if part.startswith(GROUP) and part[1:] not in self.groups:
                        yield f"a group of `groups` in {phrase!r} of {name}"

    def doubtful(self) -> Iterator[tuple[KeyPath, str]]:
        """Yields where a phrase or a group is not needed, or stands in two lists, and why.

        Such lines are no mistakes: it is plain what is searched for, and files that an earlier
        version shipped have some.
        """
        phrases = [phrase for listed in self._all().values() for phrase in listed]
        used = {part for phrase in phrases if GROUP in phrase for part in _all_parts(phrase)}
        used.update(f"{GROUP}{name}" for name in chain(*groups_in_groups(self.groups).values()))
        for name in self.groups:
            if f"{GROUP}{name}" not in used:
                yield ("groups", name), f"no phrase has {GROUP}{name}"
        for place, phrase, name, before in self._repeated():
            both = (
                "" if name == before else f"; what it finds is a matter of {before} and of {name}"
            )
            yield place, f"{phrase!r} stands in {before} before{both}"
        first: dict[tuple[str, str], str] = {}
        for kind, path, listed in self._in_order():
            for i, phrase in enumerate(listed):
                if (kind, phrase) in first:
                    yield (*path, i), f"{phrase!r} stands in {first[kind, phrase]} before"
                first.setdefault((kind, phrase), ".".join(path))

    def _in_order(self) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
        """Yields the lists whose phrases have an order of their parts: kind, place, phrases."""
        yield IDIOMS, ("idioms",), self.idioms
        yield IDIOMS, ("across",), self.across
        yield IDIOMS, ("figures",), [*self.figures]
        if self.actions is not None:
            yield "phrases", (ACTIONS, "phrases"), self.actions.phrases
            yield "done", (ACTIONS, "done"), self.actions.done

    def _repeated(self) -> Iterator[tuple[KeyPath, str, str, str]]:
        """Yields the phrases that stood before: place, phrase, its list, the list of the first.

        The order of their parts does not count. Parts of a saying have their order, and the first
        part of an order is its verb.
        """
        first: dict[str, str] = {}
        for name, phrases in self.by_list().items():
            path: KeyPath = {
                STRATEGY: (STRATEGY,),
                ACTIONS: (ACTIONS, "undone"),
                HARM: (HARM,),
            }.get(name, ("phrases", name))
            for i, phrase in enumerate(phrases):
                same = phrase
                if _AND in phrase:
                    said, _, unless = phrase.partition(_UNLESS)
                    same = _UNLESS.join((_AND.join(sorted(said.split(_AND))), unless))
                if same in first:
                    yield (*path, i), phrase, name, first[same]
                first.setdefault(same, name)

    def _stems_of_sayings(self) -> Iterator[str]:
        """Yields the sayings with a `*`: their words are found as they are."""
        for phrase in self._sayings:
            groups = [self.terms.get(part[1:], ()) for part in _all_parts(phrase)]
            if _STEM in phrase or any(_STEM in term for group in groups for term in group):
                yield f"whole words, without `*`, in {phrase!r} of {IDIOMS}"

    def _stems_of_verbs(self) -> Iterator[str]:
        """Yields the verbs of orders that end in `*`: "deleted all records" orders nothing."""
        for phrase in _of_actions(self.actions):
            verb = phrase.split(_AND)[0]
            own = self.terms.get(verb[1:], ()) if verb.startswith(GROUP) else (verb,)
            for term in own:
                if _STEM in term:
                    yield f"the forms that order, without `*`, for {term!r} of {ACTIONS}: verbs"


class LanguageSaying(Struct, frozen=True):
    """Holds a saying of one language, and the words allowed between its parts."""

    parts: tuple[tuple[str, ...], ...]
    between: tuple[str, ...]
    unless: tuple[str, ...] = ()  # before it in its clause these make another thing of it
    across: bool = False  # a mark may stand between its parts
    behind: tuple[str, ...] = ()  # directly behind it these make another thing of it
    plain: str = ""  # stands in place of all parts but the first, which stays


class LanguagePhrase(Struct, frozen=True):
    """Holds one phrase: its list, the language that it shows, and its parts' alternatives."""

    list_name: str  # the matter, or STRATEGY
    language: str
    parts: tuple[tuple[str, ...], ...]
    unspaced: bool
    unless: tuple[str, ...] = ()  # words that make another thing of it, wherever they stand

    @property
    def name(self) -> str:
        """Returns the name in signals and reports, such as `self_harm:de`."""
        return f"{self.list_name}{LANGUAGE_MARK}{self.language}"


class LanguageActions(Struct, frozen=True):
    """Holds the orders of one language: the alternatives of each part, the verb's first."""

    language: str
    polite: tuple[str, ...]
    asks: tuple[str, ...]
    joins: tuple[str, ...]
    verb_last: bool
    phrases: tuple[tuple[tuple[str, ...], ...], ...]
    conditions: tuple[str, ...] = ()
    condition_ends: tuple[str, ...] = ()
    may_be_yes: tuple[str, ...] = ()
    begs: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    musts: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    done: tuple[tuple[tuple[str, ...], ...], ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Returns the name in signals and reports, such as `actions:de`."""
        return f"{ACTIONS}{LANGUAGE_MARK}{self.language}"


class LanguageTerms(Struct, frozen=True, cache_hash=True):
    """Holds all phrases of a folder, and the words that are not meant by them."""

    phrases: tuple[LanguagePhrase, ...] = ()
    not_meant: tuple[str, ...] = ()
    harmless: tuple[tuple[str, str], ...] = ()  # phrases and their plain words
    actions: tuple[LanguageActions, ...] = ()
    sayings: tuple[LanguageSaying, ...] = ()
    figures: tuple[LanguageSaying, ...] = ()


NO_TERMS = LanguageTerms()


class DoubtfulTerm(Struct, frozen=True):
    """Tells of a line of a file that is not needed, or that finds two matters."""

    file: Path
    line: int
    key_path: str
    why: str


def load_language_terms(folder: Path) -> LanguageTerms:
    """Returns the phrases of all files of a folder. Raises PolicyError with every mistake."""
    return _loaded(stamps_of(folder))[0]


def doubtful_terms(folder: Path) -> tuple[DoubtfulTerm, ...]:
    """Returns the lines of a folder's files that its author may not have meant.

    Raises PolicyError with every mistake.
    """
    return _loaded(stamps_of(folder))[1]


@lru_cache(maxsize=4)
def _loaded(files: tuple[Stamp, ...]) -> tuple[LanguageTerms, tuple[DoubtfulTerm, ...]]:
    """Reads files once; a file that changed has another stamp."""
    phrases: list[LanguagePhrase] = []
    not_meant: list[str] = []
    harmless: list[tuple[str, str]] = []
    actions: list[LanguageActions] = []
    sayings: list[LanguageSaying] = []
    figures: list[LanguageSaying] = []
    doubtful: list[DoubtfulTerm] = []
    mistakes: list[Mistake] = []
    for file, _, lines in files_of(TermFile, [path for path, _, _ in files], mistakes):
        phrases += _phrases(file)
        not_meant += file.not_meant
        harmless += file.harmless.items()
        actions += _actions(file)
        sayings += _sayings(file)
        figures += _figures(file)
        for place, why in file.doubtful():
            name = Path(lines.file)
            doubtful.append(DoubtfulTerm(name, lines.line(place), key_path_text(place), why))
    if mistakes:
        raise PolicyError(tuple(mistakes))
    terms = LanguageTerms(
        tuple(phrases),
        tuple(not_meant),
        tuple(harmless),
        tuple(actions),
        tuple(sayings),
        tuple(figures),
    )
    return terms, tuple(doubtful)


def _phrases(file: TermFile) -> Iterator[LanguagePhrase]:
    for name, phrases in file.by_list().items():
        for phrase in phrases:
            parts, unless = _with_unless(file, phrase)
            yield LanguagePhrase(name, file.language, parts, file.unspaced, unless)


def _sayings(file: TermFile) -> Iterator[LanguageSaying]:
    between, behind = tuple(file.between), tuple(file.behind)
    for across, phrases in ((False, file.idioms), (True, file.across)):
        for phrase in phrases:
            parts, unless = _with_unless(file, phrase)
            yield LanguageSaying(parts, between, unless, across, behind)


def _figures(file: TermFile) -> Iterator[LanguageSaying]:
    between = tuple(file.between)
    for phrase, plain in file.figures.items():
        parts, unless = _with_unless(file, phrase)
        yield LanguageSaying(parts, between, unless, plain=plain)


def _all_parts(phrase: str) -> list[str]:
    """Returns the parts of a phrase and what makes another thing of it."""
    return phrase.replace(_UNLESS, _AND).split(_AND)


def _with_unless(
    file: TermFile, phrase: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Returns the parts of a phrase, and the words that make another thing of it."""
    said, _, unless = phrase.partition(_UNLESS)
    return _parts(file, said), _parts(file, unless)[0] if unless else ()


def _parts(file: TermFile, phrase: str) -> tuple[tuple[str, ...], ...]:
    terms = file.terms
    parts = phrase.split(_AND)
    return tuple([terms[part[1:]] if part.startswith(GROUP) else (part,) for part in parts])


def _actions(file: TermFile) -> Iterator[LanguageActions]:
    own = file.actions
    if own is None:
        return
    lists: dict[str, tuple[str, ...]] = {
        name: tuple(terms)
        for name, terms in own
        if name not in ("verb_last", "phrases", "done", "undone")
    }
    yield LanguageActions(
        language=file.language,
        verb_last=own.verb_last,
        phrases=tuple(_parts(file, phrase) for phrase in own.phrases),
        done=tuple(_parts(file, phrase) for phrase in own.done),
        **lists,
    )


def list_of(name: str) -> str:
    """Returns the list that a reported name belongs to: `self_harm` of `self_harm:de`."""
    return name.partition(LANGUAGE_MARK)[0]
