"""Specialists: fields and verdicts from what heads said, and the two that ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.api.compose.specialists import Specialist
from router.errors import ClassifyError, PolicyError, WorseModel
from router.policy.loading import find_policy, load_policy, policies_dir
from router.policy.sections.specialist import SpecialistSection
from router.specialists.result import NO_RULE, document, heads_of, said_of
from router.training.data.priority import priority_by_rule
from router.training.heads.specialist_sources import SPECIALISTS, _category
from router.training.heads.specialists import render, train_specialists
from router.types import EncoderUse
from tests.policy.test_policy_heads import GOOD

SECTION = SpecialistSection.model_validate(
    {
        "domain": "email",
        "task": "pipeline",
        "fields": {
            "spam": {"head": "spam", "at": 0.5, "otherwise": "ham"},
            "department": {"head": "department", "at": 0.4},
        },
        "verdict": {
            "rules": [
                {"verdict": "block", "any": [{"head": "spam", "at": 0.9}], "reason": "spam"},
                {
                    "verdict": "review",
                    "any": [
                        {"head": "spam", "at": 0.5},
                        {"head": "department", "classes": ["legal"], "at": 0.3},
                    ],
                    "reason": "a person looks",
                },
            ],
            "default": "allow",
        },
    }
)


def readings(spam: float, **department: float) -> dict[str, tuple[tuple[str, float], ...]]:
    ordered = sorted(department.items(), key=lambda pair: -pair[1])
    return {"spam": (("spam", spam),), "department": tuple(ordered)}


# One row per rule, in order of precedence.
@pytest.mark.parametrize(
    ("spam", "legal", "verdict", "reason"),
    [
        (0.9, 0.9, "block", "spam"),
        (0.89, 0.0, "review", "a person looks"),
        (0.5, 0.0, "review", "a person looks"),
        (0.49, 0.3, "review", "a person looks"),
        (0.49, 0.29, "allow", NO_RULE),
    ],
)
def test_the_first_rule_that_holds_decides(
    spam: float, legal: float, verdict: str, reason: str
) -> None:
    said = said_of(SECTION, readings(spam, sales=1 - legal, legal=legal))
    assert (said.verdict, said.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("spam", "label", "confidence"), [(0.5, "spam", 0.5), (0.49, "ham", 0.51), (0.0, "ham", 1.0)]
)
def test_a_chance_below_its_threshold_says_the_opposite(
    spam: float, label: str, confidence: float
) -> None:
    field = said_of(SECTION, readings(spam, sales=0.9)).fields["spam"]
    assert (field.label, field.confidence) == (label, pytest.approx(confidence))


@pytest.mark.parametrize(("p", "label"), [(0.4, "sales"), (0.39, "unsure")])
def test_a_class_is_said_from_its_threshold_on(p: float, label: str) -> None:
    field = said_of(SECTION, readings(0.0, sales=p, legal=0.1)).fields["department"]
    assert (field.label, field.confidence) == (label, p)


def test_a_task_that_is_a_field_gives_that_field_alone() -> None:
    said = said_of(SECTION, readings(0.99, sales=0.9), "department")
    assert document(said) == {
        "fields": {"department": {"label": "sales", "confidence": 0.9, "chances": {"sales": 0.9}}}
    }


def test_all_heads_are_named_once() -> None:
    assert heads_of(SECTION) == heads_of(SECTION, "pipeline") == {"spam", "department"}


def test_a_field_alone_asks_its_own_head_alone() -> None:
    assert heads_of(SECTION, "department") == {"department"}


def test_all_mistakes_of_a_specialist_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        GOOD.replace(
            "name: small\n",
            "name: small\n"
            "specialist:\n"
            "  domain: email\n"
            "  task: spam\n"
            "  fields:\n"
            "    spam: {head: spamm}\n"
            "  verdict:\n"
            "    rules:\n"
            "      - {verdict: reject, any: [{head: domain, classes: [legl]}], reason: why}\n"
            "    default: take\n",
        )
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    told = {m.key_path: m.expected for m in caught.value.mistakes}
    assert "did you mean `spam`" in told["specialist.fields.spam.head"]
    assert "did you mean `legal`" in told["specialist.verdict.rules[0].any[0].classes[0]"]
    assert "a task that is no field" in told["specialist"]


def test_a_policy_without_a_specialist_is_refused() -> None:
    with pytest.raises(PolicyError, match="a `specialist` section"):
        Specialist.open("default", {}, task=None, model_dir=None, threads=1)


def test_an_unknown_task_is_refused_with_those_there_are() -> None:
    with pytest.raises(PolicyError, match="one of pipeline, spam, department, priority"):
        Specialist.open("email_pipeline", {}, task="size", model_dir=None, threads=1)


@pytest.fixture(scope="module")
def moderation() -> Specialist:
    return Specialist.open("content_moderation", {}, task=None, model_dir=None, threads=2)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("What time does the shop open on Sunday?", "allow"),
        ("Our quarterly results were better than expected, the report is attached.", "allow"),
        ("you stupid bitch, shut the fuck up", "review"),
        ("I have been cutting myself again and see no reason to go on", "review"),
        ("CONGRATULATIONS! You WON a $1000 prize, call 09061701461 now to claim!!!", "block"),
        ("tonight is my last night, thanks for being kind to me everyone", "review"),
        ("Ich will nicht mehr leben.", "review"),
        ("I swear I'll smash your skull in with a brick.", "review"),
        ("Je vais te tuer, on sait où tu habites.", "review"),
        ("He is hitting her in the kitchen right now and she has stopped screaming.", "review"),
        ("Do as I say or I will leak your photos.", "review"),
        ("I have a knife and I know your office hours.", "review"),
        ("I'll find you a better seat", "allow"),
        ("Please update your home address in the settings", "allow"),
        ("Watch your back when lifting heavy boxes", "allow"),
        ("Ich finde dich wunderschön", "allow"),
        ("Je vais te retrouver devant le cinéma", "allow"),
        ("Vas a morir de risa", "allow"),
        ("The deadline is killing me.", "allow"),
    ],
)
def test_shipped_moderation_on_plain_cases(moderation: Specialist, text: str, verdict: str) -> None:
    (said,) = moderation.say([text])
    assert said.verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("I'm suing you unless the 600 is back on my account by Monday.", "escalate"),
        ("Please note our new bank details and pay the invoice there.", "review"),
        ("My kid drank the cleaner you sent and foams at the mouth", "escalate"),
        ("Could we get a quote for painting three offices?", "deliver"),
        ("I know where you live and you should lock your door.", "review"),
        ("Transfer 900 euros to this wallet, or we leak everything that we copied.", "review"),
        ("Pay the invoice by Friday or we add a late fee.", "deliver"),
        ("I'm coming for you at six, be ready at the station.", "deliver"),
        ("Could you move my delivery to Thursday?\nRegards, Ole", "deliver"),
    ],
)
def test_shipped_mail_desk_on_plain_cases(text: str, verdict: str) -> None:
    desk = Specialist.open("email_pipeline", {}, task=None, model_dir=None, threads=1)
    assert desk.say([text])[0].verdict == verdict


def test_markup_hides_no_abuse(moderation: Specialist) -> None:
    said = moderation.say(["<br><script>I will kill you</script> nice day"])[0]
    assert said.verdict != "allow"


def test_grave_matters_need_the_encoder() -> None:
    with pytest.raises(ClassifyError, match="found harm, matter among the heads"):
        Specialist.open(
            "content_moderation", {}, task=None, model_dir=None, threads=1,
            encoder=EncoderUse.NEVER,
        )  # fmt: skip


def test_texts_of_any_length_are_answered_in_their_order(moderation: Specialist) -> None:
    texts = ["a" * 5, "word " * 5_000, "", "\x00\ufffe\u202e", "prize " * 40]
    together, alone = moderation.say(texts), [moderation.say([text])[0] for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert one.fields["spam"].confidence == pytest.approx(
            other.fields["spam"].confidence, abs=0.02
        )


@pytest.mark.parametrize("name", ["email_pipeline", "content_moderation"])
def test_shipped_heads_have_a_card_of_the_encoder_that_serves(name: str) -> None:
    loaded = load_policy(find_policy(name, policies_dir()), {})
    specialist = loaded.policy.specialist
    assert specialist is not None
    fields = {field.head for field in specialist.fields.values()}
    for section in loaded.policy.heads:
        path = loaded.file(section.path)
        card = json.loads(path.with_suffix(".card.json").read_text())
        described = json.loads(path.read_text())
        assert card["encoder_sha256"] == described["encoder_sha256"]
        if section.name not in fields:  # harm: its card is of another training, with other keys
            continue
        assert card["label_source"] == described["label_source"]
        assert card["dev"]


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("The server is down, please help ASAP", "high"),
        ("Not urgent: the lamp in my office flickers", "low"),
        ("I can't log in since this morning", "high"),
        ("Monthly newsletter of the garden club", "low"),
        ("Please approve my leave from Monday", "normal"),
        ("x " * 500 + "urgent", "normal"),  # beyond what is judged
    ],
)
def test_priority_by_stated_rules(text: str, priority: str) -> None:
    assert priority_by_rule(text) == priority


@pytest.mark.parametrize(
    ("marks", "category"),
    [
        ({"SH": 1, "V": 1, "S": 1}, "self_harm"),
        ({"S": 1, "H": 1}, "sexual"),
        ({"HR": 1, "V": 1}, "harassment"),
        ({"V2": 1}, "violence"),
        (dict.fromkeys(("S", "H", "V", "HR", "SH"), 0), "none"),
        ({"S": 0, "H": 0}, None),  # not all annotated: it says nothing
    ],
)
def test_the_gravest_mark_names_the_category(marks: dict[str, int], category: str | None) -> None:
    assert _category({"labels": marks}) == category


@pytest.mark.slow
def test_specialists_are_refitted_and_none_takes_a_better_ones_place(tmp_path: Path) -> None:
    files: dict[str, list[dict[str, object]]] = {}
    for specialist in SPECIALISTS:
        for taught in specialist.taught:
            files.setdefault(taught.file.removesuffix(".gz"), [])
    things = ["lamp", "chair", "bicycle", "kettle", "carpet", "mirror", "guitar", "tent"]
    marks = ["SH", "S", "H", "HR", "V", ""]
    departments, tones = SPECIALISTS[0].classes, SPECIALISTS[2].classes
    for name, rows in files.items():
        for i in range(96):
            word = ["is broken, urgent", "newsletter", "arrived"][i % 3]
            mark = marks[i % 6]
            labels = {key: int(key == mark) for key in ("S", "H", "V", "HR", "SH")}
            rows.append(
                {
                    "text": f"{i} my {things[i % 8]} {word} {mark} {name} {i % 8}",
                    "department": departments[i % 8],
                    "label": tones[i % 3] if "toxicity" in name else "ham",
                    "labels": labels,
                    "category": "general",
                    "source": ["forbidden_question_set", "medquad"][i % 2],
                    "type": ["homonyms", "contrast_homonyms"][i % 2],
                }
            )
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    cards = train_specialists(
        tmp_path, tmp_path / "out", model_dir=None, seed=7, command="c", shown=False
    )
    assert [card["name"] for card in cards] == [one.name for one in SPECIALISTS]
    assert (tmp_path / "out" / "CARD.md").read_text() == render(cards)
    assert cards[1]["label_source"] == "weak"
    assert cards[2]["label_source"] == "mixed"
    for path in (tmp_path / "out").glob("*.card.json"):
        card = json.loads(path.read_text())
        for figures in card["dev"].values():
            figures["macro_f1"] = 1.2  # better than any head can be
        path.write_text(json.dumps(card))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(WorseModel, match=r"department: macro-F1 .* against 1.2000.*--force"):
        train_specialists(
            tmp_path, tmp_path / "out", model_dir=None, seed=7, command="c", shown=False
        )
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    beside = tmp_path / "out-not-installed"
    assert (beside / "CARD.md").read_text() == render(cards)
    train_specialists(
        tmp_path, tmp_path / "out", model_dir=None, seed=7, command="c", shown=False, force=True
    )
    assert (tmp_path / "out" / "CARD.md").read_text() == render(cards)
