"""Explains the terms that one report uses, each in a sentence; it knows nothing about figures.

A term is in the list of a report if one of its forms stands in the words that the report shows. So
the list is as short as the report allows, and none of its lines explains what is not there.
"""

from __future__ import annotations

import html
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """Holds a term, its meaning, and further forms in which it may stand in a report."""

    name: str
    meaning: str
    forms: tuple[str, ...] = ()


TERMS = (
    Term(
        "Above lowest",
        "Answered above the lowest level of the policy, at once or after another tier's turn.",
        ("above level", "above the lowest level"),
    ),
    Term(
        "Accepted",
        "The answer keeps its promised form, nothing speaks against it, and its chance to be right "
        "is high enough for the policy; a question back is no such answer.",
    ),
    Term("Adapter", "Weights that are added to a model to make it fit one domain.", ("adapters",)),
    Term("Answer cut", "The cap of output ended the answer before it kept what was promised."),
    Term("Answer failed checks", "Code found faults in the answer that one repair did not mend."),
    Term("Answer garbled", "The answer repeats itself or is no text that can be read."),
    Term("Answer invalid", "The answer does not keep the form that was asked for."),
    Term(
        "Answer judged low",
        "Another model judged the answer by the policy's rubric, and found it too poor.",
    ),
    Term("Answer marked", "Words were added to the answer, because of what it says."),
    Term(
        "Answer not trusted", "The chance that the answer is right was below the policy's demand."
    ),
    Term("Answer off topic", "The answer shares nothing with the question."),
    Term("Answer refused", "The model declined to answer."),
    Term(
        "Answer unchecked",
        "Nothing speaks against the answer, and nobody measured how often such answers are right.",
    ),
    Term("Answer withheld", "The answer was cut off, because of what it says."),
    Term(
        "Answerer failed",
        "The call failed: no connection, a refused key, an error or a time limit.",
    ),
    Term("Architecture", "The request asks for the design of a system."),
    Term(
        "Asked for slot",
        "Level 1 knew the answer but for a value, such as an order number, and asked for it.",
    ),
    Term("Asked which", "Level 1 offered the approved questions that the client may have meant."),
    Term(
        "Baseline",
        "What the same answers would have cost if all had come from elsewhere: a counterfactual, "
        "which nobody paid.",
        ("baselines",),
    ),
    Term("Both answered", "Two approved questions were asked, and each got its approved answer."),
    Term(
        "Budget exhausted",
        "A budget had too little left for the next call, or its store did not answer.",
    ),
    Term(
        "Budget soft limit",
        "A budget was nearly spent, so a lower tier was asked where the rules allow one.",
    ),
    Term(
        "Cache hit", "The same question had been answered before, and that answer was given again."
    ),
    Term(
        "Calibrated",
        "Of answers with this chance, about that share proved right when it was last measured.",
    ),
    Term(
        "Chance",
        "How probable it is that an answer is right, or that level 1 found the approved answer "
        "that is meant.",
        ("chances",),
    ),
    Term(
        "Check",
        "A call in which a model judges the answer of another call.",
        ("checks", "judged by a model"),
    ),
    Term(
        "Costly mistake", "A wrong answer of a lower tier would be dear, so a higher one was asked."
    ),
    Term(
        "Deliberation",
        "An answer that is worked out in several calls, each of which is recorded.",
    ),
    Term(
        "Discarded",
        "Paid for, but the client got another text: the answer of a lower tier, a call made early, "
        "a text that a judge rejected.",
    ),
    Term(
        "Domain",
        "The subject of a request, as the small model of triage read it; that of the matter where "
        "a safe text went out.",
        ("domains",),
    ),
    Term("Draft", "An answer that was made and did not go out.", ("drafts",)),
    Term(
        "Estimated",
        "Booked at a bound that is never too low, because nobody said what the call used.",
        ("is a bound",),
    ),
    Term("Exact tool", "Arithmetic, dates or units: computed, not written by a model."),
    Term(
        "Expected loss",
        "What an answer costs plus what its mistakes are expected to cost: the chance to be wrong "
        "times the cost of a wrong answer.",
    ),
    Term("Explored", "Chance chose this tier, so that others can be measured."),
    Term("Fallback", "No other tier could take the request."),
    Term(
        "Fixed triggers decide",
        "A chance was a prior or a cost unknown, so the lowest tier that rules allow was asked.",
    ),
    Term("Floor", "The rules ask for this level at least."),
    Term("Gain below cost", "A higher tier would cost more than it is expected to improve."),
    Term("Gain too small", "The tier of the lowest expected loss is hardly better than this one."),
    Term("Handed over", "Approved words went out, and a person takes the matter."),
    Term(
        "Harmful", "The request asks for harm, and the policy refuses it before any tier is asked."
    ),
    Term(
        "Held",
        "The most that a call may cost, set aside before it is made; a call of unknown cost counts "
        "at that.",
    ),
    Term(
        "High risk",
        "The request is about money, law, health or safety, and much depends on it.",
        (
            "high risk financial",
            "high risk legal",
            "high risk medical",
            "high risk engineering safety",
        ),
    ),
    Term("High stakes", "A wrong answer would cost much."),
    Term("Hint min tier", "The client asked for this level at least."),
    Term("Idempotent replay", "The client sent the same request again, and got the same answer."),
    Term(
        "Impact level",
        "The amount of money in the request is so high that the policy asks for that level.",
        ("impact level 2", "impact level 3"),
    ),
    Term(
        "Interval",
        "The range in which the true figure lies in 95 of 100 such periods, as far as the "
        "assumptions of the method hold.",
        ("intervals",),
    ),
    Term(
        "Kappa",
        "How far a judge agrees with people: 1 is always, 0 is no better than by chance.",
    ),
    Term("Key not found", "Level 1 has no entry for what the user typed, or may not show it."),
    Term(
        "Labels or vectors",
        "What `/analyze`, moderations and embeddings give: no tier is asked, so no answer is made.",
        ("label or vector",),
    ),
    Term("Ladder exhausted", "All tiers that the rules allow were tried."),
    Term(
        "Level",
        "The rank of a tier: 1 is small and fast, 2 is a language model, 3 reasons.",
        ("levels",),
    ),
    Term(
        "List price",
        "A price for each answer that the policy states, whatever the answer used.",
    ),
    Term(
        "Low confidence",
        "Level 1 was less sure of its answer than the policy demands.",
    ),
    Term(
        "Lowest loss allowed",
        "The tier of the lowest expected loss among those that the rules allow.",
    ),
    Term(
        "Moved on",
        "Requests that tried a tier and were answered at a higher level.",
    ),
    Term("Multi factor", "The request asks to weigh several matters against each other."),
    Term(
        "No model",
        "No approved answer fitted and no model was there, so approved words said that there is no "
        "answer.",
    ),
    Term("No passage", "The documents do not answer the question, and words said so."),
    Term("None trusted", "No answer could be trusted, and the policy refuses then."),
    Term(
        "Not ready",
        "The answerer took no calls: it started, had failed too often, or its key was refused.",
    ),
    Term("Nothing better", "No other tier is known to be right more often."),
    Term("Nothing known", "No approved answer was near enough, and approved words said so."),
    Term("Nothing to resolve", "No approved answer fits the request."),
    Term("Novel", "The request is unlike those that the small model of triage has seen."),
    Term(
        "Observed",
        "The model that the client asked for answered; the decision was only recorded.",
    ),
    Term("Only one allowed", "The rules allow no other tier for the request."),
    Term("Outage higher", "A tier failed or was not ready, so a higher one took its place."),
    Term(
        "Outage lower",
        "A tier failed or was not ready, so a lower one took its place, unverified at best.",
    ),
    Term(
        "Outage same level",
        "A tier failed or was not ready, so another one of its level took its place.",
    ),
    Term("Own compute", "Time of the operator's own processors, at the rate that is stated."),
    Term("p50", "Half of the requests took at most this long: the median.", ("median",)),
    Term("p95", "95 of 100 requests took at most this long.", ("95th percentile",)),
    Term("Pinned", "The client named the model that answers."),
    Term("Policy rule", "A rule that the policy names asks for this level."),
    Term(
        "Prior",
        "A chance that the policy assumes for the answers of a level; nobody measured it.",
        ("priors",),
    ),
    Term(
        "Question back",
        "The reply asks for what an answer lacks, or which of several questions was meant.",
        ("questions back",),
    ),
    Term("Quoted", "The nearest approved answers were shown with their sources."),
    Term("Read by rules", "Fields of a text were read by rules, without a model that writes."),
    Term(
        "Reconcile",
        "Correct what was booked by what the provider billed.",
        ("reconciled",),
    ),
    Term(
        "Refused",
        "The gateway would not help with harm, or a limit did not admit the request (a budget, a "
        "rate, what no tier can do), which tables call not admitted.",
        ("not admitted",),
    ),
    Term("Resolver", "The tier's part that looks up approved answers and calls no model."),
    Term(
        "Safe text",
        "Approved words that go out while a person takes a grave matter.",
        ("safe words", "approved safe or held words", "safe answer"),
    ),
    Term(
        "Sample",
        "A second answer to the same request, made to see how far the two agree.",
        ("samples",),
    ),
    Term(
        "Saved",
        "The baseline minus what was spent on the same requests; below zero routing cost more.",
        ("saving", "savings"),
    ),
    Term(
        "Semantic cache hit",
        "A question in other words had been answered before, and that answer was given.",
    ),
    Term(
        "Shadow",
        "An answer of another model that no client saw, made to compare the two.",
        ("shadows", "second answers"),
    ),
    Term("Slot unfilled", "A lookup for the approved answer found no value."),
    Term("Small talk", "A greeting or thanks, answered in approved words."),
    Term("Speculated", "The call was made early, before it was sure to be needed."),
    Term("Strategic", "The request asks for a decision about the future of a firm."),
    Term(
        "Tier",
        "A group of answerers of one level, such as approved answers or a language model.",
        ("tiers",),
    ),
    Term("Time exhausted", "The request had too little time left for another call."),
    Term("Tool loop", "A program's tools are at work, so the tier that began goes on."),
    Term("Triage", "A small model reads each request before anything is decided."),
    Term("Triage degraded", "The small model was not there, so rules alone decided."),
    Term("Unsafe", "Somebody may be in danger, or asks for what may harm."),
    Term(
        "Unverified",
        "No tier could confirm the answer; it went out marked as such.",
    ),
    Term(
        "Warm cache",
        "The provider still has the beginning of the conversation, which makes this tier cheaper.",
    ),
)
"""Lists all terms by name. A term's own form is its name in small letters."""


def terms_in(text: str) -> tuple[Term, ...]:
    """Returns the terms that stand in a text, whole words only; the text may fold anywhere."""
    words = _words(text)
    return tuple(term for term in TERMS if any(_words(form) in words for form in _forms(term)))


def terms_of_page(markup: str) -> tuple[Term, ...]:
    """Returns the terms that stand in what a page shows."""
    shown = [part.rpartition(">")[2] for part in markup.split("<")]
    return terms_in(html.unescape(" ".join(shown)))


def _forms(term: Term) -> tuple[str, ...]:
    return (term.name, *term.forms)


def _words(text: str) -> str:
    """Returns a text as its words in small letters, between single blanks.

    >>> _words("Their p95, at level 1")
    ' their p95 at level 1 '
    """
    plain = "".join(char if char.isalnum() else " " for char in text.lower())
    return f" {' '.join(plain.split())} "
