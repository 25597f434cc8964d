"""Finds mistakes across keys of a policy: names without a target, and duplicate names.

It reads the plain object of the YAML file. These mistakes thus appear together with those of the
schema, even when another section is broken. Parts of the wrong shape are skipped here, since the
schema reports them. This module knows nothing about files and lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.policy.content.term_files import ACTIONS, STRATEGY
from router.policy.judge_checks import judge_mistakes
from router.policy.level_checks import level_mistakes
from router.policy.parsing.raw_policy import (
    CrossMistake,
    Rungs,
    conditions_of,
    names_of,
    names_of_kind,
    one_of,
    rung_names,
    rungs_of,
    sections,
    strings,
)
from router.policy.parsing.yaml_lines import KeyPath
from router.policy.sections.rules.heads import BUILT_IN, NOT_REPLACED
from router.types import EMBEDDER_PREFIX, OWN_MODELS, WITHOUT_MODEL, Domain, Matter, RequestType

_DEFAULT_MAX_RUNGS = 6  # the default of DecisionSection; a test compares the two


_WORDS = {
    "domain": tuple(domain.value for domain in Domain),
    "request_type": tuple(kind.value for kind in RequestType),
    "matter": tuple(matter.value for matter in Matter),
}


def _term_lists(raw: Mapping[str, object]) -> list[str]:
    """Returns the lists that a policy may name: its own, and those by language."""
    return [*names_of(raw, "terms"), *_WORDS["matter"], STRATEGY, ACTIONS]


_NO_THINKERS = (*WITHOUT_MODEL, "deliberation")
"""Lists kinds of answerers that no deliberation can be built over."""


def cross_mistakes(raw: Mapping[str, object]) -> tuple[CrossMistake, ...]:
    """Returns all cross mistakes of a policy given as plain mappings and lists."""
    rungs = list(rungs_of(raw))
    return (
        *_standing_twice(raw, rungs),
        *_too_many_rungs(raw, rungs),
        *_answerers(raw, rungs),
        *judge_mistakes(raw, rungs),
        *_shadow(raw, rungs),
        *level_mistakes(raw),
        *_hard_rules(raw),
        *_heads(raw),
        *_aliases(raw, rungs),
        *_held(raw),
        *_report(raw, rungs),
        *_privacy(raw, rungs),
        *_examples(raw),
        *_limits(raw),
        *_endpoints(raw),
        *_embedders(raw),
        *_records(raw),
    )


def _standing_twice(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    places: list[tuple[str, KeyPath, Mapping[str, object]]] = [
        ("answerer", path, answerer) for path, answerer in rungs
    ]
    for kind, key in (
        ("tier", "tiers"),
        ("embedder", "embedders"),
        ("lookup", "lookups"),
        ("head", "heads"),
        ("term list", "terms"),
        ("hard rule", "hard_rules"),
    ):
        places += [(kind, (key, i), row) for i, row in sections(raw, key)]
    seen: set[tuple[str, str]] = set()
    for kind, path, row in places:
        name = row.get("name")
        if not isinstance(name, str):
            continue
        if (kind, name) in seen:
            yield CrossMistake((*path, "name"), name, f"a name that no other {kind} has")
        seen.add((kind, name))


def _too_many_rungs(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    decision = raw.get("decision")
    limit = decision.get("max_rungs") if isinstance(decision, Mapping) else None
    limit = limit if isinstance(limit, int) else _DEFAULT_MAX_RUNGS
    # Every answerer may become a rung of the ladder. Who asks for a pinned one has a ladder of one.
    aliases = raw.get("aliases")
    named = list(aliases.values()) if isinstance(aliases, Mapping) else []
    pinned = {str(a.get("answerer")) for a in named if isinstance(a, Mapping) and a.get("pinned")}
    climbed = [answerer for _, answerer in rungs if str(answerer.get("name")) not in pinned]
    if len(climbed) > limit:
        yield CrossMistake(
            ("tiers",),
            f"{len(climbed)} answerers",
            f"at most decision.max_rungs = {limit} of them without a pinned alias",
        )


def _answerers(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    thinkers = [
        str(answerer["name"])
        for _, answerer in rungs
        if "name" in answerer and answerer.get("kind") not in _NO_THINKERS
    ]
    resolvers = names_of_kind(rungs, "resolver")
    locals_ = names_of_kind(rungs, "local")
    lookups, heads = names_of(raw, "lookups"), names_of(raw, "heads")
    for path, answerer in rungs:
        ability = answerer.get("ability")
        judge = ability.get("head") if isinstance(ability, Mapping) else None
        if isinstance(judge, str) and judge not in heads:
            yield CrossMistake((*path, "ability", "head"), judge, one_of(judge, heads))
        if answerer.get("kind") == "deliberation" and isinstance(answerer.get("over"), str):
            over = answerer["over"]
            if over not in thinkers:
                yield CrossMistake(
                    (*path, "over"),
                    over,
                    f"a local, upstream or litellm answerer: {one_of(over, thinkers)}",
                )
        if answerer.get("kind") == "passages":
            # Both keys name an answerer of this policy, each of one kind.
            for key, names in (("of", resolvers), ("rephrase", locals_)):
                named = answerer.get(key)
                if isinstance(named, str) and named not in names:
                    kind = "resolver" if key == "of" else "local answerer"
                    yield CrossMistake((*path, key), named, f"a {kind}: {one_of(named, names)}")
        if answerer.get("kind") == "documents":
            if raw.get("documents") is None:
                expected = "a policy with `documents:`, which names the collections to quote"
                yield CrossMistake((*path, "kind"), "documents", expected)
            named = answerer.get("rephrase")
            if isinstance(named, str) and named not in locals_:
                expected = f"a local answerer: {one_of(named, locals_)}"
                yield CrossMistake((*path, "rephrase"), named, expected)
        if answerer.get("kind") == "resolver":
            for i, name in strings(answerer, "lookups"):
                if name not in lookups:
                    yield CrossMistake((*path, "lookups", i), name, one_of(name, lookups))


def _shadow(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    """Yields a mistake for a shadow with an unknown answerer."""
    section = raw.get("shadow")
    named = section.get("answerer") if isinstance(section, Mapping) else None
    if isinstance(named, str) and named not in rung_names(rungs):
        yield CrossMistake(("shadow", "answerer"), named, one_of(named, rung_names(rungs)))


def _hard_rules(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    lists = _term_lists(raw)
    for r, rule in sections(raw, "hard_rules"):
        for i, name in strings(rule, "terms"):
            if name not in lists:
                yield CrossMistake(("hard_rules", r, "terms", i), name, one_of(name, lists))


def _heads(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields heads that may not be replaced, and conditions on unknown heads."""
    for i, section in sections(raw, "heads"):
        if section.get("name") in NOT_REPLACED:
            expected = f"a name of its own: {', '.join(NOT_REPLACED)} are not replaced"
            yield CrossMistake(("heads", i, "name"), section["name"], expected)
    known = [*names_of(raw, "heads"), *BUILT_IN]
    for path, named in _fields(raw):
        if named not in known:
            yield CrossMistake(path, named, _expected_head(named, known))
    for path, condition in conditions_of(raw):
        head = condition.get("head")
        if isinstance(head, str) and head not in known:
            yield CrossMistake((*path, "head"), head, _expected_head(head, known))
        # Only these built-in heads have classes that are known here.
        words = _term_lists(raw) if head == "terms" else _WORDS.get(str(head), ())
        for c, label in strings(condition, "classes"):
            if words and label not in words:
                yield CrossMistake((*path, "classes", c), label, one_of(label, words))


def _expected_head(name: str, known: Sequence[str]) -> str:
    """Returns which heads a condition may name, and the line that makes a file's head one."""
    line = f"{{name: {name}, path: heads/{name}.json}}"
    return f"{one_of(name, known)}; a head of a file is named under `heads:` ({line})"


def _endpoints(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields endpoints with one path, and an extractor in a policy that has no endpoint."""
    paths: set[tuple[str, str]] = set()
    specialist = raw.get("specialist")
    if isinstance(specialist, Mapping):
        paths.add((str(specialist.get("domain")), str(specialist.get("task"))))
    for i, section in sections(raw, "endpoints"):
        path = (str(section.get("domain")), str(section.get("task")))
        if path in paths:
            expected = "a domain and task that no other endpoint or specialist of this policy has"
            yield CrossMistake(("endpoints", i, "task"), section.get("task"), expected)
        paths.add(path)
        known = _known_names(section)
        for path_to, name, allowed in _named_in_verdict(i, section, known):
            if name not in allowed:
                yield CrossMistake(path_to, name, one_of(name, allowed))
    if raw.get("endpoints") and raw.get("mode") == "observe":
        yield CrossMistake(("mode",), "observe", "route, since endpoints have no asked model")
    if not raw.get("endpoints"):
        for place, answerer in rungs_of(raw):
            if answerer.get("kind") == "extractor":
                expected = "a policy with `endpoints:`, whose fields it reads"
                yield CrossMistake((*place, "kind"), "extractor", expected)


def _embedders(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields a mistake for texts that would leave unread although details are to be hidden."""
    privacy = raw.get("privacy")
    for key in ("pseudonyms", "residency"):
        if raw.get("embedders") and isinstance(privacy, Mapping) and privacy.get(key):
            expected = f"no embedders, since privacy.{key} does not reach the texts sent to them"
            yield CrossMistake(("embedders",), "embedders", expected)
    documents = raw.get("documents")
    named = documents.get("embedder") if isinstance(documents, Mapping) else None
    if named is not None and named not in names_of(raw, "embedders"):
        known = ", ".join(names_of(raw, "embedders")) or "those that `embedders` names"
        yield CrossMistake(("documents", "embedder"), repr(named), f"one of {known}")


def _records(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields a mistake for rows that belong to nobody: any caller with a key would see them."""
    owned = {
        str(row.get("name")): isinstance(row.get("typed"), Mapping)
        for _, row in sections(raw, "lookups")
    }
    for i, record in sections(raw.get("documents"), "records"):
        name = record.get("lookup")
        if isinstance(name, str) and not owned.get(name):
            expected = "a lookup with `typed: {must_match: ...}`, which says whose its rows are"
            expected = expected if name in owned else one_of(name, list(owned))
            yield CrossMistake(("documents", "records", i, "lookup"), name, expected)


def _known_names(section: Mapping[str, object]) -> list[str]:
    figures = section.get("figures")
    return list(map(str, figures)) if isinstance(figures, Mapping) else []


def _named_in_verdict(
    i: int, section: Mapping[str, object], figures: Sequence[str]
) -> Iterator[tuple[KeyPath, str, Sequence[str]]]:
    """Yields the figures that an endpoint's verdict names, with those there are."""
    for r, rule in sections(section.get("verdict"), "rules"):
        for c, condition in sections(rule, "any"):
            named = condition.get("figure")
            if isinstance(named, str):
                yield ("endpoints", i, "verdict", "rules", r, "any", c, "figure"), named, figures


def _fields(raw: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    """Yields the heads in fields of specialist and endpoints, each with its key path."""
    specialist = raw.get("specialist")
    fields = specialist.get("fields") if isinstance(specialist, Mapping) else None
    for name, field in fields.items() if isinstance(fields, Mapping) else ():
        if isinstance(field, Mapping) and isinstance(field.get("head"), str):
            yield ("specialist", "fields", str(name), "head"), field["head"]
    for e, endpoint in sections(raw, "endpoints"):
        labels = endpoint.get("labels")
        for name, field in labels.items() if isinstance(labels, Mapping) else ():
            if isinstance(field, Mapping) and isinstance(field.get("head"), str):
                yield ("endpoints", e, "labels", str(name), "head"), field["head"]


def _aliases(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    aliases = raw.get("aliases")
    if not isinstance(aliases, Mapping):
        return
    answerers = rung_names(rungs)
    targets = [*(f"tier:{name}" for name in names_of(raw, "tiers")), *OWN_MODELS]
    targets += [f"{EMBEDDER_PREFIX}{name}" for name in names_of(raw, "embedders")]
    for model, alias in aliases.items():
        path: KeyPath = ("aliases", str(model))
        target, answerer = alias, None
        if isinstance(alias, Mapping):
            target, answerer = alias.get("to"), alias.get("answerer")
            path_to, path_answerer = (*path, "to"), (*path, "answerer")
        else:
            path_to = path_answerer = path
        if isinstance(target, str) and not (
            target == "auto" or target.startswith("auto:") or target in targets
        ):
            # `auto:<policy>` names another file, which is not read here.
            allowed = one_of(target, ["auto", "auto:<policy>", *targets])
            yield CrossMistake(path_to, target, allowed)
        if isinstance(answerer, str) and answerer not in answerers:
            yield CrossMistake(path_answerer, answerer, one_of(answerer, answerers))


def _held(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields a mistake for a held answer without storage: its draft must outlive the request."""
    exhausted, privacy = raw.get("exhausted"), raw.get("privacy")
    store = privacy.get("store", "none") if isinstance(privacy, Mapping) else "none"
    if not isinstance(exhausted, Mapping) or store != "none":
        return
    by_domain = exhausted.get("by_domain")
    places: list[tuple[KeyPath, object]] = [(("exhausted", "default"), exhausted.get("default"))]
    if isinstance(by_domain, Mapping):
        rows = by_domain.items()
        places += [(("exhausted", "by_domain", str(key)), rule) for key, rule in rows]
    for path, rule in places:
        if rule == "hold":
            expected = (
                "privacy.store: redacted or full, since the client fetches the checked answer later"
            )
            yield CrossMistake(path, "hold with privacy.store: none", expected)


def _report(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    report = raw.get("report")
    if not isinstance(report, Mapping):
        return
    answerers = rung_names(rungs)
    for key in ("level_2", "level_3"):
        name = report.get(key)
        if isinstance(name, str) and name not in answerers:
            yield CrossMistake(("report", key), name, one_of(name, answerers))


def _privacy(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    """Yields answerers that no tier has: a rule for them would never allow what was meant."""
    answerers = rung_names(rungs)
    privacy = raw.get("privacy")
    lists: list[tuple[KeyPath, Mapping[str, object], str]] = [
        (("privacy", "residency", i), rule, "only") for i, rule in sections(privacy, "residency")
    ]
    hidden = privacy.get("pseudonyms") if isinstance(privacy, Mapping) else None
    if isinstance(hidden, Mapping):
        lists.append((("privacy", "pseudonyms"), hidden, "trusted"))
    for path, section, key in lists:
        for i, name in strings(section, key):
            if name not in answerers:
                yield CrossMistake((*path, key, i), name, one_of(name, answerers))


def _examples(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    tiers = names_of(raw, "tiers")
    for i, example in sections(raw, "examples"):
        tier = example.get("tier")
        if isinstance(tier, str) and tier not in tiers:
            yield CrossMistake(("examples", i, "tier"), tier, one_of(tier, tiers))


def _limits(raw: Mapping[str, object]) -> Iterator[CrossMistake]:
    """Yields limits of a tier that this policy lacks, and of a key that is named by no id.

    Tiers of other policies are unknown here.
    """
    tiers = [*names_of(raw, "tiers"), "*"]
    for i, limit in sections(raw, "limits"):
        tier, policy = limit.get("tier"), limit.get("policy")
        if isinstance(tier, str) and policy in (None, raw.get("name")) and tier not in tiers:
            yield CrossMistake(("limits", i, "tier"), tier, one_of(tier, tiers))
        key = limit.get("key")
        # Requests carry the id of their key, so a limit of a name would count nothing.
        if isinstance(key, str) and key and key != "*" and not key.startswith("key_"):
            expected = (
                "the id of a key (key_..., as `tiergate keys list` shows it), or '*' for each"
            )
            yield CrossMistake(("limits", i, "key"), key, expected)
