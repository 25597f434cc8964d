"""Checks what a model wrote in a step: probabilities, citations, figures, its verdict. Pure.

Each check returns faults as sentences that help a model to correct itself; none means right. It
reads English; in other languages it finds no verdict in a text, and so no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from router.regexes.late import late_regex
from tiers.grounding import is_grounded, words_of
from tiers.reasoning.claims import Claim, claims_in, marked
from tiers.reasoning.fields import Fields, number, objects
from tiers.reasoning.sources import Evidence

SUM_TOLERANCE = 0.011
"""How far probabilities may be from 1 together: three that are rounded to two digits sum to .99."""
SCENARIOS = ("best", "expected", "worst")

_ACT = (
    r"(?:proceed|go ahead|go forward|sign|approve|accept|invest|pay|enter|launch|buy|acquire|renew"
    r"|commit|adopt|migrate|start|begin|release|build|award|grant|execute|take|choose|refinance|move"
    r"|expand|hire|close the deal)"
)
_NOT = late_regex(
    rf"\b(?:do not|don.?t|should not|shouldn.?t|must not|will not|not to|never|against) "
    rf"(?:\w+ ){{0,2}}?{_ACT}\b"
    r"|^(?:no\b|don.?t\b|do not\b)"
    r"|\b(?:reject|decline|refuse|abandon|walk away|turn (?:it |this )?down|no.?go|postpone|defer"
    r"|hold off|withdraw from)\b",
    re.IGNORECASE,
)
_YES = late_regex(rf"\b{_ACT}\b", re.IGNORECASE)
_IF = late_regex(
    r"\b(?:only if|only after|provided(?: that)?|subject to|on condition|conditional(?:ly)?|unless"
    r"|as long as|contingent on)\b",
    re.IGNORECASE,
)
_CITED = re.compile(r"\[([\w.:#/-]{1,80})\]")
_DIAGNOSIS = late_regex(
    r"\b(?:you|the patient|she|he) (?:has|have|is having|suffers? from|are suffering from) "
    r"(?!not\b|no\b|to\b|been\b|a right\b|any\b)(?:an? |the )?[a-z-]{4,30}"
    r"|\bthe diagnosis is\b|\b(?:this|it) is (?:definitely|clearly|certainly) [a-z-]{4,30}",
    re.IGNORECASE,
)


def texts_in(value: object) -> Iterator[str]:
    """Yields all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from texts_in(part)


def recomputed(value: object) -> tuple[object, tuple[Claim, ...]]:
    """Returns a JSON value whose wrong results have the right ones next to them, and all claims."""
    if isinstance(value, str):
        claims = claims_in(value)
        return marked(value, claims), claims
    if isinstance(value, Mapping):
        parts = {name: recomputed(part) for name, part in value.items()}
        return {n: part for n, (part, _) in parts.items()}, _all(c for _, c in parts.values())
    if isinstance(value, list):
        items = [recomputed(part) for part in value]
        return [part for part, _ in items], _all(claims for _, claims in items)
    return value, ()


def _all(groups: Iterator[tuple[Claim, ...]]) -> tuple[Claim, ...]:
    return tuple(claim for group in groups for claim in group)


def claim_faults(fields: Fields) -> tuple[str, ...]:
    """Returns each figure that is worked out wrongly, with the right result."""
    _, claims = recomputed(fields)
    return tuple(dict.fromkeys(str(claim) for claim in claims if not claim.holds))


def scenario_faults(fields: Fields) -> tuple[str, ...]:
    """Returns the faults of scenarios: each must stand once, and probabilities sum to 1.

    >>> one = {"name": "best", "probability": 0.5}
    >>> scenario_faults({"scenarios": [one]})[0]
    'scenarios best, expected, worst, each once; there are best'
    """
    scenarios = objects(fields, "scenarios")
    names = [str(scenario.get("name")) for scenario in scenarios]
    faults = []
    if sorted(names) != sorted(SCENARIOS):
        faults.append(f"scenarios {', '.join(SCENARIOS)}, each once; there are {', '.join(names)}")
    total = sum(number(scenario, "probability") or 0.0 for scenario in scenarios)
    if abs(total - 1.0) > SUM_TOLERANCE:
        faults.append(f"the probabilities must sum to 1; they sum to {total:.2f}")
    return tuple(faults)


def expected_value(fields: Fields) -> str:
    """Returns the expected value of scenarios as a note; "" where a value is missing.

    A best case of 100 at .25, 40 at .5 and -20 at .25 are worth 25 + 20 - 5 = 40.
    """
    scenarios = objects(fields, "scenarios")
    pairs = [(number(case, "probability"), number(case, "value")) for case in scenarios]
    known = [(p, value) for p, value in pairs if p is not None and value is not None]
    if not known or len(known) < len(pairs):
        return ""
    return f"expected value over the scenarios: {sum(p * value for p, value in known):,.0f}"


def citation_faults(fields: Fields, passages: Sequence[Evidence]) -> tuple[str, ...]:
    """Returns citations of passages that nobody gave."""
    known = {passage.id for passage in passages}
    cited = [
        *_cited_sources(fields),
        *(m for text in texts_in(fields) for m in _CITED.findall(text)),
    ]
    unknown = [name for name in dict.fromkeys(cited) if name not in known and _is_id(name)]
    allowed = ", ".join(sorted(known)) or "none"
    return tuple(f"[{name}] is no passage; the passages are: {allowed}" for name in unknown)


def unsupported(fields: Fields, passages: Sequence[Evidence]) -> tuple[str, ...]:
    """Returns a note for each statement that says more than the passage it names.

    It compares words, as `tiers.grounding` does.
    """
    texts = {passage.id: passage.text for passage in passages}
    notes = []
    for fact in objects(fields, "known"):
        source, statement = _bare(str(fact.get("source", ""))), str(fact.get("statement", ""))
        if source in texts and not is_grounded(
            _CITED.sub("", statement), words_of([texts[source]])
        ):
            notes.append(f"not borne out by [{source}]: {statement}")
    return tuple(notes)


def used_passages(steps: Sequence[Fields], passages: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Returns the passages that the fields of a decision's steps cite."""
    named = {name for text in texts_in(steps) for name in _CITED.findall(text)}
    for fields in steps:
        named |= set(_cited_sources(fields))
    return tuple(passage for passage in passages if passage.id in named)


def verdict_faults(fields: Fields) -> tuple[str, ...]:
    """Returns the contradiction between `go_no_go` and the words of the decision, if there is one.

    >>> verdict_faults({"go_no_go": "go", "decision": "Do not sign the contract."})
    ('go_no_go says go, the decision reads as no_go: make them agree',)
    """
    stated = fields.get("go_no_go")
    if not isinstance(stated, str):
        return ()
    if stated == "conditional_go" and not fields.get("conditions"):
        return ("conditional_go needs at least one condition",)
    allowed = readings(str(fields.get("decision", "")))
    if not allowed or stated in allowed:
        return ()
    return (f"go_no_go says {stated}, the decision reads as {allowed[0]}: make them agree",)


def readings(text: str) -> tuple[str, ...]:
    """Returns the verdicts that a decision's words allow, the likeliest first; () when unclear.

    >>> readings("Sign, subject to a liability cap."), readings("Weigh it again.")
    (('conditional_go',), ())
    """
    refuses, bound = bool(_NOT.search(text)), bool(_IF.search(text))
    acts = bool(_YES.search(_NOT.sub(" ", text)))
    if refuses and bound:
        return ("no_go", "conditional_go")
    if refuses and acts:
        return ()  # one thing is done and another is not
    if refuses:
        return ("no_go",)
    if acts:
        return ("conditional_go",) if bound else ("go", "conditional_go")
    return ()


def diagnosis_faults(fields: Fields) -> tuple[str, ...]:
    """Returns words that state a diagnosis, which only a clinician may.

    >>> diagnosis_faults({"decision": "You have appendicitis."})
    ('a diagnosis is stated ("You have appendicitis"): name what must be looked at instead',)
    """
    stated = [match[0] for text in texts_in(fields) for match in _DIAGNOSIS.finditer(text)]
    return tuple(
        f'a diagnosis is stated ("{words}"): name what must be looked at instead'
        for words in dict.fromkeys(stated)
    )


def tally(positions: Sequence[str]) -> str:
    """Returns how perspectives are divided.

    >>> tally(["for", "against", "for"])
    '2 for, 1 against'
    """
    order = ("for", "conditional", "against")
    counts = [(name, positions.count(name)) for name in order]
    return ", ".join(f"{count} {name}" for name, count in counts if count)


def _cited_sources(fields: Fields) -> list[str]:
    facts = [*objects(fields, "known"), *objects(fields, "evidence")]
    sources = [str(fact.get("source", "")) for fact in facts]
    return [_bare(source) for source in sources if source]


def _bare(source: str) -> str:
    return source.strip().removeprefix("[").removesuffix("]")


def _is_id(source: str) -> bool:
    """Returns False for a source that is the request or an assumption, in words."""
    return source.lower() not in ("request", "assumption", "the request", "worksheet", "question")
