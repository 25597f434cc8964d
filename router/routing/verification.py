"""Estimates the chance that *this* answer is right. Pure.

An answer's own signals (does it parse, does it refuse, how sure was the model of its tokens) are
worth more than any prediction from the prompt. Structure is checked first: an answer that breaks
the promised schema or calls a tool that was not offered is wrong whatever its log-probabilities.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.policy.parsing.code_fence import without_fence
from router.policy.parsing.json_schema import schema_faults
from router.routing.answers.answer_checks import SHORT_WORDS, content_failure
from router.routing.answers.answer_faults import Fault, fault_of
from router.routing.answers.strict_json import strict_json
from router.routing.answers.unwilling import knows_nothing, refuses
from router.stats.answer_head import AnswerHead
from router.stats.answer_signals import Reading
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    JsonText,
    Reason,
    Rung,
    ToolCall,
    VerifyMode,
)

PREFIX_TOKENS = 32
"""The tokens of an answer that `verify: prefix` judges: enough to show a refusal or garbage, and a
fifth of a second at 150 tokens/s."""


LEAST_LOGPROB = -20.0
"""Log-probabilities below this (OpenAI writes -9999 for none) say no more than that."""


class AnswerCalibration(Struct, frozen=True):
    """Holds the weights that make a chance of an answer's log-probabilities.

    p = sigma(w0 + w_prior·logit(p_rung) + w_mean·mean_logprob + w_min·min_logprob). The weights are
    fitted per model on n graded answers (`tiergate train ability`).
    """

    w0: float
    w_prior: float
    w_mean: float
    w_min: float
    n: int


AnswerReader = AnswerCalibration | AnswerHead
"""Gives an answer's chance: the fit of log-probabilities, or a trained head of answers."""


class Verification(Struct, frozen=True):
    """Holds the chance `p` that an answer is right, 0..1, and in `failure` why it is unusable."""

    p: float
    failure: Reason | None
    source: str  # match | answer | head | samples | structure | judge | rung
    tokens: int = 0  # log-probabilities read
    mean_logprob: float = 0.0
    min_logprob: float = 0.0
    fault: Fault | None = None  # what is wrong with an answer that breaks its structure


def verify(
    answer: Answer,
    request: ChatRequest,
    rung: Rung,
    mode: VerifyMode,
    reader: AnswerReader | None,
    *,
    grave: bool = False,
) -> Verification:
    """Returns the verdict on one answer. Mode `none` checks only the promised structure.

    Only mode `full` reads what the text says, since a stream and a whole answer must get the same
    verdict. The answer to a `grave` matter must be about it. A head of answers judges whole answers
    in plain text; other answers of its answerer have the rung's chance.
    """
    failure = structure_failure(answer, request)
    if failure is not None:
        fault = fault_of(answer, request) if failure is Reason.ANSWER_INVALID else None
        return Verification(0.0, failure, "structure", fault=fault)
    if answer.approved:
        return Verification(rung.p if answer.p is None else answer.p, None, "match")
    if answer.judged is not None and answer.judged.low:
        return Verification(0.0, Reason.ANSWER_JUDGED_LOW, "judge")
    if mode is not VerifyMode.NONE and _gives_up(answer.choices[0]):
        return Verification(0.0, Reason.ANSWER_REFUSED, "structure")
    if mode is VerifyMode.FULL and _in_prose(answer, request):
        text, question = answer.choices[0].text, request.last_user_text
        failure = content_failure(text, question, grave=grave)
        if failure is not None:
            return Verification(0.0, failure, "structure")
    if answer.p is not None:
        return Verification(answer.p, None, "answer")
    tokens = answer.choices[0].logprobs
    if mode is VerifyMode.PREFIX:
        tokens = tokens[:PREFIX_TOKENS]
    logprobs = [max(t.logprob, LEAST_LOGPROB) for t in tokens if t.logprob <= 0.0]
    mean, least = (sum(logprobs) / len(logprobs), min(logprobs)) if logprobs else (0.0, 0.0)
    if isinstance(reader, AnswerHead):
        if mode is not VerifyMode.FULL or not _in_prose(answer, request):
            return Verification(rung.p, None, "rung")
        p = reader(_reading(answer.choices[0].text, request, mean, least))
        return Verification(p, None, "head", len(logprobs), mean, least)
    measured = reader is not None and answer.adapter is None  # fitted on the bare model
    if mode is VerifyMode.NONE or reader is None or not measured or not logprobs:
        return Verification(rung.p, None, "rung")
    p = _calibrated(rung.p, mean, least, reader)
    return Verification(p, None, "answer", len(logprobs), mean, least)


def judged_by_samples(
    judged: Verification, texts: Sequence[str], request: ChatRequest, reader: AnswerReader | None
) -> Verification:
    """Returns the verdict on an answer after further samples; the answer is the first text.

    A head of answers that learned from samples weighs them. Elsewhere samples that differ lower the
    chance in proportion.
    """
    if isinstance(reader, AnswerHead) and reader.reads_samples and judged.source == "head":
        reading = _reading(texts[0], request, judged.mean_logprob, judged.min_logprob, texts[1:])
        return replace(judged, p=reader(reading))
    # What was read in the answer stays so: samples that agree are no evidence of their own.
    source = judged.source if judged.source in ("head", "answer") else "samples"
    return replace(judged, p=judged.p * agreement(texts), source=source)


def _reading(
    text: str, request: ChatRequest, mean: float, least: float, samples: Sequence[str] = ()
) -> Reading:
    return Reading(request.last_user_text, text, mean, least, tuple(samples))


def one_call(answer: Answer, request: ChatRequest) -> Answer:
    """Returns the answer, with only its first tool call where the client forbade parallel ones.

    Some upstreams do not know `parallel_tool_calls`; the model asks again for what it still wants.
    """
    if request.parallel_tool_calls is not False:
        return answer
    choices = tuple(replace(c, tool_calls=c.tool_calls[:1]) for c in answer.choices)
    return replace(answer, choices=choices)


def bare_json(answer: Answer, request: ChatRequest) -> Answer:
    """Returns the answer without the code fence around JSON that the client asked for.

    Many models write one, and a program that reads JSON fails on it. Text with citations stays:
    they name places in it.
    """
    if request.response_format.kind == "text":
        return answer
    choices = tuple([_bare(choice) for choice in answer.choices])
    return answer if choices == answer.choices else replace(answer, choices=choices)


def _bare(choice: Choice) -> Choice:
    bare = without_fence(choice.text)
    if bare == choice.text or choice.citations or not _is_json(bare):
        return choice
    return replace(choice, text=bare)


def _is_json(text: str) -> bool:
    try:
        strict_json(text)
    except (ValueError, RecursionError):
        return False
    return True


def structure_failure(answer: Answer, request: ChatRequest) -> Reason | None:
    """Returns why the answer breaks the promised structure, None when it keeps it.

    What the cap of output cut says nothing about the model's sense of format.
    """
    failure = _broken(answer, request)
    cut = failure is Reason.ANSWER_INVALID and ends_short(answer)
    return Reason.ANSWER_CUT if cut else failure


def ends_short(answer: Answer | None) -> bool:
    """Returns True when the cap of output ended an answer, the client's or the answerer's."""
    return answer is not None and any(c.finish_reason == "length" for c in answer.choices)


def _broken(answer: Answer, request: ChatRequest) -> Reason | None:
    if not answer.choices:
        return Reason.ANSWER_INVALID
    for choice in answer.choices:
        # A filter that cut an answer half-way through refuses as much as one that lets out nothing.
        if choice.refusal or choice.finish_reason == "content_filter":
            return Reason.ANSWER_REFUSED
        silent = not choice.text.strip() and not choice.tool_calls
        # After a tool's result Claude may have nothing to add, and says that its turn is over. What
        # a user asks after the result is due an answer.
        if silent and not (choice.ended and request.only_results_wait):
            return Reason.ANSWER_INVALID
        if request.tool_choice is not None and not _chosen(choice, request.tool_choice):
            return Reason.ANSWER_INVALID
        if choice.tool_calls:
            if any(not _valid_call(call, request) for call in choice.tool_calls):
                return Reason.ANSWER_INVALID
        elif not _valid_format(choice, request):
            return Reason.ANSWER_INVALID
    return None


def cut_by_client(answer: Answer, request: ChatRequest, own_cap: int) -> bool:
    """Returns True when nothing is wrong but that the client's own bounds ended the answer.

    The finish reason then tells the client so. `own_cap` is the answerer's own cap in tokens, for
    which the client did not ask.
    """
    cut = [_cut(choice, request, own_cap) for choice in answer.choices]
    others = tuple(choice for choice, was in zip(answer.choices, cut, strict=True) if not was)
    return any(cut) and (
        not others or structure_failure(replace(answer, choices=others), request) is None
    )


def _cut(choice: Choice, request: ChatRequest, own_cap: int) -> bool:
    """Returns True when the client's cap cut a choice, or a stop text ended it at its start."""
    asked = request.sampling.max_output_tokens
    if choice.finish_reason == "length" and asked is not None and asked <= own_cap:
        offered = {tool.name for tool in request.tools}
        return all(call.name in offered for call in choice.tool_calls)
    plain = request.response_format.kind == "text" and not request.tools
    stopped = choice.finish_reason == "stop" and bool(request.sampling.stop)
    return plain and stopped and not choice.text.strip()


def agreement(texts: Sequence[str]) -> float:
    """Returns how far the first text agrees with the others: the mean overlap in words, 0..1.

    The overlap of two texts is Jaccard's: `agreement(["a b", "a b", "a c"])` is (1 + 1/3) / 2.
    It lowers a chance and never raises one, being no calibrated quantity itself.
    """
    first, *others = (frozenset(text.lower().split()) for text in texts)
    if not others:
        return 1.0
    overlaps = [len(first & other) / max(1, len(first | other)) for other in others]
    return sum(overlaps) / len(overlaps)


def _calibrated(p_rung: float, mean: float, least: float, c: AnswerCalibration) -> float:
    bounded = min(max(p_rung, 1e-4), 1.0 - 1e-4)
    z = c.w0 + c.w_prior * math.log(bounded / (1 - bounded)) + c.w_mean * mean + c.w_min * least
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, z))))


def _in_prose(answer: Answer, request: ChatRequest) -> bool:
    """Returns True when the answer's text is free: no format was asked for and no tool is called.

    A client that caps the answer at a few words asks for a short one.
    """
    cap = request.sampling.max_output_tokens
    asked = request.response_format.kind == "text" and (cap is None or cap > SHORT_WORDS)
    return asked and not answer.calls_tools


def _gives_up(choice: Choice) -> bool:
    return not choice.tool_calls and (refuses(choice.text) or knows_nothing(choice.text))


def _chosen(choice: Choice, tool_choice: JsonText) -> bool:
    """Returns True when tools are called as `tool_choice` says: none, some, or the named one."""
    called = {call.name for call in choice.tool_calls}
    wanted = json.loads(tool_choice)
    if isinstance(wanted, dict):
        return called == {str(wanted["function"]["name"])}
    return {"auto": True, "none": not called}.get(wanted, bool(called))


def _valid_call(call: ToolCall, request: ChatRequest) -> bool:
    tool = next((t for t in request.tools if t.name == call.name), None)
    if tool is None:
        return False
    if tool.custom is not None:  # free text, which some models write without the JSON around it
        return bool(call.arguments)
    try:
        arguments = strict_json(call.arguments or "{}")
    except (ValueError, RecursionError):  # the latter: a model that opens brackets without end
        return False
    return isinstance(arguments, dict) and _fits_schema(arguments, tool.parameters)


def _valid_format(choice: Choice, request: ChatRequest) -> bool:
    wanted = request.response_format
    if wanted.kind == "text":
        return True
    try:
        value = strict_json(choice.text)
    except (ValueError, RecursionError):
        return False
    if wanted.kind == "json_object":
        return isinstance(value, dict)
    return _fits_schema(value, wanted.schema or "{}")


def _fits_schema(value: object, schema: str) -> bool:
    """Returns True when the value fits. A schema that is itself broken counts as met."""
    return schema_faults(value, JsonText(schema or "{}")) == ()
