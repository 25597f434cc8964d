"""Opens the base of an adapter: a GGUF file, a folder or a hub's name; in four bits where it can.

A GGUF base is read into full weights for training; the served file stays as it is.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router.errors import DeviceMissing, ModelFileError
from router.errors.installing import pip_install
from router.training.torch_device import torch_device
from router.training.tuning.plan import Method, Modules, Settings
from router.training.tuning.tokens import CHATML
from router.types import Device

EMBEDDED = "embedded"
"""Names the LLM that the gateway serves itself."""
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class Base:
    """Holds an opened base. `gguf` is the served file that it was read from, if any."""

    name: str
    model: Any
    tokenizer: Any
    device: str
    method: Method
    gguf: Path | None = None
    note: str = ""


def settled(method: Method, device: str, *, bitsandbytes: bool, gguf: bool) -> tuple[Method, str]:
    """Returns the method that is used, and why another one is not. Raises DeviceMissing.

    >>> settled(Method.AUTO, "cpu", bitsandbytes=True, gguf=False)[0].value
    'lora'
    """
    if method is Method.LORA:
        return Method.LORA, ""
    if device == "cuda" and bitsandbytes and not gguf:
        return Method.QLORA, ""
    if gguf:
        why = "transformers reads a GGUF base into full weights, which cannot be held in four bits"
    elif not bitsandbytes:
        why = f"four bits need the package bitsandbytes: {pip_install('qlora')}"
    else:
        why = "four bits pay on a GPU; there is none here, and on a processor they only save memory"
    if method is Method.AUTO:
        return Method.LORA, f"plain LoRA: {why}" if device == "cuda" else ""
    if bitsandbytes and not gguf:
        return Method.QLORA, f"{why}; done all the same, since --method qlora asks for it"
    raise DeviceMissing(f"--method qlora: {why}; or leave --method out and train a plain LoRA")


def open_base(name: str, settings: Settings, device: Device) -> Base:
    """Returns the base on its device. Raises ModelFileError and DeviceMissing."""
    import torch

    where = torch_device(device)
    gguf = _gguf_of(name)
    folder = Path(name).is_dir()
    if gguf is None and (
        not (Path(name) / "config.json").is_file()
        if folder
        else name.count("/") != 1 or name[0] in "./~"
    ):
        raise ModelFileError(
            f"--base {name}: found {'no config.json there' if folder else 'no such folder'}; "
            f"expected `{EMBEDDED}`, a .gguf file, a folder with config.json and weights, or a "
            "hub's OWNER/NAME"
        )
    has = importlib.util.find_spec("bitsandbytes") is not None
    method, note = settled(settings.method, where, bitsandbytes=has, gguf=gguf is not None)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    model, tokenizer = _loaded(name, gguf, where, method)
    if not tokenizer.chat_template:
        tokenizer.chat_template = CHATML
    if not tokenizer.is_fast:
        raise ModelFileError(f"--base {name}: expected a fast tokenizer, with offsets")
    for weight in model.parameters():
        weight.requires_grad_(False)
    return Base(name, model.eval(), tokenizer, where, method, gguf, note)


def _gguf_of(name: str) -> Path | None:
    if name == EMBEDDED:
        from router.training.adapter.train import packaged_model

        return packaged_model()
    path = Path(name)
    return path if path.suffix == ".gguf" and path.is_file() else None


def _loaded(name: str, gguf: Path | None, device: str, method: Method) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    from router.training.encoder.precision import has_bfloat16

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    wide = torch.bfloat16 if device == "cuda" or has_bfloat16() else torch.float32
    where = name if gguf is None else str(gguf.parent)
    options: dict[str, Any] = {} if gguf is None else {"gguf_file": gguf.name}
    try:
        # Reading a GGUF shows a bar that no setting of the library turns off.
        with contextlib.redirect_stderr(io.StringIO()):
            tokenizer = AutoTokenizer.from_pretrained(where, **options)
            # The mask of blocks needs an attention that takes any mask.
            options |= {"dtype": wide, "attn_implementation": "sdpa"}
            if method is Method.QLORA:
                options |= {"quantization_config": _four_bits(wide), "device_map": {"": device}}
            model = AutoModelForCausalLM.from_pretrained(where, **options)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[0].rstrip(".")
        raise ModelFileError(
            f"--base {name} cannot be opened: {first}. A hub's name needs a network; a folder "
            "needs config.json, tokenizer.json and weights."
        ) from error
    if method is Method.QLORA:
        _keep_gradients(model)
        return model, tokenizer
    return model.to(device), tokenizer


def _keep_gradients(model: Any) -> None:
    """Turns off bitsandbytes' packing of four-bit layers on a processor with AVX-512.

    A layer that answered once without gradients is packed, and passes none on from then on: after
    the first reading of dev an adapter would train on wrong ones. It also refuses a width that is
    no multiple of 64. A GPU knows no such packing.
    """
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False


def _four_bits(wide: Any) -> Any:
    from transformers import BitsAndBytesConfig

    # As in the paper (Dettmers et al. 2023): normal floats, and the scales quantized too.
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=wide,
    )


def with_adapter(base: Base, settings: Settings) -> Any:
    """Returns the base with a LoRA, of which only the matrices learn: a new one, or an earlier one.

    Raises ModelFileError for an earlier one that does not fit.
    """
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    torch.manual_seed(settings.seed)
    model = base.model
    if base.method is Method.QLORA:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if settings.start:
        try:
            adapted = PeftModel.from_pretrained(model, settings.start, is_trainable=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelFileError(
                f"--start {settings.start} does not fit the base: {str(error).splitlines()[0]}"
            ) from error
    else:
        adapted = get_peft_model(
            model,
            LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules=target_modules(base.model, settings.modules),
                task_type="CAUSAL_LM",
            ),
        )
    return adapted.to(base.device) if base.method is Method.LORA else adapted


def as_started(settings: Settings) -> Settings:
    """Returns the settings with rank and alpha of the adapter to go on from.

    Raises ModelFileError for a folder without one.
    """
    if not settings.start:
        return settings
    file = Path(settings.start) / "adapter_config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        return replace(settings, rank=int(config["r"]), alpha=int(config["lora_alpha"]))
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileError(
            f"--start {settings.start}: {file.name} cannot be read there; expected the folder "
            "`peft` of an earlier training"
        ) from error


def without_adapter(model: Any) -> None:
    """Takes the LoRA out again, so that another one can start from the same base."""
    model.unload()


def target_modules(model: Any, modules: Modules) -> list[str] | str:
    """Returns the layers by their usual names, or all linear ones of a base with other names."""
    last = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    wanted = ATTENTION if modules is Modules.ATTENTION else (*ATTENTION, *FEED_FORWARD)
    return list(wanted) if set(wanted) <= last else "all-linear"
