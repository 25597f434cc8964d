"""Reads the knowledge file of level 1: approved answers, slots and classification tasks.

It has the schema, the loading with all mistakes at once, and pure functions about a request: the
intents to match, the classification it asks for, and the text to classify. It knows nothing about
embeddings (triage matches), lookups (the resolver calls them) or policies.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ConfigDict, Field, model_validator

from router.errors import Mistake, PolicyError
from router.policy.content.key_mistakes import key_mistakes
from router.policy.content.keys import KEY_SEARCH_CHARACTERS, ApprovedWords, KeySection
from router.policy.content.languages.value_words import NO_WORDS, ValueWords
from router.policy.content.offer_words import OfferSection
from router.policy.content.outcomes import JudgedQuestion, load_outcomes, mistakes_beside
from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import validated
from router.policy.parsing.yaml_lines import KeyPath, LineMap, load_yaml
from router.policy.schema import Name, Section
from router.types import ChatRequest, Domain

SLOT = re.compile(r"\{([a-z][a-z0-9_]{0,63})\}")
SlotName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Utterance = Annotated[str, Field(min_length=1, max_length=400)]


class SlotSection(Section):
    """Names the source of a slot's value."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: Literal["context", "lookup"] = Field(
        alias="from",
        description="context: `routing.context` of the request. lookup: a row of a lookup.",
    )
    lookup: Name | None = Field(default=None, description="Lookup of the policy.")
    key: SlotName | None = Field(default=None, description="Key that finds the row.")
    field: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Field of the row that holds the value."
    )

    @model_validator(mode="after")
    def _complete(self) -> SlotSection:
        given = [v is not None for v in (self.lookup, self.key, self.field)]
        if self.from_ == "lookup" and not all(given):
            raise ValueError("a slot from a lookup needs lookup, key and field")
        if self.from_ == "context" and any(given):
            raise ValueError("a slot from the context takes no lookup, key or field")
        return self


class IntentSection(Section):
    """Holds a question that people ask, and its approved answer."""

    id: SlotName = Field(description="Name of the intent, which no other has.")
    domain: Domain = Field(description="Domain of the question.")
    title: ApprovedWords | None = Field(
        default=None,
        description="The question as level 1 offers it. Left out: the first utterance.",
    )
    offered: bool = Field(
        default=True,
        description="Level 1 may offer it where it is not sure. False for small talk.",
    )
    utterances: list[Utterance] = Field(
        min_length=1, description="Requests that the answer answers, as people write them."
    )
    answer: str = Field(
        min_length=1, max_length=4000, description="The approved answer. `{name}` is a slot."
    )
    slots: dict[SlotName, SlotSection] = Field(
        default_factory=dict, description="Where the value of each slot comes from."
    )
    source: str = Field(
        min_length=1, max_length=200, description="Where the answer comes from, such as a handbook."
    )
    grave: bool = Field(
        default=False,
        description="The answer was approved for grave or hostile requests too. Left out: such "
        "requests get no approved answer, whatever they match.",
    )

    @model_validator(mode="after")
    def _slots_and_answer_agree(self) -> IntentSection:
        used = set(SLOT.findall(self.answer))
        undeclared, unused = sorted(used - set(self.slots)), sorted(set(self.slots) - used)
        problems = [f"{{{n}}} in the answer to be listed under slots" for n in undeclared]
        problems += [f"slot {n} to be used in the answer" for n in unused]
        # A single brace would reach the client as part of the answer.
        if set("{}") & set(SLOT.sub("", self.answer)):
            problems.append("braces in the answer only around a slot's name")
        if problems:
            raise ValueError(" and ".join(problems))
        return self


class DepartmentSection(Section):
    """Describes one class of a task, with utterances that belong to it."""

    id: SlotName
    description: str = ""
    utterances: list[Utterance] = Field(min_length=1)


class PriorityRule(Section):
    """Holds when a term is found and the department is listed; an empty list always holds."""

    priority: str
    reason: str = Field(min_length=3)
    any_terms: list[Annotated[str, Field(min_length=2, max_length=80)]] = Field(
        default_factory=list
    )
    departments: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_not_empty(self) -> PriorityRule:
        if not self.any_terms and not self.departments:
            raise ValueError("a rule with any_terms or departments")
        return self


class PrioritiesSection(Section):
    """Lists the priorities of a task, and the rules that choose one."""

    levels: list[SlotName] = Field(min_length=1)
    default: str
    rules: list[PriorityRule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _levels_are_known(self) -> PrioritiesSection:
        used = [self.default, *(rule.priority for rule in self.rules)]
        unknown = sorted({p for p in used if p not in self.levels})
        if unknown:
            raise ValueError(f"every priority to be one of levels, not {', '.join(unknown)}")
        return self


class ClassificationSection(Section):
    """Describes a task whose answer is a class as JSON: department, priority, confidence."""

    asks: list[Utterance] = Field(min_length=1, description="Phrases that ask for this task.")
    fields: list[Literal["department", "priority", "confidence"]] = Field(min_length=1)
    departments: list[DepartmentSection] = Field(min_length=2)
    priorities: PrioritiesSection

    @model_validator(mode="after")
    def _departments_are_known(self) -> ClassificationSection:
        ids = [d.id for d in self.departments]
        problems = [f"department {i} once" for i in sorted({i for i in ids if ids.count(i) > 1})]
        named = {d for rule in self.priorities.rules for d in rule.departments}
        problems += [
            f"departments of a rule to exist, not {d}{nearest(d, ids)}" for d in named - set(ids)
        ]
        if problems:
            raise ValueError(" and ".join(sorted(problems)))
        return self


class KnowledgeFile(Section):
    """Holds a whole knowledge file."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    name: str = Field(min_length=1, max_length=100, description="Name of the file's content.")
    reviewed: date | None = Field(default=None, description="Day of the last review by a person.")
    intents: list[IntentSection] = Field(
        default_factory=list, description="Questions with an approved answer."
    )
    not_covered: list[Utterance] = Field(
        default_factory=list,
        description="Requests akin to the answers that none of them answers. What is nearer to "
        "these than to an intent matches nothing.",
    )
    judged: str | None = Field(
        default=None,
        description="A file of judged requests, relative to this one: a JSON object a line with "
        "text and intent (null: no answer is right). From 100 different ones on, the "
        "chances rest on them.",
    )
    contact: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="Whom to ask, and how: it follows the words that say that there is no answer, "
        "in every language.",
    )
    keys: dict[SlotName, KeySection] = Field(default_factory=dict)
    offer: OfferSection = Field(default_factory=OfferSection)
    classifications: dict[SlotName, ClassificationSection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_not_empty(self) -> KnowledgeFile:
        if not self.intents and not self.classifications:
            raise ValueError("intents or classifications: the file answers nothing")
        return self


class Knowledge(Struct, frozen=True):
    """Holds a loaded knowledge file. `digest` is the start of its SHA-256."""

    content: KnowledgeFile
    digest: str
    intents: Mapping[str, IntentSection]
    questions: Mapping[str, str] = {}  # the key that each text of level 1's own asks for
    outcomes: tuple[JudgedQuestion, ...] = ()
    translations: Mapping[str, Knowledge] = {}  # by language, of the intents translated
    values: ValueWords = NO_WORDS  # of rows of lookups, in the language of these words

    @property
    def label(self) -> str:
        """Returns the name for model names and headers: lower-case ASCII with dashes."""
        ascii_name = self.content.name.encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-") or "knowledge"


def parse_knowledge(
    file: str,
    text: str,
    allowed_lookups: Collection[str] | None = None,
) -> Knowledge:
    """Returns the knowledge in `text`. `allowed_lookups` are the policy's (None: unchecked).

    Raises PolicyError with every mistake of the file.
    """
    tree, lines = load_yaml(file, text)
    mistakes = list(_cross_mistakes(tree, lines, allowed_lookups))
    mistakes += key_mistakes(tree, lines)
    try:
        content = validated(KnowledgeFile, tree, lines)
    except PolicyError as error:
        mistakes += error.mistakes
        raise PolicyError(tuple(sorted(mistakes, key=lambda m: m.line))) from error
    if mistakes:
        raise PolicyError(tuple(mistakes))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    intents = {intent.id: intent for intent in content.intents}
    return Knowledge(content, digest, intents, questions_of(content))


def questions_of(content: KnowledgeFile) -> dict[str, str]:
    """Returns the key that each question asks for. After "not found" it may be typed again."""
    return {
        in_one_line(text): name
        for name, key in content.keys.items()
        for text in (key.ask, key.ask_again, key.not_found)
        if text is not None
    }


def in_one_line(text: str) -> str:
    """Returns a text with single blanks: clients may trim or wrap what they send back."""
    return " ".join(text.split())


def load_knowledge(path: Path, allowed_lookups: Collection[str] | None = None) -> Knowledge:
    """Returns the knowledge file at `path`. Raises PolicyError, also for an unreadable file."""
    try:
        knowledge = parse_knowledge(str(path), text_of(path), allowed_lookups)
    except PolicyError as error:
        raise PolicyError((*error.mistakes, *mistakes_beside(path))) from error
    if knowledge.content.judged is None:
        return knowledge
    judged = load_outcomes(path.parent / knowledge.content.judged, knowledge.intents)
    return replace(knowledge, outcomes=judged)


def _cross_mistakes(
    tree: object, lines: LineMap, allowed_lookups: Collection[str] | None
) -> Iterator[Mistake]:
    """Yields mistakes between intents. It reads plain values, so that others do not hide them."""
    ids: dict[object, int] = {}
    utterances: dict[str, object] = {}
    intents = tree.get("intents") if isinstance(tree, Mapping) else None
    for i, intent in enumerate(intents if isinstance(intents, list) else []):
        if not isinstance(intent, Mapping):
            continue
        name = intent.get("id")
        if isinstance(name, str) and name in ids:
            first = lines.line(("intents", ids[name], "id"))
            yield lines.mistake(("intents", i, "id"), name, f"an id of its own (see line {first})")
        elif isinstance(name, str):
            ids[name] = i
        listed = intent.get("utterances")
        asked: list[tuple[KeyPath, object]] = [
            (("intents", i, "utterances", j), utterance)
            for j, utterance in enumerate(listed if isinstance(listed, list) else [])
        ]
        if intent.get("title") is not None:
            asked.append((("intents", i, "title"), intent["title"]))
        for path, utterance in asked:
            plain = _plain(str(utterance))
            # Nothing could decide between two intents with the same utterance.
            if utterances.setdefault(plain, name) != name:
                expected = f"an utterance of one intent only; {utterances[plain]} has it too"
                yield lines.mistake(path, utterance, expected)
        slots = intent.get("slots")
        for slot, section in slots.items() if isinstance(slots, Mapping) else ():
            lookup = section.get("lookup") if isinstance(section, Mapping) else None
            if allowed_lookups is not None and lookup is not None and lookup not in allowed_lookups:
                allowed = ", ".join(sorted(allowed_lookups)) or "none are listed"
                hint = nearest(str(lookup), allowed_lookups)
                yield lines.mistake(
                    ("intents", i, "slots", str(slot), "lookup"),
                    lookup,
                    f"a lookup on the answerer's list ({allowed}){hint}",
                )
    if isinstance(tree, Mapping):
        yield from _marked_mistakes(tree, utterances, lines)


def _marked_mistakes(
    tree: Mapping[object, object], utterances: Mapping[str, object], lines: LineMap
) -> Iterator[Mistake]:
    """Yields texts that are marked as not covered although an intent lists them."""
    marked = tree.get("not_covered")
    for i, text in enumerate(marked if isinstance(marked, list) else []):
        intent = utterances.get(_plain(str(text)))
        if intent is not None:
            expected = f"a request that no intent answers; {intent} has it as an utterance"
            yield lines.mistake(("not_covered", i), text, expected)


def knowledge_intents(knowledge: Knowledge) -> list[tuple[str, tuple[str, ...]]]:
    """Returns all intents to match, with their utterances. Classes are named `<task>/<department>`.

    A title that is offered is an utterance too: who repeats it asks for its intent.

    Triage compares a request that `classification_task` names only with that task's classes, and
    every other request only with the approved answers (`in_scope`).
    """
    answers = [(intent.id, _asked_as(intent)) for intent in knowledge.content.intents]
    classes = [
        (f"{task}/{department.id}", tuple(department.utterances))
        for task, section in knowledge.content.classifications.items()
        for department in section.departments
    ]
    return answers + classes


def _asked_as(intent: IntentSection) -> tuple[str, ...]:
    known = {_plain(text) for text in intent.utterances}
    extra = () if intent.title is None or _plain(intent.title) in known else (intent.title,)
    return (*intent.utterances, *extra)


def in_scope(intent_id: str, task: str | None) -> bool:
    """Returns True when an intent may match a request for `task` (None: for an answer)."""
    return "/" not in intent_id if task is None else intent_id.startswith(f"{task}/")


def classification_task(request: ChatRequest, knowledge: Knowledge) -> str | None:
    """Returns the classification task that a request asks for, or None when it wants an answer.

    The sources in their order: `routing.context.task` or the tag `classify:<task>` names it; the
    last user message begins with one of the task's `asks`; a sentence of the system prompt begins
    with one.
    """
    read = request.tasks  # several rungs and their floors ask
    if knowledge.digest not in read:
        read[knowledge.digest] = _task_of(request, knowledge.content.classifications)
    return read[knowledge.digest]


def _task_of(request: ChatRequest, tasks: Mapping[str, ClassificationSection]) -> str | None:
    """Returns the first of these tasks that a request asks for."""
    if not tasks:
        return None
    named = (request.hints.context.get("task", ""), *request.hints.tags)
    for name in named:
        task = name.removeprefix("classify:")
        if task in tasks and (name != task or name == named[0]):
            return task
    for task, section in tasks.items():
        if _opening_ask(request.last_user_text, section) is not None:
            return task
    for message in request.messages:
        if message.role in ("system", "developer"):
            for task, section in tasks.items():
                sentences = re.split(r"[.!?:;\n]+", message.text[:KEY_SEARCH_CHARACTERS])
                if any(_opening_ask(s, section) is not None for s in sentences):
                    return task
    return None


def classified_text(request: ChatRequest, task: str, knowledge: Knowledge) -> str:
    """Returns the text to classify: the last user message without the words that ask for it."""
    text = request.last_user_text
    end = _opening_ask(text, knowledge.content.classifications[task])
    rest = text if end is None else text[end:].lstrip(" \t\r\n:;,.?!-")
    return rest or text


def priority_of(text: str, department: str, section: PrioritiesSection) -> tuple[str, str]:
    """Returns a ticket's priority and the reason: of the first rule that holds, or the default."""
    for rule in section.rules:
        if rule.departments and department not in rule.departments:
            continue
        if not rule.any_terms or contains_any(text, tuple(rule.any_terms)):
            return rule.priority, rule.reason
    return section.default, "no rule fits"


def contains_any(text: str, terms: tuple[str, ...]) -> bool:
    """Returns True when the text contains one of the terms as whole words, in any case.

    >>> contains_any("It CAUGHT  fire", ("caught fire",)), contains_any("on fireside", ("fire",))
    (True, False)
    """
    words = f" {_words(text)} "
    return any(f" {_words(term)} " in words for term in terms)


def _words(text: str) -> str:
    """Returns lower-case words with single blanks.

    An apostrophe of any form is part of its word.
    """
    plain = text.casefold().replace("\u2019", "'").replace("\u02bc", "'")
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?!. ")


def _opening_ask(text: str, section: ClassificationSection) -> int | None:
    """Returns the end of the ask at the beginning of `text`, or None without one."""
    match = _asks_pattern(tuple(section.asks)).match(text)
    return None if match is None else match.end()


@functools.lru_cache(maxsize=64)
def _asks_pattern(asks: tuple[str, ...]) -> re.Pattern[str]:
    any_ask = "|".join(r"\s+".join(map(re.escape, ask.split())) for ask in asks)
    return re.compile(rf"\s*(?:please\s+)?(?:{any_ask})(?!\w)", re.IGNORECASE)
