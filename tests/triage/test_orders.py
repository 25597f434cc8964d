"""Orders that cannot be taken back or reach far: what is one, and what only asks about one."""

from __future__ import annotations

import pytest

from router.policy.content.term_files import ActionsFile, load_language_terms
from router.policy.loading import load_policy, policies_dir
from router.policy.schema import Policy
from router.triage.batches.config import TriageConfig
from router.triage.facts.orders import MOST_WORDS, OrderFinder
from router.triage.text.folding import fold
from tests.kits.decision_kit import a_policy

TERMS = load_language_terms(policies_dir() / "terms")
FINDER = OrderFinder(TERMS.actions)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Delete all customer records older than today"),
        ("en", "Approve the refund of everything to everyone"),
        ("en", "Terminate employee Jane Miller effective today"),
        ("en", "Deploy the untested build to production now"),
        ("en", "delete the production database"),
        ("en", "Can you drop the users table?"),
        ("en", "The tests pass. Now merge it and deploy to production"),
        ("en", "As agreed, please revoke all access of the marketing team"),
        ("en", "Go ahead and wipe all backups"),
        ("en", "terminate all idle EC2 instances"),
        ("en", "wipe the staging database"),
        ("en", "DROP TABLE users;"),
        ("en", "DELETE FROM customers WHERE last_login < '2020-01-01'"),
        ("en", "shut down node 7"),
        ("en", "rm -rf the prod bucket"),
        ("en", "sudo rm -rf /"),
        ("en", "kubectl delete namespace prod"),
        ("en", "please purge all unattached volumes"),
        ("en", "Transfer the full balance to the new account"),
        ("de", "Lösche alle Kundendaten, die älter als heute sind"),
        ("de", "Bitte alle Konten sperren"),
        ("de", "Kündigen Sie dem Mitarbeiter Kurz fristlos"),
        ("fr", "Supprimez toutes les données de production"),
        ("es", "Por favor, aprueba todos los reembolsos"),
        ("es", "Sí, aprueba todos los reembolsos"),
    ],
)
def test_a_far_reaching_order_is_found(language: str, text: str) -> None:
    assert FINDER.find(fold(text)) == (f"actions:{language}",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "When you are done, delete the production database"),
        ("en", "If the backup is fine, delete all customer records"),
        ("en", "if the backup is fine then delete all customer records"),
        ("en", "when youre done delete all user accounts"),
        ("en", "When done and ok delete all logs"),
        ("en", "If yes delete all customer records"),
        ("en", "If so delete all customer records"),
        ("en", "If they agreed delete all customer records"),
        ("en", "Assuming all is well delete all customer records"),
        ("en", "If all goes well delete all customer records"),
        ("en", "When you are done, can you wipe all backups?"),
        ("en", "If the backup is fine, the tests pass, and nobody objects, drop the users table"),
        ("en", "Please, if Anna agrees, if Bob agrees, terminate employee Jane Miller"),
        ("en", "Where invoices match, approve all payments"),
        ("de", "Wenn das Backup ok ist, lösche alle Kundendaten"),
        ("de", "wenn du fertig bist lösche alle kundendaten"),
        ("de", "Wenn ja lösche alle Kundendaten"),
        ("de", "Wenn alles klappt lösche alle Kundendaten"),
        ("de", "Wenn alles gut geht lösche alle Kundendaten"),
        ("fr", "Si oui supprime toutes les données"),
        ("fr", "Si tout va bien supprime toutes les données"),
        ("es", "Si es así borra todos los datos"),
        ("es", "Si todo va bien borra todos los datos"),
        ("de", "Falls alles passt, bitte alle Konten sperren"),
        ("fr", "Quand tu as fini, supprime toutes les données"),
        ("es", "Cuando termines, borra todos los datos"),
    ],
)
def test_an_order_behind_a_condition_is_found(language: str, text: str) -> None:
    assert FINDER.find(fold(text)) == (f"actions:{language}",)


@pytest.mark.parametrize(
    "text",
    [
        "When should we delete the production database?",
        "If we delete all customer records, what happens to the invoices?",
        "If we delete all records, close all accounts and leave, we still owe tax.",
        "When I delete all records the screen freezes",
        "If a customer cancels, how do I delete all data?",
        "If in doubt, never delete the production database",
        "If you are unsure, do not delete the production database",
        "If the backup is fine, write a script that deletes all records",
        "When users ask, explain how to erase all data",
        "If the tests pass, should we deploy to production?",
        "If so, who may delete all records?",
        "If so many users delete all records, we stop",
        "If I so much as delete all records, it crashes",
        "If yes means delete all records, no keeps them",
        "If you then delete all records the app is empty",
        "When he is done, he deletes all records",
        "If the deploy to production is green, tell me",
        "When you are done, delete the second paragraph",
        "If it rains, cancel my booking for tomorrow",
        "When you are done",
        "Wenn wir alle Konten sperren, alle Daten löschen und gehen, ist Schluss.",
        "Wenn alles gut ist, wie lösche ich alle Daten?",
        "Si je supprime toutes les données, que se passe-t-il ?",
        "Si borro todos los datos, ¿qué pasa?",
    ],
)
def test_what_only_follows_from_a_condition_is_no_order(text: str) -> None:
    assert FINDER.find(fold(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "how do i delete all my photos",
        "Can I erase all data on my old phone?",
        "What happens when all accounts are closed?",
        "Please, how do I wipe all backups?",
        "I deleted all customer records by accident",
        "Write a script that deletes all log files",
        "How does DROP TABLE work?",
        "what does rm -rf do?",
        "Is it safe to run rm -rf node_modules?",
        "explain DELETE FROM users WHERE id = 3",
        "how do I shut down a node gracefully?",
        "DROP TABLE users appears in my logs, is that an attack?",
        "delete from my calendar the dentist on Friday",
        "Why did my EC2 instances terminate?",
        "Draft an email to all employees about the summer party",
        "Never delete the production database",
        "Don't delete the production database",
        "Delete my account",
        "Remove the second paragraph",
        "Drop the second column of this table",
        "Cancel my order",
        "Approve my vacation request",
        "Turn off the lights",
        "Close the window",
        "Should we delete the production database?",
        "Wie lösche ich alle Daten?",
        "Ich möchte alle Daten löschen",
        "Comment supprimer toutes les données ?",
        "¿Cómo borro todos los datos?",
        "",
        "???",
    ],
)
def test_a_question_or_a_small_request_is_no_order(text: str) -> None:
    assert FINDER.find(fold(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Delete all\ncustomer records",
        "Hello,\n\nplease delete all\ncustomer records from before 2020.\nThank you",
        "I want all user\r\naccounts deleted",
    ],
)
def test_an_order_goes_on_in_the_next_line(text: str) -> None:
    assert FINDER.find(fold(text)) == ("actions:en",)


@pytest.mark.parametrize(
    "text",
    [
        "Delete\n\nAll records",  # a blank line ends a sentence
        "How do I\ndelete all\ncustomer records?",
        "Edit\nDelete\nAll records",
    ],
)
def test_lines_that_do_not_go_on_make_no_order(text: str) -> None:
    assert FINDER.find(fold(text)) == ()


def test_a_long_text_only_mentions_an_order() -> None:
    order = "Delete all customer records."
    fill = " word" * (MOST_WORDS - 4)
    assert FINDER.find(fold(order + fill)) == ("actions:en",)
    assert FINDER.find(fold(f"{order}{fill} more")) == ()


def _names(policy: Policy) -> set[str]:
    text = fold("Delete all customer records")
    finders = TriageConfig.of(policy, terms=TERMS).phrases
    return {name for finder in finders for name in finder.find(text)}


def test_orders_are_looked_for_only_where_a_hard_rule_names_them() -> None:
    rules = [{"name": "actions", "terms": ["actions"], "floor": 2}]
    ruled = Policy.model_validate(a_policy().model_dump() | {"hard_rules": rules})
    assert _names(ruled) == {"actions:en"}
    assert _names(a_policy()) == set()


@pytest.mark.parametrize("name", ["openai", "anthropic", "code_questions", "enterprise_decisions"])
def test_shipped_policies_with_models_have_the_rule(name: str) -> None:
    policy = load_policy(policies_dir() / f"{name}.yaml", {}).policy
    assert [rule.floor for rule in policy.hard_rules if rule.terms == ["actions"]] == [2]


def test_the_guide_names_every_key_of_orders() -> None:
    guide = (policies_dir().parent / "docs/guides/policies.md").read_text()
    assert [key for key in ActionsFile.model_fields if f"\n  {key}: " not in guide] == []
