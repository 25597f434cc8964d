"""`tiergate models`, used as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from router.cli.commands import app
from router.cli.models.train_head import _warn_of_a_guess, _warn_of_few_rows, _warn_of_mistyped
from router.cli.options import from_registry
from router.errors import RegistryError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERGATE_REGISTRY", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Path("support.json").write_text('{"format": 2}')
    Path("support.npz").write_text("first")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words])


def added(*words: str) -> str:
    result = run("add", "head", "support_head", "support.json", "--json", *words)
    return str(json.loads(result.stdout)["id"])


def test_version_is_added_promoted_and_rolled_back() -> None:
    first = added("--set", "rate=1e-3", "--set", "kind=l2", "--metric", "accuracy=0.9")
    run("promote", first)
    Path("support.npz").write_text("second")
    second = added("--parent", first)
    assert run("promote", second, "--because", "better").stdout == f"{second} is active\n"
    assert run("rollback", "support_head").stdout == f"{first} is active again\n"
    shown = json.loads(run("show", second, "--json").stdout)
    assert (shown["state"], shown["parents"]) == ("retired", [first])
    assert [change["action"] for change in shown["history"]] == ["add", "move"]


@pytest.mark.parametrize(
    ("metrics", "shown"),
    [
        (
            ("accuracy_old=0.8846", "rows_old=52"),
            "accuracy_old 0.8846 (77.0 to 94.6 %, rows_old 52)\n",
        ),
        (("accuracy=0.91", "rows=400"), "accuracy 0.91 (87.8 to 93.4 %, rows 400)\n"),
        (("accuracy=91", "rows=400"), "accuracy 91, rows 400"),
        (("accuracy=0.91",), "accuracy 0.91\n"),
    ],
)
def test_an_accuracy_has_its_interval_where_its_rows_are_known(
    metrics: tuple[str, ...], shown: str
) -> None:
    version = added(*(word for metric in metrics for word in ("--metric", metric)))
    assert shown in run("show", version).stdout


def test_a_state_that_no_version_has_is_told_with_the_command_that_gives_it() -> None:
    made = added()
    active = run("show", "support_head@active")
    assert isinstance(active.exception, RegistryError)
    assert f"; `tiergate models promote {made}` makes that one active" in active.exception.message
    canary = run("show", "support_head@canary")
    assert isinstance(canary.exception, RegistryError)
    assert f"promote {made} --to canary` makes that one canary" in canary.exception.message


def test_a_model_without_a_name_of_a_file_is_refused() -> None:
    refused = run("add", "head", "support_head", "")
    assert refused.exit_code == 2
    assert "found an empty name; expected a file or a folder" in refused.stderr
    here = run("add", "head", "support_head", ".")
    assert isinstance(here.exception, RegistryError)
    assert "found the current folder in place of a file of the head" in here.exception.message


def test_card_names_all_that_was_given() -> None:
    made = added("--set", "rate=0.001", "--metric", "f1=0.5", "--licence", "MIT", "--tag", "eu")
    card = run("show", made).stdout
    for part in (
        "rate 0.001",
        "f1 0.5",
        "MIT",
        "eu",
        "support.npz",
        "sha256 of each file is right",
    ):
        assert part in card


def test_list_shows_the_versions_that_were_asked_for() -> None:
    made = added()
    assert made in run("list").stdout
    assert "no version fits" in run("list", "--state", "canary").stdout
    assert json.loads(run("list", "--kind", "head", "--json").stdout)["name"] == "support_head"


def test_tag_is_set_and_taken() -> None:
    made = added()
    assert run("tag", made, "eu").stdout == f"{made} has the tags eu\n"
    assert run("tag", "support_head@eu", "--drop", "eu").stdout == f"{made} has the tags (none)\n"
    assert run("tag", made).exit_code == 2


def test_removed_version_is_gone() -> None:
    made = added()
    assert run("remove", made).stdout == f"{made} is gone\n"
    assert isinstance(run("show", made).exception, RegistryError)


def test_option_for_a_folder_takes_an_encoder_of_the_registry(folder: Path) -> None:
    (folder / "mine" / "heads").mkdir(parents=True)
    (folder / "mine" / "manifest.json").write_text("{}")
    (folder / "mine" / "heads" / "a.npz").write_text("a")
    run("add", "encoder", "student", "mine", "--tag", "eu")
    found = from_registry(Path("registry:student@eu"))
    assert found is not None
    assert (found / "heads" / "a.npz").read_text() == "a"
    assert from_registry(Path("mine")) == Path("mine")
    head = added()
    with pytest.raises(RegistryError, match="of kind head; expected an encoder"):
        from_registry(Path(f"registry:{head}"))


@pytest.mark.parametrize("words", [("--metric", "f1=good"), ("--set", "rate"), ("--metric", "f1")])
def test_figure_that_is_none_is_refused(words: tuple[str, ...]) -> None:
    assert run("add", "head", "support_head", "support.json", *words).exit_code == 2


def test_tracking_server_that_is_down_only_warns() -> None:
    result = run("add", "head", "h", "support.json", "--mlflow", "http://127.0.0.1:9")
    assert result.exit_code == 0
    assert "the change is made, but not told" in result.stderr


def test_another_base_than_the_adapter_says_is_refused(tmp_path: Path) -> None:
    peft = tmp_path / "peft"
    peft.mkdir()
    (peft / "adapter_config.json").write_text('{"base_model_name_or_path": "Qwen/Qwen2.5-0.5B"}')
    refused = run("add", "adapter", "one", "peft", "--base", "llama-3-8b")
    assert isinstance(refused.exception, RegistryError)
    assert "was trained on Qwen/Qwen2.5-0.5B" in refused.exception.message
    made = json.loads(run("add", "adapter", "one", "peft", "--json").stdout)
    assert made["base"] == "Qwen/Qwen2.5-0.5B"


def test_a_base_that_nothing_can_check_is_noted(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    result = run("add", "adapter", "one", "adapter_config.json", "--base", "mine")
    assert result.exit_code == 0
    assert "its files name no base, so nothing checked --base mine" in result.stderr


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("head", "`tiergate train head`"),
        ("calibrator", "`tiergate train judge`"),
        ("certificate", "`tiergate tune --out`"),
        ("match", "`tiergate train match`"),
        ("adapter", "adapter_config.json"),
        ("encoder", "manifest.json"),
    ],
)
@pytest.mark.parametrize("text", ["", "hello", '{"a": 1}', "[1]"])
def test_a_file_that_is_no_such_model_is_refused(kind: str, expected: str, text: str) -> None:
    Path("other.json").write_text(text)
    refused = run("add", kind, "mine", "other.json")
    assert isinstance(refused.exception, RegistryError)
    assert f"found other.json, which is no {kind}; expected " in refused.exception.message
    assert expected in refused.exception.message
    assert run("list").stdout.startswith("no version yet")


@pytest.mark.parametrize(
    ("accuracy", "auroc", "warned"),
    [(0.194, None, True), (0.28, None, False), (0.15, 0.48, True), (0.15, 0.9, False)],
)
def test_a_head_that_may_only_guess_the_largest_class_is_warned_of(
    capsys: pytest.CaptureFixture[str], accuracy: float, auroc: float | None, warned: bool
) -> None:
    """Of two classes a head that ranks well is of use, though the rare class is never above .5."""
    spans = {"accuracy": (accuracy, 0.9), **({} if auroc is None else {"auroc": (auroc, 0.99)})}
    _warn_of_a_guess({"name": "dept", "intervals": spans, "figures": {"majority": 0.215}})
    said = capsys.readouterr().err
    assert ("dept may be no better than always the largest class" in said) == warned


def test_training_names_classes_of_few_rows(capsys: pytest.CaptureFixture[str]) -> None:
    _warn_of_few_rows({"rows_per_class": {"billing": 20, "returns": 19}})
    said = capsys.readouterr().err
    assert said.startswith("warning: under 20 rows teach 'returns' (19). Their figures may be")
    _warn_of_few_rows({"rows_per_class": {"billing": 20, "returns": 20}})
    assert capsys.readouterr().err == ""
    _warn_of_few_rows({"rows_per_class": {f"c{n}": n for n in range(2, 30)}})
    assert "'c9' (9) and 10 more. Their" in capsys.readouterr().err


def test_training_warns_of_a_class_that_may_be_another_mistyped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _warn_of_mistyped({"rows_per_class": {"remake": 38, "remakes": 2, "level 1": 2, "level 2": 60}})
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "warning: the class 'remakes' has 2 rows; is it 'remake' mistyped (38 rows)? It is learned "
        "as a class of its own."
    ]
