"""Adapters on a tiny random base: losses by hand, packing, and real trainings of a few steps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

import torch

from router.errors import ModelFileError, TrainingDataError
from router.training.tuning import losses
from router.training.tuning.adapter import Request, tune_adapter
from router.training.tuning.bases import Base, open_base, with_adapter, without_adapter
from router.training.tuning.chats import material
from router.training.tuning.plan import Criteria, Method, Modules, Objective, Phase, Settings
from router.training.tuning.tokens import Mask, examples
from router.types import Device
from tests.kits.tiny_llm import chat_row, pair_row, write_base

pytestmark = pytest.mark.train

SETTINGS = Settings(rank=2, alpha=4, longest=96, row_tokens=96, threads=1, measured=1)
ROWS = [
    *[chat_row(f"q{n}", "yes, it is", split="train") for n in range(6)],
    *[chat_row(f"d{n}", "yes, it is", split="dev") for n in range(2)],
    chat_row("t0", "yes, it is", split="test"),
    *[pair_row(f"p{n}", "yes, it is", "no, never", split="train") for n in range(4)],
    pair_row("p8", "yes, it is", "no, never", split="dev"),
    pair_row("p9", "yes, it is", "no, never", split="test"),
]
GENERAL = [chat_row(f"g{n}", "hello there", split="train") for n in range(8)]
PHASE = Phase("answers", steps=8, learning_rate=0.02, evaluate_every=4, warm_up=1, replay=0.0)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def base(tiny: Path) -> Base:
    return open_base(str(tiny), SETTINGS, Device.CPU)


def asked(tiny: Path, out: Path, *phases: Phase, **more: object) -> Request:
    return Request(
        material(ROWS, {"rows.jsonl": "0"}, "rows"),
        phases or (PHASE,),
        str(tiny),
        out,
        tuple(material(GENERAL, {}, "general").train.chats),
        settings=SETTINGS,
        **more,  # type: ignore[arg-type]
    )


def quiet(_: str) -> None:
    """Says nothing."""


def test_dpo_loss_by_hand() -> None:
    policy = torch.tensor([[-10.0, -12.0], [-8.0, -6.0]])
    reference = torch.tensor([[-11.0, -11.0], [-8.0, -7.0]])
    # Gains are 2 and -1; with beta .5: -log sigmoid(1) = .31326, -log sigmoid(-.5) = .97408.
    assert losses.dpo_loss(policy, reference, 0.5).item() == pytest.approx(0.64367, abs=1e-5)


def test_dpo_loss_of_the_reference_itself_is_the_log_of_two() -> None:
    both = torch.tensor([[-3.0, -4.0]])
    assert losses.dpo_loss(both, both, 0.1).item() == pytest.approx(0.693147, abs=1e-6)


def test_distillation_loss_by_hand() -> None:
    batch = losses.PaddedBatch(
        *(torch.zeros(0) for _ in range(5)),
        owner=torch.tensor([0, 0]),
        weights=torch.tensor([1.0]),
    )
    teacher = torch.tensor([[0.5, 0.5], [1.0, 0.0]]).clamp_min(1e-9).log()
    student = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    # .5 log 2 + .5 log (2/3) = .14384 and log 2 = .69315; their mean is .41850.
    assert losses.distillation_loss(student, teacher, batch).item() == pytest.approx(
        0.41850, abs=1e-4
    )
    assert losses.distillation_loss(teacher, teacher, batch).item() == 0.0


def test_a_packed_example_has_the_loss_it_has_alone(base: Base) -> None:
    rows = material(ROWS, {}, "rows").train.chats[:3]
    made = examples(base.tokenizer, rows, Mask.ASSISTANT, 96)
    model = base.model.float()
    with torch.no_grad():
        together = losses.batch_of(made, 10_000)
        assert len(together.tokens) == 1
        packed = losses.sums(losses.token_logprobs(model, together), together)
        alone = []
        for one in made:
            batch = losses.batch_of([one], 96)
            alone.append(losses.sums(losses.token_logprobs(model, batch), batch)[0])
    assert torch.allclose(packed, torch.stack(alone), atol=1e-4)


def test_the_loss_is_that_of_transformers(base: Base) -> None:
    chat = material(ROWS, {}, "rows").train.chats[:1]
    made = examples(base.tokenizer, chat, Mask.ASSISTANT, 96)
    model = base.model.float()
    batch = losses.batch_of(made, 96)
    labels = torch.tensor(
        [
            [
                token if learned else -100
                for token, learned in zip(one.tokens, one.learned, strict=True)
            ]
            for one in made
        ]
    )
    with torch.no_grad():
        ours = losses.sft_loss(losses.token_logprobs(model, batch), batch)
        theirs = model(input_ids=torch.tensor([made[0].tokens]), labels=labels).loss
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-4)


def test_a_row_of_half_the_weight_counts_half(base: Base) -> None:
    rows = material(ROWS, {}, "rows").train.chats[:2]
    made = examples(base.tokenizer, [replace(rows[0], weight=0.5), rows[1]], Mask.ASSISTANT, 96)
    batch = losses.batch_of(made, 200)
    logprobs = torch.zeros(len(batch.owner))
    logprobs[batch.owner == 0] = -3.0
    count = [(batch.owner == number).sum().item() for number in (0, 1)]
    wanted = 3.0 * 0.5 * count[0] / (0.5 * count[0] + count[1])
    assert losses.sft_loss(logprobs, batch).item() == pytest.approx(wanted, abs=1e-5)


def test_answers_then_preferences_make_an_adapter_with_a_card(tiny: Path, tmp_path: Path) -> None:
    preferences = Phase(
        "preferences", Objective.DPO, steps=6, learning_rate=0.02, evaluate_every=3, replay=0.2
    )
    card = tune_adapter(asked(tiny, tmp_path, replace(PHASE, replay=0.3), preferences), quiet)
    domain = card["figures"]["domain"]  # type: ignore[index]
    assert domain["adapter"]["loss"] < domain["base"]["loss"]
    assert domain["adapter"]["pair_margin"] > domain["base"]["pair_margin"]
    (change,) = domain["change"]["loss"]
    assert change == pytest.approx(domain["adapter"]["loss"] - domain["base"]["loss"], abs=2e-4)
    assert (domain["counted"]["loss"], card["answers_seen"]) == (1, 2)
    assert (tmp_path / "peft" / "adapter_model.safetensors").is_file()
    assert (tmp_path / "adapter.gguf").read_bytes()[:4] == b"GGUF"
    assert json.loads((tmp_path / "card.json").read_text("utf-8"))["judged_on"] == "test"
    assert "| domain: nats per token" in (tmp_path / "CARD.md").read_text("utf-8")


def test_peft_reads_what_was_written(tiny: Path, tmp_path: Path, base: Base) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    tune_adapter(asked(tiny, tmp_path), quiet)
    plain = AutoModelForCausalLM.from_pretrained(str(tiny)).float()
    tokens = torch.tensor([[5, 6, 7]])
    before = plain(input_ids=tokens).logits.detach()
    after = PeftModel.from_pretrained(plain, str(tmp_path / "peft"))(input_ids=tokens).logits
    assert not torch.allclose(before, after, atol=1e-3)


def test_the_best_step_is_kept_and_waiting_ends(tiny: Path, tmp_path: Path) -> None:
    # A rate so high that dev only gets worse.
    wild = replace(PHASE, steps=40, learning_rate=1.0, evaluate_every=1, patience=2)
    report = tune_adapter(asked(tiny, tmp_path, wild), quiet)["phases"][0]  # type: ignore[index]
    losses_by_step = [loss for _, loss in report["dev"]]
    assert report["steps"] < 40
    assert report["figures"]["dev_loss"] == pytest.approx(min(losses_by_step), abs=1e-4)


def test_a_phase_that_misses_its_aim_ends_the_training(tiny: Path, tmp_path: Path) -> None:
    first = replace(PHASE, steps=2, until=Criteria(dev_loss_at_most=0.01))
    card = tune_adapter(asked(tiny, tmp_path, first, replace(PHASE, name="later")), quiet)
    assert card["skipped_phases"] == ["later"]
    assert "dev_loss_at_most" in card["phases"][0]["missed"][0]  # type: ignore[index]


def test_the_same_seed_gives_the_same_adapter(tiny: Path, tmp_path: Path) -> None:
    digests = [
        tune_adapter(asked(tiny, tmp_path / name), quiet)["files"]["adapter.gguf"]  # type: ignore[index]
        for name in ("one", "two")
    ]
    assert digests[0] == digests[1]


def test_a_base_can_be_tried_again_after_its_adapter_is_taken_out(base: Base) -> None:
    before = {name for name, _ in base.model.named_parameters()}
    without_adapter(with_adapter(base, SETTINGS))
    assert {name for name, _ in base.model.named_parameters()} == before


def test_all_layers_can_learn(base: Base) -> None:
    model = with_adapter(base, replace(SETTINGS, modules=Modules.ALL))
    assert any("gate_proj.lora_A" in name for name, _ in model.named_parameters())


def test_a_search_tries_the_given_settings_first(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    card = tune_adapter(asked(tiny, tmp_path, search_minutes=0.02), quiet)
    searched = card["search"]
    assert isinstance(searched, dict)
    assert searched["trials"] >= 1
    assert card["settings"]["rank"] == searched["best"]["rank"]  # type: ignore[index]


def test_preferences_without_pairs_are_refused(tiny: Path, tmp_path: Path) -> None:
    request = asked(tiny, tmp_path, Phase("p", Objective.DPO))
    with pytest.raises(TrainingDataError, match="no pairs"):
        tune_adapter(replace(request, material=material(ROWS[:8], {}, "rows")), quiet)


@pytest.mark.parametrize("objective", [Objective.SFT, Objective.DPO])
def test_rows_that_are_all_too_long_are_refused(
    tiny: Path, tmp_path: Path, objective: Objective
) -> None:
    request = asked(tiny, tmp_path, Phase("p", objective))
    short = replace(request, settings=replace(SETTINGS, longest=2))
    with pytest.raises(TrainingDataError, match="longer than 2 tokens"):
        tune_adapter(short, quiet)


def test_a_base_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="expected `embedded`"):
        open_base(str(tmp_path / "nothing"), SETTINGS, Device.CPU)
    with pytest.raises(ModelFileError, match=r"found no config\.json there"):
        open_base(str(tmp_path), SETTINGS, Device.CPU)


def test_four_bits_pass_the_same_gradients_on_after_a_reading(tmp_path: Path) -> None:
    """bitsandbytes packs layers that answered without gradients, where a processor has AVX-512."""
    pytest.importorskip("bitsandbytes")
    folder = write_base(tmp_path / "base", width=64)
    settings = replace(SETTINGS, method=Method.QLORA)
    base = open_base(str(folder), settings, Device.CPU)
    model = with_adapter(base, settings)
    tokens = torch.arange(40)[None]

    def gradients() -> list[torch.Tensor]:
        model.train()
        model.zero_grad()
        model(input_ids=tokens, labels=tokens).loss.backward()
        return [p.grad.clone() for p in model.parameters() if p.grad is not None]

    first = gradients()
    model.eval()
    with torch.no_grad():
        model(input_ids=tokens)
    for before, after in zip(first, gradients(), strict=True):
        assert torch.allclose(before, after, atol=1e-6)


def test_a_base_in_four_bits_learns(tmp_path: Path) -> None:
    """On a processor, where four bits only save memory: the same code runs on a GPU."""
    pytest.importorskip("bitsandbytes")
    folder = write_base(tmp_path / "base", width=64)
    settings = replace(SETTINGS, method=Method.QLORA)
    request = replace(asked(folder, tmp_path / "out"), settings=settings)
    card = tune_adapter(request, quiet)
    assert card["base"]["method"] == "qlora"  # type: ignore[index]
    domain = card["figures"]["domain"]  # type: ignore[index]
    assert domain["adapter"]["loss"] < domain["base"]["loss"]
