"""Reads the capabilities in policies: our names, and the usual names of other programs.

It knows nothing about requests. `router.routing` finds out which capabilities a request needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator

from router.types import Capability

# OpenAI, OpenRouter, litellm and vLLM use these names in their documents and model lists.
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
    """Returns our capability for a usual name.

    Any other value stays unchanged, so that the error message can show it.

    >>> _by_usual_name("supports_vision"), _by_usual_name("Function-Calling"), _by_usual_name("x")
    (<Capability.IMAGES: 'images'>, <Capability.TOOLS: 'tools'>, 'x')
    """
    if not isinstance(value, str):
        return value
    # Other programs write `supports_vision` or `Function-Calling`.
    name = value.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("supports_")
    return _USUAL_NAMES.get(name, name if name in {*Capability} else value)


CapabilityName = Annotated[Capability, BeforeValidator(_by_usual_name)]


def complete(stated: Iterable[Capability]) -> frozenset[Capability]:
    """Returns the given capabilities and the implied ones: a server with schemas also does JSON.

    >>> sorted(complete([Capability.JSON_SCHEMA]))
    [<Capability.JSON_MODE: 'json_mode'>, <Capability.JSON_SCHEMA: 'json_schema'>]
    """
    capabilities = frozenset(stated)
    return (
        capabilities | {Capability.JSON_MODE}
        if Capability.JSON_SCHEMA in capabilities
        else capabilities
    )
