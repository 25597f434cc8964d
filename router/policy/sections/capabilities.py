"""Capabilities as policies write them: our names, and the usual names of other programs.

It knows nothing about requests; `asking` says which capabilities a request needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator

from router.types import Capability

# The names in the documents of OpenAI, OpenRouter, litellm and vLLM, and in their model lists.
_USUAL_NAMES = {
    "vision": Capability.IMAGES,
    "image": Capability.IMAGES,
    "image_input": Capability.IMAGES,
    "multimodal": Capability.IMAGES,
    "tool": Capability.TOOLS,
    "tool_use": Capability.TOOLS,
    "tool_calls": Capability.TOOLS,
    "tool_calling": Capability.TOOLS,
    "tool_choice": Capability.TOOLS,
    "functions": Capability.TOOLS,
    "function_calling": Capability.TOOLS,
    "schema": Capability.JSON_SCHEMA,
    "response_schema": Capability.JSON_SCHEMA,
    "structured_output": Capability.JSON_SCHEMA,
    "structured_outputs": Capability.JSON_SCHEMA,
    "json": Capability.JSON_MODE,
    "json_object": Capability.JSON_MODE,
    "json_output": Capability.JSON_MODE,
    "audio_input": Capability.AUDIO,
    "speech": Capability.AUDIO,
    "file": Capability.FILES,
    "file_input": Capability.FILES,
    "document": Capability.FILES,
    "documents": Capability.FILES,
    "pdf": Capability.FILES,
    "pdf_input": Capability.FILES,
    "logprob": Capability.LOGPROBS,
    "log_probs": Capability.LOGPROBS,
    "top_logprobs": Capability.LOGPROBS,
    "n": Capability.MULTIPLE_CHOICES,
    "choices": Capability.MULTIPLE_CHOICES,
}


def _by_usual_name(value: object) -> object:
    """Our capability for a usual name; any other value unchanged, so that it is refused by name.

    >>> _by_usual_name("supports_vision"), _by_usual_name("Function-Calling"), _by_usual_name("x")
    (<Capability.IMAGES: 'images'>, <Capability.TOOLS: 'tools'>, 'x')
    """
    if not isinstance(value, str):
        return value
    name = value.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("supports_")
    return _USUAL_NAMES.get(name, name if name in {*Capability} else value)


CapabilityName = Annotated[Capability, BeforeValidator(_by_usual_name)]


def complete(stated: Iterable[Capability]) -> frozenset[Capability]:
    """Returns the stated capabilities and those they imply: a server that keeps schemas keeps JSON.

    >>> sorted(complete([Capability.JSON_SCHEMA]))
    [<Capability.JSON_MODE: 'json_mode'>, <Capability.JSON_SCHEMA: 'json_schema'>]
    """
    found = frozenset(stated)
    return found | {Capability.JSON_MODE} if Capability.JSON_SCHEMA in found else found
