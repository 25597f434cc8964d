"""Makes a policy's specialist ready without a server, from policy, triage model and heads.

It belongs to the composition root. It imports neither tiers nor ledger nor HTTP, so that
classifying a file needs only onnxruntime, tokenizers, numpy, and the packages of the command line
and of policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from router.errors import Mistake, PolicyError
from router.policy.head_files import load_heads
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.sections.specialist import SpecialistSection
from router.specialists.result import Said, heads_of, said_of
from router.triage.batches.config import TriageConfig
from router.triage.bulk import BulkReader
from router.triage.own_heads import OwnHeads
from router.triage.triage_model import DEFAULT_FOLDER, TriageModel
from router.types import Device, EncoderUse

READINGS = {
    EncoderUse.WHEN_NEEDED: "words first",
    EncoderUse.ALWAYS: "whole",
    EncoderUse.NEVER: "words alone",
}
"""Names the way of reading in a state file; version 0.1 wrote the first two."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Holds the facts that results depend on: a run that continues under others would mix them."""

    policy: str
    policy_hash: str
    model_version: str
    task: str
    reading: str  # tells if a first pass of words came before the encoder


class Specialist:
    """Runs one policy's specialist over the triage model; a context manager that owns
    its threads.
    """

    def __init__(
        self,
        loaded: LoadedPolicy,
        section: SpecialistSection,
        model: TriageModel,
        task: str | None,
        threads: int,
        encoder: EncoderUse,
    ) -> None:
        """Takes the loaded parts; use `open` instead."""
        named = [(head, loaded.file(head.path)) for head in loaded.policy.heads]
        own = OwnHeads.of(model.stack.heads, load_heads(named, model.encoder.sha256))
        self._section = section
        self._task = task
        asked = heads_of(section, task)
        config = TriageConfig.of(loaded.policy, own=own, terms=loaded.terms)
        self._reader = BulkReader(model, config, asked, threads, encoder=encoder)
        self.placement = model.encoder.placement
        on_gpu = self.placement.device is Device.CUDA  # its vectors differ in the fourth digit
        self.identity = RunFacts(
            loaded.policy.name,
            loaded.hash,
            model.version,
            task or section.task,
            READINGS[encoder] + (" on a GPU" if on_gpu else ""),
        )
        self.head_files = tuple(
            file for _, path in named for file in (path, path.with_suffix(".npz"))
        )
        self.policy_file = loaded.path

    @classmethod
    def open(
        cls,
        policy: str,
        environ: Mapping[str, str],
        *,
        task: str | None,
        model_dir: Path | None,
        threads: int,
        encoder: EncoderUse = EncoderUse.WHEN_NEEDED,
        device: Device = Device.CPU,
    ) -> Specialist:
        """Opens the specialist of a policy by name or path.

        `encoder` selects the texts that the encoder reads. Raises PolicyError where the policy is
        broken or has no such specialist. Raises ModelFileError where there is no triage model:
        rules read no heads. Raises ClassifyError where a head cannot do without the encoder, and
        DeviceMissing where a GPU is asked for and there is none.
        """
        model = TriageModel.load(model_dir or DEFAULT_FOLDER, device=device)
        path = find_policy(policy, policies_dir())
        loaded = load_policy(path, environ, None, model.encoder.sha256)
        section = loaded.policy.specialist
        if section is None:
            expected = "a `specialist` section: fields from heads, and a verdict"
            raise PolicyError((Mistake(str(path), 0, "specialist", "none", expected),))
        # A single field can be classified as a task of its own.
        tasks = (section.task, *section.fields)
        if task is not None and task not in tasks:
            expected = f"one of {', '.join(tasks)}"
            raise PolicyError((Mistake(str(path), 0, "specialist", repr(task), expected),))
        return cls(loaded, section, model, task, threads, encoder)

    def __enter__(self) -> Specialist:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.__exit__()

    @property
    def early(self) -> int:
        """Returns the number of texts whose words were enough."""
        return self._reader.early

    def say(self, texts: Sequence[str]) -> list[Said]:
        """Returns the result of each text, in the order given."""
        readings = self._reader.read(texts)
        return [said_of(self._section, reading, self._task) for reading in readings]


def bytes_on_disk(specialist: Specialist, model_dir: Path | None) -> dict[str, int]:
    """Returns the bytes that classifying reads from disk: triage model, the policy's
    heads, policy.
    """
    model = model_dir or DEFAULT_FOLDER
    files = [file for file in model.rglob("*") if file.is_file() and file.suffix != ".md"]
    return {
        "model": sum(file.stat().st_size for file in files),
        "heads": sum(file.stat().st_size for file in specialist.head_files),
        "policy": specialist.policy_file.stat().st_size,
    }
