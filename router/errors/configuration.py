"""Defines the errors of the files and addresses that an operator gives to a command."""

from __future__ import annotations

from msgspec import Struct

from router.errors.base import TiergateError


class Mistake(Struct, frozen=True):
    """Describes one mistake in a policy or plan file; `line` is 1-based, 0 when unknown."""

    file: str
    line: int
    key_path: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        # "(top)" without a line: the file itself is wrong.
        if self.line or not self.key_path.startswith("("):
            place += f": {self.key_path}"
        return f"{place}: found {self.found}; expected {self.expected}"


class PolicyError(TiergateError):
    """Reports all mistakes of a policy at once, so that one start shows every one of them."""

    code = "invalid_policy"
    file_is = "policy"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        count = len(mistakes)
        super().__init__(
            f"{count} mistake{'' if count == 1 else 's'} in the {self.file_is}:\n{lines}"
        )
        self.mistakes = mistakes


class PlanError(PolicyError):
    """Reports all mistakes of a plan (`tiergate plan`) at once."""

    code = "invalid_plan"
    file_is = "plan"


class PriceBookError(PolicyError):
    """Reports all mistakes of a price book at once."""

    code = "invalid_prices"
    file_is = "price book"


class CannotListen(TiergateError):
    """Reports an address that is taken or that this user may not use."""

    code = "cannot_listen"


class ModelFileError(TiergateError):
    """Reports a model file that is missing or corrupt."""

    code = "model_file"


class DeviceMissing(TiergateError):
    """Reports a device that a command asks for and that this machine cannot offer."""

    code = "device_missing"


class TrainingDataError(TiergateError):
    """Reports training data that cannot be used."""

    code = "training_data"


class WorseModel(TiergateError):
    """Reports a model that was fitted again and is worse than the one that it should replace."""

    code = "worse_model"


class ClassifyError(TiergateError):
    """Reports a file of texts that cannot be classified or continued."""

    code = "classify"


class DocumentError(TiergateError):
    """Reports a document, or the store of documents, that cannot be read or written."""

    code = "document"


class RegistryError(TiergateError):
    """Reports a version of a model, or the registry of models, that cannot be read or changed."""

    code = "registry"
