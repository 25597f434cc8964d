"""Renders a dossier as one page that opens offline, prints well, and can be signed. Pure.

The page holds the dossier's JSON as well, so that the file alone can be verified.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from router.analysis.dossier.dossier import HASH, NO_PASSAGES, NOT_KEPT, Json, moment
from router.rendering.figures_in_words import counted
from router.rendering.markup import Markup, el
from router.rendering.page import page, page_header, section, table
from router.types import APPROVED_ANSWERS, PSource

_VERDICTS = {"go": "Go", "conditional_go": "Go, under conditions", "no_go": "No go"}
_TOLD = {
    "accepted": "The client got this decision.",
    "unverified": "The client got this decision, marked as one that nobody verified.",
    "safe_answer": "The client did not get this decision, but approved words in its place.",
    "held": "The client did not get this decision: a person decides first.",
    "refused": "The client did not get this decision: the request was refused.",
    "": "The client got no answer.",
}
_TITLES = {
    "after_days": "Look again after days",
    "decompose": "The questions behind it",
    "inflows_may_fall_by": "Income may fall by",
    "irr": "Rate of return",
    "loss_share": "Share lost on default",
    "npv": "Net present value",
    "npv_after_it": "Net present value after that loss",
    "risk_benefit": "Risks and benefits",
    "sub_questions": "Questions",
}
"""Names keys of steps as a person reads them; other keys are words already."""
_SHARES = {"default_probability", "inflows_may_fall_by", "irr", "loss_share"}
_STATES = {"done": "", "repaired": "after one repair", "marked": "marked", "failed": "failed"}
_STYLE = (
    "dl.facts{display:grid;grid-template-columns:minmax(9rem,auto) 1fr;gap:4px 16px;"
    "margin:0 0 12px}"
    "dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}"
    "blockquote{margin:0;padding:8px 16px;border-left:3px solid var(--line);white-space:pre-wrap;"
    "overflow-wrap:anywhere}section h3{margin:20px 0 6px;font-size:1rem}"
    "section ul.plain{margin:0 0 12px;padding-left:20px}section li{margin:2px 0}"
    ".marks{border-left:3px solid #b3261e;padding:8px 16px}"
    ".signs{display:grid;grid-template-columns:1fr 1fr;gap:36px 32px;margin-top:36px}"
    ".signs div{border-top:1px solid currentColor;padding-top:4px;color:var(--soft)}"
    "code{overflow-wrap:anywhere;font-size:.86em}details pre{white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-size:11px}td,th{vertical-align:top}"
    "@media print{details{display:none}section{break-inside:auto}h2,h3{break-after:avoid}"
    "tr,blockquote,.signs{break-inside:avoid}}"
)


def dossier_page(document: Json) -> str:
    """Returns the dossier as a whole page."""
    steps = _steps(document)
    decision = steps[-1]["fields"] if steps else {}
    fields = decision if isinstance(decision, Mapping) else {}
    headline = str(fields.get("decision") or _without_steps(document))
    header = page_header(
        [f"Dossier of {document['decision_id']}", str(document["decided_at"])],
        headline,
        _tiles(document, fields),
        [_VERDICTS[v]] if (v := str(fields.get("go_no_go", ""))) in _VERDICTS else (),
    )
    parts = [
        el("style", Markup(_STYLE)),
        _marks(document),
        _told(document, deliberated=bool(steps)),
        section("The question", "", (el("blockquote", str(document["asked"])),)),
        _decision(fields, document),
        *(_step(step, str(document["domain"])) for step in steps[:-1]),
        _sources(document, deliberated=bool(steps)),
        _calls(document),
        _afterwards(document),
        _proof(document),
    ]
    models = document.get("models")
    named = (
        f" Models: {', '.join(map(str, models))}." if isinstance(models, list) and models else ""
    )
    footer = f"{document['policy']}.{named} Exported {document['exported_at']}."
    title = f"Dossier {document['decision_id']}"
    return page(title, header, [part for part in parts if part], footer)


def _without_steps(document: Json) -> str:
    if document.get("answered") in (None, NOT_KEPT):
        return "A decision whose words are not kept"
    return "An answer without a deliberation's steps"


def page_faults(text: str, document: Json) -> list[str]:
    """Returns what is wrong with the page that a dossier was read from; nothing for JSON.

    The page is written anew from the dossier's JSON: people read and sign the page, so that it must
    say what the hash covers.
    """
    if not text.lstrip().startswith("<"):
        return []
    try:
        same = dossier_page(document).strip() == text.strip()
    except (KeyError, TypeError, ValueError):
        same = False
    if same:
        return []
    return [
        "the page does not show what its JSON says: it was changed, or another version of "
        "Tiergate wrote it (then export it anew)"
    ]


def _steps(document: Json) -> list[dict[str, object]]:
    reasoning = document.get("reasoning")
    steps = reasoning.get("steps") if isinstance(reasoning, dict) else None
    kept = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    return [step for step in kept if step.get("id") != "form"]


def _tiles(document: Json, fields: Mapping[str, object]) -> list[tuple[str, str, str]]:
    calls = document["calls"]
    number = len(calls) if isinstance(calls, list) else 0
    tiles = []
    stake = document.get("at_stake_usd")
    if isinstance(stake, int | float):
        tiles.append(("Amount at stake", f"${stake:,.0f}", "the largest sum in the question"))
    if isinstance(stakes := document.get("stakes_usd"), int | float):
        cost = "what a wrong answer was reckoned to cost"
        tiles.append(("Stakes", _dollars(stakes, 2), cost))
    if isinstance(sure := document.get("answer_confidence"), int | float):
        prior = document.get("answer_confidence_source") == PSource.PRIOR.value
        whose = "an assumption of the policy: nobody measured it" if prior else "the gateway's"
        tiles.append(("Confidence", _share(sure), f"{whose}, that the answer is right"))
    confidence = document.get("confidence")
    if isinstance(confidence, dict):
        known = confidence["calibrated"]
        figure = confidence["stated"] if known is None else known
        tiles.append(("The model's confidence", _share(figure), str(confidence["basis"])))
    follow_up = fields.get("follow_up")
    if isinstance(follow_up, Mapping):
        days = follow_up.get("after_days", "")
        after = counted(days, "day", "days") if isinstance(days, int) else f"{days} days"
        tiles.append(("It shows after", after, str(follow_up.get("shows_by", ""))))
    cost = _dollars(document["cost_usd"], 4)
    calls_made = counted(number, "call,", "calls, each")
    tiles.append(("Cost", cost, f"{calls_made} a row of the ledger"))
    return tiles


def _share(figure: float) -> str:
    return f"{100 * figure:.0f} %"


def _dollars(cost_usd: object, places: int) -> str:
    """Returns what something cost, in words where nobody stated its price."""
    return f"${cost_usd:,.{places}f}" if isinstance(cost_usd, int | float) else "unknown"


def _marks(document: Json) -> Markup:
    reasoning = document.get("reasoning")
    marks = reasoning.get("marks") if isinstance(reasoning, dict) else None
    if not isinstance(marks, list) or not marks:
        return Markup("")
    lead = "Faults that one repair did not mend. Whoever signs takes them into account."
    return section("Marked", lead, (el("div", _list(marks), _class="marks"),))


def _told(document: Json, *, deliberated: bool) -> Markup:
    """Says if the client got the decision; where not, shows what it read in its place."""
    verdict = str(document["verdict"])
    lead = _TOLD.get(verdict, f"The verdict is {verdict}.")
    another = deliberated and verdict not in ("accepted", "unverified")
    text = (el("blockquote", str(document["answered"])),) if another else ()
    return section("What the client was told", lead, text)


def nothing_to_sign(document: Json) -> str:
    """Returns why nobody can sign a dossier; "" where it has a question and steps."""
    if document.get("asked") in (None, NOT_KEPT):
        return "The ledger has no text of this decision: the policy keeps none, or it was erased."
    return "" if _steps(document) else "There are no steps: no deliberation made this decision."


def _decision(fields: Mapping[str, object], document: Json) -> Markup:
    if not fields:
        return section("The answer", "", (el("blockquote", str(document["answered"])),))
    shown = {k: v for k, v in fields.items() if k not in ("decision", "go_no_go", "confidence")}
    return section("The decision", "", tuple(_fields(shown)))


def _step(step: Mapping[str, object], domain: str) -> Markup:
    name = _title(str(step["id"])).replace(":", ": ")
    state = _STATES.get(str(step["state"]), str(step["state"]))
    # The rule that brought the matter here may name another domain, by the risk in it.
    why = f"of the question's domain, {domain}" if step["id"] == "worksheet" else ""
    lead = ", ".join(part for part in (why, state, str(step.get("fault") or "")) if part)
    fields = step.get("fields")
    content = list(_fields(fields)) if isinstance(fields, Mapping) else []
    notes = step.get("notes")
    if isinstance(notes, list) and notes:
        content += [el("h3", "Worked out or checked by code"), _list(notes)]
    return section(name, lead, tuple(content))


def _fields(fields: Mapping[str, object]) -> Iterable[Markup]:
    """Yields each field by its form: a sentence, a list, a table, or named values."""
    facts = {k: v for k, v in fields.items() if not isinstance(v, list | Mapping)}
    if facts:
        pairs = ((el("dt", _title(k)), el("dd", _shown(k, v))) for k, v in facts.items())
        yield el("dl", *(part for pair in pairs for part in pair), _class="facts")
    for name, value in fields.items():
        if isinstance(value, list) and value:
            yield el("h3", _title(name))
            yield _table(name, value) if _rows(value) else _list(value)
        elif isinstance(value, Mapping) and value:
            yield el("h3", _title(name))
            yield from _fields(value)


def _shown(name: str, value: object) -> str:
    """Returns a value of a step in words, a share as per cent."""
    if name in _SHARES and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{100 * value:,.2f}".rstrip("0").rstrip(".") + " %"
    return words(value)


def _rows(values: Sequence[object]) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _table(name: str, values: Sequence[object]) -> Markup:
    rows = [value for value in values if isinstance(value, Mapping)]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numbers = [c for c in columns if all(_is_number(row.get(c)) for row in rows)]
    ordered = [c for c in columns if c not in numbers] + numbers
    cells = [[words(row.get(column)) for column in ordered] for row in rows]
    texts = len(ordered) - len(numbers)
    return table(_title(name), [_title(c) for c in ordered], cells, texts=max(1, texts))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _list(values: Sequence[object]) -> Markup:
    return el("ul", *(el("li", words(value)) for value in values), _class="plain")


def words(value: object) -> str:
    """Returns a value of a step as a person reads it.

    >>> words({"option": "Wait", "cost": 1200.5})
    'option: Wait; cost: 1,200.5'
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{k.replace('_', ' ')}: {words(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(words(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return "\N{EN DASH}" if value is None else str(value)


def _title(name: str) -> str:
    plain = _TITLES.get(name, name.replace("_", " "))
    return plain[:1].upper() + plain[1:]


def _sources(document: Json, *, deliberated: bool) -> Markup:
    """Returns the passages and approved answers that the answer was given, by what it cites."""
    sources = document.get("sources")
    if not isinstance(sources, list) or not sources:
        return Markup("")
    rows = [
        [
            _cited_as(n, one, deliberated=deliberated),
            str(one["place"]),
            str(one["collection"]),
            "yes" if one["cited"] else "no",
            str(one["id"]),
        ]
        for n, one in enumerate(sources, start=1)
    ]
    columns = ["Cited as", "Place", "Collection", "Cited", "Passage"]
    lead = "Passages of the operator's documents, and approved answers, that were at hand."
    listed = table("Sources", columns, rows, texts=len(columns))
    return section("Sources", lead, (listed, *_words(document, sources, rows)))


def _cited_as(n: int, one: Mapping[str, object], *, deliberated: bool) -> str:
    if one["collection"] == APPROVED_ANSWERS:
        return f"[{one['id']}]"
    return f"[d{n}]" if deliberated else f"[{n}]"


def _words(
    document: Json, sources: Sequence[Mapping[str, object]], rows: Sequence[Sequence[str]]
) -> Iterable[Markup]:
    """Yields the words of each cited passage, or why they are not there."""
    passages = document.get("passages")
    if isinstance(passages, Mapping):
        for one, row in zip(sources, rows, strict=True):
            if words_of := passages.get(str(one["id"])):
                yield el("h3", f"{row[0]} {row[1]}")
                yield el("blockquote", str(words_of))
    elif "passages" in document and any(
        one["cited"] and one["collection"] != APPROVED_ANSWERS for one in sources
    ):
        yield el("p", NO_PASSAGES)  # a dossier of before has no such key, and its page no such line


def _calls(document: Json) -> Markup:
    calls = document["calls"]
    rows = [
        [
            str(one["role"]),
            str(one["model"]),
            str(one["state"]),
            f"{one['input_tokens']:,}",
            f"{one['output_tokens']:,}",
            _dollars(one["cost_usd"], 5),
        ]
        for one in (calls if isinstance(calls, list) else [])
    ]
    columns = ["Call", "Model", "Outcome", "Tokens in", "Tokens out", "Cost"]
    lead = "Each call is a row of the ledger; together they are the cost."
    return section("Calls", lead, (table("Calls", columns, rows, texts=3),))


def _afterwards(document: Json) -> Markup:
    content = []
    review = document.get("review")
    if isinstance(review, Mapping):
        content += [el("h3", "Review"), *_fields(review)]
    feedback = document.get("feedback")
    if isinstance(feedback, list) and feedback:
        kept = [_outcome(one) for one in feedback if isinstance(one, Mapping)]
        content += [el("h3", "Outcomes"), _list(kept)]
    if not content:
        content = [el("p", "Nobody has told yet how it turned out.")]
    return section("What came of it", "", tuple(content))


def _outcome(outcome: Mapping[str, object]) -> dict[str, object]:
    """Returns what somebody told of a decision, without what they left out."""
    at = outcome.get("recorded_at")
    kept = {
        k: v for k, v in outcome.items() if v is not None and k not in ("outcome", "recorded_at")
    }
    parts = outcome.get("outcome")
    if isinstance(parts, Mapping):
        kept |= {k: v for k, v in parts.items() if v is not None}
    return {"recorded at": moment(at), **kept} if isinstance(at, int) else kept


def _proof(document: Json) -> Markup:
    chain = document["chain"]
    assert isinstance(chain, dict)
    facts = {
        "Dossier (SHA-256)": el("code", str(document[HASH])),
        "Entry of the ledger": f"{chain['sequence']} (writer {chain['writer']})",
        "Hash of the row": el("code", str(chain["row_hash"])),
        "Hash before it": el("code", str(chain["prev_hash"])),
        "Verify": el("code", "tiergate decisions verify FILE --database LEDGER"),
    }
    listed = el(
        "dl", *(p for k, v in facts.items() for p in (el("dt", k), el("dd", v))), _class="facts"
    )
    signs = el("div", *(el("div", one) for one in _SIGNS), _class="signs")
    source = el(
        "details",
        el("summary", "The dossier as JSON"),
        el("pre", json.dumps(document, ensure_ascii=True), id="dossier"),
    )
    lead = "Any change of this file, or of the ledger's row, breaks one of these hashes."
    if because := nothing_to_sign(document):
        return section("Proof", lead, (listed, el("p", f"Nothing to sign. {because}"), source))
    sworn = el("p", "I have read this dossier. The decision is mine.")
    return section("Proof and signature", lead, (listed, sworn, signs, source))


_SIGNS = ("Name and office", "Date", "Signature", "Second signature")
