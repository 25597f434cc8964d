"""Warns of valid but unwise settings, for `tiergate check`. Pure; knows no files or models."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from router.policy.head_conditions import lists_asked
from router.policy.parsing.raw_policy import sections
from router.policy.schema import (
    Alias,
    AnswererSection,
    DeliberationAnswerer,
    DocumentsAnswerer,
    ExactAnswerer,
    ExtractorAnswerer,
    LocalAnswerer,
    PassagesAnswerer,
    Policy,
    ResolverAnswerer,
    UpstreamAnswerer,
    is_glob,
)
from router.policy.sections.answering.endpoints import EndpointSection
from router.policy.sections.answering.remote import RemoteAnswerer
from router.policy.sections.base import beside_bound
from router.types import DANGERS, DecisionMode, Domain, Exhausted

QUOTING = (ResolverAnswerer, PassagesAnswerer, DocumentsAnswerer)
"""Lists answerers that only repeat what people wrote."""

WITHOUT_ABILITY = (
    ResolverAnswerer,
    ExactAnswerer,
    ExtractorAnswerer,
    PassagesAnswerer,
    DeliberationAnswerer,
)
"""Lists answerers whose chance comes from elsewhere: a match, a tool, inner calls."""

MEASURED_MODELS = frozenset({"smollm2-135m"})  # their abilities ship with Tiergate

LEAST_UTTERANCES = 6
"""As many as an answer of the files had on which reading messages was measured: it answered 70 of
209 in other words (decision 183). Nobody measured fewer."""
FEW_NAMED = 5


class WarningKind(StrEnum):
    """Names the kinds of warnings; users see these words."""

    NOTHING_AT_LEVEL_1 = "nothing_at_level_1"
    APPROVED_ANSWERS_ONLY = "approved_answers_only"
    PRIOR_ONLY = "prior_only"
    REFUSES_UNTIL_MEASURED = "refuses_until_measured"
    UNKNOWN_PRICE = "unknown_price"
    CACHE_PRICE_MISSING = "cache_price_missing"
    OUTPUT_CAP_SMALL = "output_cap_small"
    ADDRESS_WITHOUT_PATH = "address_without_path"
    CERTIFICATES_MISSING = "certificates_missing"
    ALIAS_NEVER_USED = "alias_never_used"
    ALIAS_HIDES_MODEL = "alias_hides_model"
    FLOOR_OUT_OF_REACH = "floor_out_of_reach"
    FLOOR_ABOVE_CAP = "floor_above_cap"
    CHANCE_NEVER_SAID = "chance_never_said"
    TERMS_NEVER_USED = "terms_never_used"
    DOUBTFUL_TERM = "doubtful_term"
    KEY_NEVER_READ = "key_never_read"
    FEW_UTTERANCES = "few_utterances"
    NO_SMALL_TALK = "no_small_talk"
    JUDGED_TWICE = "judged_twice"
    JUDGED_ONE_SIDED = "judged_one_sided"
    JUDGED_OTHERWISE = "judged_otherwise"
    LANGUAGE_WITHOUT_GLOSSARY = "language_without_glossary"
    UTTERANCES_NOT_ENGLISH = "utterances_not_english"
    NO_EXAMPLES = "no_examples"
    NOT_INSTALLED = "not_installed"
    RECEIVER_UNREACHABLE = "receiver_unreachable"
    BUDGET_ADMITS_NO_CALL = "budget_admits_no_call"
    BUDGET_NEEDS_MAX_TOKENS = "budget_needs_max_tokens"
    BUDGET_NEEDS_PRICE = "budget_needs_price"


class PolicyWarning(Struct, frozen=True):
    """Warns of a valid setting that the operator may not have intended."""

    kind: WarningKind
    key_path: str
    message: str

    def __str__(self) -> str:
        return f"{self.key_path}: {self.message} [{self.kind.value}]"


def cap_warnings(policy: Policy, highest: float | None) -> list[PolicyWarning]:
    """Warns of a confidence floor above the `highest` chance that a match can show.

    `highest` is None where nothing is matched.
    """
    section = policy.decision
    if highest is None or section.mode is DecisionMode.EXPECTED_LOSS:
        return []
    floors = {"decision.confidence_floor": section.confidence_floor}
    if section.mode is DecisionMode.CERTIFIED:
        floors = {f"decision.certificates.{d}": c for d, c in section.certificates.items()}
    return [
        PolicyWarning(
            WarningKind.FLOOR_ABOVE_CAP,
            path,
            f"{floor:g} is above {beside_bound(highest, floor)[0]}, the highest chance shown for "
            "this knowledge file: level 1 answers only what stands in it word for word. Lower the "
            "floor, or give the file judged requests of its own (`judged`)",
        )
        for path, floor in floors.items()
        if floor > highest
    ]


def utterance_warnings(file: str, tree: object) -> list[PolicyWarning]:
    """Warns of answers of a knowledge file, read as `tree`, that have few utterances."""
    few = [
        str(intent.get("id"))
        for _, intent in sections(tree, "intents")
        if isinstance(listed := intent.get("utterances"), list) and len(listed) < LEAST_UTTERANCES
    ]
    if not few:
        return []
    more = f" and {len(few) - FEW_NAMED} more" if len(few) > FEW_NAMED else ""
    return [
        PolicyWarning(
            WarningKind.FEW_UTTERANCES,
            f"{file}: intents",
            f"{', '.join(few[:FEW_NAMED])}{more}: with fewer than {LEAST_UTTERANCES} utterances "
            "few requests in other words are found; write twenty for each answer",
        )
    ]


def language_warning(place: str, language: str, glossaries: Collection[str]) -> PolicyWarning:
    """Warns of a file of answers, at `place`, in a `language` that none of the glossaries has."""
    return PolicyWarning(
        WarningKind.LANGUAGE_WITHOUT_GLOSSARY,
        place,
        f"{language} has no glossary, so nothing of this file is ever found; expected one of "
        f"{', '.join(sorted(glossaries)) or 'none'}, or a glossary in `triage.glossaries`",
    )


def warnings(policy: Policy, priced: Collection[str] = ()) -> list[PolicyWarning]:
    """Returns all warnings. `priced` names answerers whose price is in the price book."""
    return [
        *_level_1(policy),
        *_abilities(policy),
        *_refusals(policy),
        *_prices(policy, priced),
        *_addresses(policy),
        *_certificates(policy),
        *_aliases(policy),
        *_rules(policy),
        *_examples(policy),
    ]


def notes(policy: Policy) -> list[str]:
    """Returns consequences of the policy that are easily overlooked, but may be intended."""
    notes_of = [f"endpoints: {_endpoint(section)}" for section in policy.endpoints]
    notes_of += _factless(policy)
    top, start = max(tier.level for tier in policy.tiers), policy.decision.level_3_from_usd
    at_2 = [answerer for tier, answerer in policy.rungs() if tier.level == 2]
    if top > 2 and at_2 and all([isinstance(a, (*QUOTING, ExactAnswerer)) for a in at_2]):
        notes_of.append("tiers: level 2 has no model: what it cannot quote costs a call of level 3")
    if top == 2:
        notes_of.append(
            f"tiers: the highest level is 2, so it answers what would go to level 3: amounts from "
            f"${start:,.0f}, strategy, grave matters and high risk"
        )
    if top > min(tier.level for tier in policy.tiers):
        notes_of += _dangers(policy, top)
    if places := unkept_matters(policy):
        notes_of.append(
            f"privacy.waiting: {', '.join(places)} may wait for a person (exhausted), and with "
            "`none` nobody can read what was asked, though the customer is told that a person "
            "looks at it. `redacted` or `full` keeps the text until the matter is decided"
        )
    return notes_of


def _dangers(policy: Policy, top: int) -> Iterator[str]:
    """Notes dangers to people for whose phrases no rule looks."""
    missing = [danger.value for danger in DANGERS if danger.value not in lists_asked(policy)]
    if missing:
        yield (
            "hard_rules: no rule looks for the phrases of some dangers to people, and the models "
            "that read requests miss some calls for help. Where the public may write, add "
            f"{{name: dangers, terms: [{', '.join(missing)}], floor: {top}}}"
        )


def _factless(policy: Policy) -> Iterator[str]:
    """Notes models that answer what approved answers miss, and are shown none of them."""
    bare = [
        answerer.name
        for tier, answerer in policy.rungs()
        if tier.level < 3
        and isinstance(answerer, UpstreamAnswerer)
        and "context" not in answerer.steps
    ]
    if bare and any(isinstance(a, ResolverAnswerer) for _, a in policy.rungs()):
        yield (
            f"tiers: {', '.join(bare)} may answer what no approved answer fits, and knows none of "
            "them: `steps: [context, solve]` shows it the nearest ones"
        )


def unkept_matters(policy: Policy) -> list[str]:
    """Returns where matters wait for a person though nothing keeps what was asked; [] for none."""
    return matters_for_people(policy) if policy.privacy.for_reviewers == "none" else []


def matters_for_people(policy: Policy) -> list[str]:
    """Returns the domains whose matters wait for a person; [] for none."""
    rules = policy.exhausted
    places = [domain.value for domain, rule in rules.by_domain.items() if rule.by_person]
    if rules.default.by_person:
        return ["every domain without a rule of its own", *places]
    return places


def _endpoint(section: EndpointSection) -> str:
    """Returns an endpoint in a line: its path, what it gives, and what only a tier writes."""
    read = [name for name in section.fields if name not in section.write]
    written = f"; a tier writes {', '.join(section.write)}" if section.write else ""
    return f"POST /api/v1/{section.path}/analyze reads {', '.join(read) or 'nothing'}{written}"


def _level_1(policy: Policy) -> Iterator[PolicyWarning]:
    answerers = [a for tier, a in policy.rungs() if tier.level == 1]
    # A deliberation answers nothing without another answerer.
    if not any(not isinstance(a, DeliberationAnswerer) for a in answerers):
        yield PolicyWarning(
            WarningKind.NOTHING_AT_LEVEL_1,
            "tiers",
            "level 1 has neither a knowledge file nor a small model, so nothing can be answered "
            "there and every request pays for a higher level; add a resolver or a small model",
        )
    elif all(isinstance(a, QUOTING) for a in answerers):
        yield PolicyWarning(
            WarningKind.APPROVED_ANSWERS_ONLY,
            "tiers",
            "level 1 has approved answers and no small model: what they don't cover goes to a "
            "higher level. Leave it so where only your facts may answer: a small model knows none",
        )


def _abilities(policy: Policy) -> Iterator[PolicyWarning]:
    names = [answerer.name for _, answerer in policy.rungs() if _ability_is_prior(answerer)]
    if names:
        yield PolicyWarning(
            WarningKind.PRIOR_ONLY,
            "tiers",
            f"the ability of {', '.join(names)} is a prior by level, so in `guarded` the fixed "
            f"triggers decide and expected losses only lead higher where a mistake is dear; give "
            f"`ability` a theta from `tiergate tune` (30 labels), or a known_model",
        )


def _refusals(policy: Policy) -> Iterator[PolicyWarning]:
    """Warns where `refuse` waits for a measure that nobody took of any model of the top level.

    In a grave matter a prior is no evidence of an answer, so each of theirs is refused.
    """
    top = max(tier.level for tier in policy.tiers)
    models = [
        answerer
        for tier, answerer in policy.rungs()
        if tier.level == top and not isinstance(answerer, (*QUOTING, *WITHOUT_ABILITY))
    ]
    if not models or not all(_ability_is_prior(answerer) for answerer in models):
        return
    rules = policy.exhausted
    refused = [domain.value for domain, rule in rules.by_domain.items() if rule is Exhausted.REFUSE]
    where, path = f"in matters of {', '.join(refused)}", "exhausted.by_domain"
    if rules.default is Exhausted.REFUSE:
        others = [d.value for d, rule in rules.by_domain.items() if rule is not Exhausted.REFUSE]
        but = f", but for {', '.join(others)}" if others else ""
        where, path = f"in all grave matters{but}", "exhausted.default"
    elif not refused:
        return
    names = ", ".join(answerer.name for answerer in models)
    yield PolicyWarning(
        WarningKind.REFUSES_UNTIL_MEASURED,
        path,
        f"refuse sends no answer of level {top} {where} until somebody has measured {names}: an "
        "ability that is a prior is no evidence there. Give `ability` a theta from `tiergate tune` "
        "(30 labels) or a known_model, or write `review`, so that a person answers meanwhile",
    )


def _ability_is_prior(answerer: AnswererSection) -> bool:
    if isinstance(answerer, WITHOUT_ABILITY):
        return False
    if isinstance(answerer, DocumentsAnswerer) and answerer.search_first:
        return False  # the chance of a quotation is that of its nearest passage
    if isinstance(answerer, LocalAnswerer) and not answerer.alone:
        return False
    if isinstance(answerer, LocalAnswerer) and answerer.model in MEASURED_MODELS:
        return False
    ability = answerer.ability
    if ability.head is not None:
        return False
    return ability.theta is None and ability.known_model is None and not ability.by_domain


def _prices(policy: Policy, priced: Collection[str]) -> Iterator[PolicyWarning]:
    for t, tier in enumerate(policy.tiers):
        for a, answerer in enumerate(tier.answerers):
            # An answerer without a price in the policy may have one in the price book.
            if answerer.name in priced or not _price_is_unknown(answerer):
                continue
            yield PolicyWarning(
                WarningKind.UNKNOWN_PRICE,
                f"tiers[{t}].answerers[{a}].price",
                f"{answerer.name} has no known price: its cost is recorded as unknown, never as 0, "
                "and budgets refuse its calls unless they allow it; state it here, or for its "
                "model in the price book",
            )


def _price_is_unknown(answerer: AnswererSection) -> bool:
    """Returns True when the price of a provider is missing.

    What runs here costs its own compute, which is known. A deliberation spends money only through
    its calls.
    """
    price = answerer.price
    if not isinstance(answerer, RemoteAnswerer):
        return False
    if price.list_price_usd is not None or price.compute_usd_per_hour:
        return False
    return price.input_usd_per_mtok is None or price.output_usd_per_mtok is None


def _addresses(policy: Policy) -> Iterator[PolicyWarning]:
    for t, tier in enumerate(policy.tiers):
        for a, answerer in enumerate(tier.answerers):
            for u, url in enumerate(getattr(answerer, "base_urls", ())):
                if not urlsplit(url).path.strip("/"):
                    yield PolicyWarning(
                        WarningKind.ADDRESS_WITHOUT_PATH,
                        f"tiers[{t}].answerers[{a}].base_urls[{u}]",
                        f"{url} has no path, and nearly all servers answer below /v1 only; "
                        f"expected {url.rstrip('/')}/v1",
                    )


def _certificates(policy: Policy) -> Iterator[PolicyWarning]:
    if policy.decision.mode is not DecisionMode.CERTIFIED:
        return
    missing = [domain.value for domain in Domain if domain not in policy.decision.certificates]
    if missing:
        yield PolicyWarning(
            WarningKind.CERTIFICATES_MISSING,
            "decision.certificates",
            f"no certificate for {', '.join(missing)}: level 1 answers nothing there",
        )


def _aliases(policy: Policy) -> Iterator[PolicyWarning]:
    globs = [name for name in policy.aliases if is_glob(name)]
    for name, alias in policy.aliases.items():
        if name == "auto" or name.startswith(("auto:", "tier:")):
            effect = "nothing: names of this form are read before any alias"
        elif _same_as_longest_glob(name, alias, globs, policy):
            effect = "only the list of models: a glob has the same target for this name"
        else:
            continue
        yield PolicyWarning(
            WarningKind.ALIAS_NEVER_USED, f"aliases.{name}", f"this alias changes {effect}"
        )
    if policy.mode == "observe":
        yield from _hidden_models(policy)


def _same_as_longest_glob(
    name: str, alias: Alias | str, globs: Sequence[str], policy: Policy
) -> bool:
    fits = [glob for glob in globs if glob != name and fnmatch.fnmatchcase(name, glob)]
    return bool(fits) and name not in globs and policy.aliases[max(fits, key=len)] == alias


def _hidden_models(policy: Policy) -> Iterator[PolicyWarning]:
    for _, answerer in policy.rungs():
        model = getattr(answerer, "model", None)
        alias = policy.alias(model) if isinstance(model, str) else None
        # A pinned alias to the same answerer changes nothing in mode observe.
        if alias is not None and not (alias.pinned and alias.answerer == answerer.name):
            yield PolicyWarning(
                WarningKind.ALIAS_HIDES_MODEL,
                "aliases",
                f"an alias catches {model!r}, which mode observe would answer unchanged; add "
                f"`{model}: {{answerer: {answerer.name}, pinned: true}}`",
            )


_DANGERS = frozenset([matter.value for matter in DANGERS])
"""Names the lists of dangers to people, whose words stand in for answers that nobody measured."""


def _rules(policy: Policy) -> Iterator[PolicyWarning]:
    levels = {tier.level for tier in policy.tiers}
    for i, rule in enumerate(policy.hard_rules):
        if rule.floor is None or rule.floor == 1 or rule.floor in levels:
            continue
        answers = min([level for level in levels if level > rule.floor], default=max(levels))
        above = rule.floor > max(levels)
        why = f"but the highest tier is at {answers}" if above else "which no tier has"
        instead = f"level {answers} answers, and none below it"
        if not _DANGERS.isdisjoint(rule.terms):
            instead = (
                f"where people may be in danger, approved words go out before any tier is asked, "
                f"and level {answers} answers only where somebody has measured it or judges it"
            )
        yield PolicyWarning(
            WarningKind.FLOOR_OUT_OF_REACH,
            f"hard_rules[{i}].floor",
            f"{rule.name} asks for level {rule.floor}, {why}: {instead}",
        )
    asked = lists_asked(policy)
    for i, name in enumerate([terms.name for terms in policy.terms]):
        if name not in asked:
            yield PolicyWarning(
                WarningKind.TERMS_NEVER_USED, f"terms[{i}]", f"no rule looks for the list {name}"
            )


def _examples(policy: Policy) -> Iterator[PolicyWarning]:
    # Endpoints by domain are judged on labelled texts (`tiergate evaluate endpoints`).
    if not policy.examples and not policy.endpoints:
        yield PolicyWarning(
            WarningKind.NO_EXAMPLES,
            "examples",
            "no examples: nothing shows that the policy does what you mean; write ten",
        )
