"""Asks a model to put quoted passages into its own words; the caller checks what it says."""

from __future__ import annotations

from msgspec.structs import replace

from router.types import Answer, Call, Message, Role, Sampling, Work

_REPHRASE = (
    "Answer the question with the facts of these passages, in one to three short sentences. Add "
    "nothing that they do not say.\n\n"
)


async def draft_of(passages: str, name: str, work: Work, call: Call, most_tokens: int) -> Answer:
    """Returns the answer that the model `name` makes of passages. Raises what the call raises."""
    prompt = f"{_REPHRASE}{passages}\n\nQuestion: {work.request.last_user_text}"
    request = replace(
        work.request,
        messages=(Message("user", prompt),),
        sampling=Sampling(temperature=0.0, max_output_tokens=most_tokens),
        stream=False,
    )
    return await call(name, request, Role.REFINE)
