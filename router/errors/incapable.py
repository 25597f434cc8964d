"""Words the refusal of a request that no answerer can take: what it needs, and what to do.

It knows capabilities and sizes; `router.routing` finds out which answerers lack them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from router.errors.answerer import CannotAnswer, NoUsableAnswer
from router.errors.request import NotCapable
from router.types import Capability, Reason, RungFacts, Signals

_ASKS = {
    Capability.TOOLS: "offers tools",
    Capability.IMAGES: "holds images",
    Capability.AUDIO: "holds audio",
    Capability.FILES: "holds files",
    Capability.JSON_SCHEMA: "asks for JSON of a schema",
    Capability.JSON_MODE: "asks for a JSON object",
    Capability.LOGPROBS: "asks for log probabilities",
    Capability.MULTIPLE_CHOICES: "asks for several answers (n)",
}
_WHAT_IS_WRONG = {
    Reason.ANSWER_REFUSED: "it refused to answer",
    Reason.ANSWER_OFF_TOPIC: "its answer says nothing on the matter",
    Reason.ANSWER_GARBLED: "its answer repeats itself or is no language",
    Reason.ANSWER_JUDGED_LOW: "its judge gave the answer too low a score",
    Reason.ANSWER_WITHHELD: "the policy withholds a part of its answer",
}


def lacking(missing: Iterable[Capability], where: str) -> NotCapable:
    """Returns the error of a request that needs what nobody offers; `where` names those asked."""
    needed = sorted(missing)
    found = " and ".join(_ASKS[capability] for capability in needed)
    stated = ", ".join(f"`{capability.value}`" for capability in needed)
    return NotCapable(
        f"This request {found}, which {where} can take. Leave that out, or add {stated} to the "
        "`capabilities` of an answerer whose model can take it (the list names all that it can).",
        missing=tuple(needed),
    )


def without_addresses(refused: NotCapable, reader: str) -> NotCapable:
    """Returns the error with the way out where `reader` takes images or files, but no addresses."""
    return NotCapable(
        f"{refused.message} The answerer {reader} can take it as data, not by its address, since "
        "nothing here fetches what stands at one: send a `data:` URL.",
        missing=refused.missing,
    )


def without_file_ids(refused: NotCapable, reader: str) -> NotCapable:
    """Returns the error with the way out where `reader` takes files, but not by their ids."""
    return NotCapable(
        f"{refused.message} The answerer {reader} takes a file as data, not by its id (`file_id`), "
        "which only the provider knows that gave it: send `file_data`.",
        missing=refused.missing,
    )


def residency_leaves_none(where: str) -> NotCapable:
    """Returns the error of a request whose personal details may go to none of its answerers."""
    return NotCapable(
        "This request has personal details that the policy (privacy.residency) keeps from "
        f"{where}. Leave them out, or ask an answerer that may get them.",
        code="residency",
    )


def context_exceeded(facts: Sequence[RungFacts], signals: Signals, where: str) -> NotCapable:
    """Returns the error of a request that is too long for `facts`; `where` names them to people."""
    roomiest = max(facts, key=lambda f: f.context_tokens)
    tokens = roomiest.read_tokens(signals.input_tokens)
    return NotCapable(
        # Agents know by these first words that they must compact the conversation.
        f"The prompt is too long: about {tokens} tokens, which {where} takes; the "
        f"longest context there is {roomiest.context_tokens}. Shorten it, or state a model's whole "
        "window as `context_tokens` in the policy, or add an answerer that takes more.",
        code="context_length_exceeded",
        param="messages",
    )


def incapable(facts: Sequence[RungFacts], signals: Signals, where: str) -> NotCapable:
    """Returns the error of a request that none of `facts` can take: too long, or it needs more.

    Where one of them lacks nothing but room, the length is what the client can change.
    """
    short = [f for f in facts if not f.missing]
    if short:
        return context_exceeded(short, signals, where)
    return lacking(min(facts, key=lambda f: len(f.missing)).missing, where)


class UnusableAnswer(Struct, frozen=True):
    """Holds why one answer is unusable. `words` say what is wrong with it, "" where `failure` does.

    `cap` is what the answer might have had, in tokens.
    """

    answerer: str
    failure: Reason
    words: str = ""
    cap: int = 0

    def told(self) -> str:
        """Returns a sentence for people.

        >>> UnusableAnswer("mini", Reason.ANSWER_REFUSED).told()
        'Of mini: it refused to answer.'
        """
        words = self.words or _WHAT_IS_WRONG.get(self.failure, "it cannot be used")
        if self.failure is Reason.ANSWER_CUT:
            words = (
                f"it used up its {self.cap} tokens of output, hidden reasoning included, before "
                "its answer was whole"
            )
        return f"Of {self.answerer}: {words}."


def no_usable_answer(
    answers: Sequence[UnusableAnswer] = (), *, shape: bool = False
) -> NoUsableAnswer:
    """Returns the error where every answer is unusable: what is wrong with each, what to change.

    `shape`: a format or a call was asked for.
    """
    # Clients are told not to repeat it by themselves (`x-should-retry: false`).
    change = "relax that demand" if shape else "reword the request"
    again = "the same one would pay for all these answers once more."
    advice = f"Ask another model, or {change}; {again}"
    cut = [answer.answerer for answer in answers if answer.failure is Reason.ANSWER_CUT]
    if cut:
        advice = f"Raise `max_output_tokens` of {' and '.join(cut)} in the policy."
    first = "Every tier that may answer this request gave an unusable answer."
    return NoUsableAnswer(" ".join([first, *[answer.told() for answer in answers], advice]))


def declined_by_all(declined: CannotAnswer) -> NoUsableAnswer:
    """Returns the error where all that may answer a request decline it, the last one so.

    They look answers up or compute them: the same request is declined again.
    """
    said = declined.message[:1].upper() + declined.message[1:].rstrip(".")
    wants_value = declined.reason == Reason.SLOT_UNFILLED
    step = "Send the value in `routing.context`, or ask" if wants_value else "Ask"
    error = NoUsableAnswer(
        f"Nothing that may answer this request has an answer to it. {said}. {step} in other words, "
        "or ask for another model."
    )
    error.declined = True
    return error


def named_is_silent(model: str) -> NoUsableAnswer:
    """Returns the error where the tier or answerer that a client names has nothing to say.

    It looks answers up or computes them, so another try finds no more.
    """
    error = NoUsableAnswer(
        f"{model} has no answer to this request: what it knows and computes does not fit all of "
        "it. Ask for the model `auto`, so that another tier may answer, or ask in other words."
    )
    error.declined = True
    return error


def untrusted_shape(rule: str) -> NoUsableAnswer:
    """Returns the error where an answer keeps its shape and may not go out.

    `rule` is what `exhausted` says; "" where the answerer itself does not vouch for its answer.
    """
    why, advice = (
        "the answerer itself does not vouch for it",
        "add an answerer that is trusted to decide to the policy.",
    )
    if rule:
        why = (
            "nothing could verify it, and the policy lets no unverified answer out in this matter "
            f"(`exhausted: {rule}`)"
        )
        advice = (
            "measure the model (`ability` in the policy), or let `exhausted` say `review`: the "
            "answer then goes out marked unverified, and a person is told."
        )
    return NoUsableAnswer(
        f"The answer keeps the format that was asked for, but {why}. Ask for plain text, or "
        f"{advice}"
    )


def no_trusted_shape() -> NotCapable:
    """Returns the error of a grave matter that needs a shape which only untrusted drafts keep."""
    return NotCapable(
        "This request must go to a reasoning model, and the only ones of this policy are not "
        "trusted to decide (trusted: false): their drafts go to a person, and approved words stand "
        "in, which keep no schema and call no tool. Leave out response_format and the forced tool, "
        "or add an answerer that is trusted at that level to the policy."
    )


_WRITTEN_BY_MODELS = {
    Capability.TOOLS: ("a call of a tool (tool_choice)", "Ask for `tool_choice: auto`"),
    Capability.JSON_SCHEMA: ("JSON (response_format)", "Ask for plain text"),
    None: ("a summary of the conversation", "Begin a new conversation"),
}


def no_model_for_shape(policy: str, missing: Capability | None) -> NotCapable:
    """Returns the error of a request for a call, for JSON, or for a summary (None), that no model
    may write."""
    wanted, otherwise = _WRITTEN_BY_MODELS[missing]
    return NotCapable(
        f"This request demands {wanted}, which only a model can write, and no model of the policy "
        f"{policy} may answer by itself: its answers are approved texts and calculations. "
        f"{otherwise}, or add an answerer with a model to the policy's tiers (`kind: upstream`), "
        "or set `alone: true` on the local one.",
        missing=() if missing is None else (missing,),
    )
