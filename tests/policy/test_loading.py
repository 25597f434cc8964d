"""Loading a policy: values from the environment, its hash, its files, and how it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.loading import (
    find_policy,
    load_policy,
    named_file,
    policies_dir,
    unreachable_receivers,
    unset_keys,
)
from router.policy.parsing.environment import secret
from tests.kits.inputs.policy_texts import GOOD, UPSTREAM, added, mistakes_of, write


def test_small_policy_loads(tmp_path: Path) -> None:
    loaded = load_policy(write(tmp_path, GOOD), {})
    assert loaded.policy.name == "small"
    assert loaded.sources[0] == tmp_path / "p.yaml"


def test_environment_is_replaced_in_any_string(tmp_path: Path) -> None:
    text = added("description: in ${PLACE}, ${PLACE}\nmax_body_bytes: ${BYTES}")
    loaded = load_policy(write(tmp_path, text), {"PLACE": "Bern", "BYTES": "5000"})
    assert loaded.policy.description == "in Bern, Bern"
    assert loaded.policy.max_body_bytes == 5000


def test_api_key_stays_a_reference(tmp_path: Path) -> None:
    environ = {"HOST": "api.example", "PROVIDER_KEY": "sk-very-secret"}
    loaded = load_policy(write(tmp_path, UPSTREAM), environ)
    assert "sk-very-secret" not in loaded.policy.model_dump_json()
    assert "https://api.example/v1" in loaded.policy.model_dump_json()
    assert secret("${PROVIDER_KEY}", environ) == "sk-very-secret"


def test_secrets_of_alerts_stay_references(tmp_path: Path) -> None:
    alerts = """
alerts:
  rules: [{watch: errors, above: 0.2}]
  webhooks: [{url: "https://hooks.example/a", secret: "${HOOK_SECRET}"}]
  mail: {host: mail.example, sender: a@b.c, to: [d@e.f], user: me, password: "${MAIL_PASSWORD}"}
"""
    environ = {"HOOK_SECRET": "s3cret-hook", "MAIL_PASSWORD": "s3cret-mail"}
    kept = load_policy(write(tmp_path, added(alerts)), environ).policy.model_dump_json()
    assert "s3cret" not in kept
    assert "${HOOK_SECRET}" in kept
    assert "${MAIL_PASSWORD}" in kept


HOOK = """
alerts:
  rules: [{watch: errors, above: 0.2}]
  webhooks: [{url: "${SLACK_HOOK}", shape: slack}, {url: "https://hooks.example/b"}]
  mail: {host: "${MAIL}", sender: a@b.c, to: [d@e.f]}
"""
ADDRESSES = {"SLACK_HOOK": "https://hooks.example/s3cret", "MAIL": "mail.example"}


def test_policy_loads_without_the_receivers_of_its_alerts(tmp_path: Path) -> None:
    loaded = load_policy(write(tmp_path, added(HOOK)), {})
    lacking = unreachable_receivers(loaded, {})
    assert list(lacking) == ["alerts.webhooks[0].url", "alerts.mail.host"]
    reason = "${SLACK_HOOK} is not set; no alert reaches this receiver"
    assert lacking["alerts.webhooks[0].url"] == reason
    assert unreachable_receivers(loaded, ADDRESSES) == {}


def test_address_of_a_receiver_is_no_part_of_the_policy(tmp_path: Path) -> None:
    loaded = load_policy(write(tmp_path, added(HOOK)), ADDRESSES)
    assert "s3cret" not in loaded.policy.model_dump_json()
    assert loaded.hash == load_policy(loaded.path, {}).hash


def test_receiver_whose_variable_holds_no_address_is_named_without_it(tmp_path: Path) -> None:
    loaded = load_policy(write(tmp_path, added(HOOK)), {})
    lacking = unreachable_receivers(loaded, {**ADDRESSES, "SLACK_HOOK": "s3cret"})
    (reason,) = lacking.values()
    assert reason.startswith("${SLACK_HOOK} does not hold an address as https://")


def test_address_of_a_receiver_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    text = added(HOOK.replace("https://hooks.example/b", "hooks"))
    assert [m.key_path for m in mistakes_of(tmp_path, text)] == ["alerts.webhooks[1].url"]


def test_api_key_written_out_is_refused_without_showing_it(tmp_path: Path) -> None:
    text = UPSTREAM.replace("${PROVIDER_KEY}", "sk-very-secret").replace("${HOST}", "h")
    mistakes = mistakes_of(tmp_path, text)
    assert [m.key_path for m in mistakes] == ["tiers[0].answerers[0].api_key"]
    assert "sk-very-secret" not in str(mistakes)


def test_policy_loads_without_the_key_it_refers_to(tmp_path: Path) -> None:
    loaded = load_policy(write(tmp_path, UPSTREAM), {"HOST": "h"})
    (names,) = unset_keys(loaded, {"HOST": "h"}).values()
    assert names == (loaded.policy.tiers[0].answerers[0].name,)
    assert unset_keys(loaded, {"PROVIDER_KEY": "x"}) == {}


def test_secret_that_is_not_set_is_a_mistake() -> None:
    with pytest.raises(PolicyError, match="PROVIDER_KEY"):
        secret("${PROVIDER_KEY}", {})
    assert secret(None, {}) is None


def test_value_from_the_environment_is_not_shown_in_a_mistake(tmp_path: Path) -> None:
    text = added("max_body_bytes: ${BYTES}")
    (mistake,) = mistakes_of(tmp_path, text, environ={"BYTES": "hunter2"})
    assert "hunter2" not in str(mistake)
    assert "${BYTES}" in mistake.found


def test_credentials_in_an_address_are_refused(tmp_path: Path) -> None:
    text = UPSTREAM.replace("${HOST}", "user:pass@h")
    assert any(m.key_path.endswith("base_urls[0]") for m in mistakes_of(tmp_path, text))


def test_hash_ignores_comments(tmp_path: Path) -> None:
    plain = load_policy(write(tmp_path, GOOD, "a.yaml"), {})
    commented = load_policy(write(tmp_path, "# hello\n" + GOOD, "b.yaml"), {})
    assert plain.hash == commented.hash
    assert len(plain.hash) == 12


def test_hash_changes_with_the_meaning(tmp_path: Path) -> None:
    plain = load_policy(write(tmp_path, GOOD, "a.yaml"), {})
    other = load_policy(write(tmp_path, added("decision: {min_gain: 0.03}"), "b.yaml"), {})
    assert plain.hash != other.hash


def test_hash_changes_with_a_file_that_the_policy_names(tmp_path: Path) -> None:
    answers = tmp_path / "safe.yaml"
    answers.write_text("version: 1\n")
    path = write(tmp_path, added("safe_answers: safe.yaml"))
    before = load_policy(path, {})
    answers.write_text("version: 1 # approved anew\n")
    assert load_policy(path, {}).hash != before.hash
    assert answers in before.sources


def test_hash_does_not_depend_on_the_provider_key(tmp_path: Path) -> None:
    path = write(tmp_path, UPSTREAM)
    one = load_policy(path, {"HOST": "h", "PROVIDER_KEY": "a"})
    assert one.hash == load_policy(path, {"HOST": "h", "PROVIDER_KEY": "b"}).hash


def test_file_beside_the_policy_goes_before_the_shipped_one(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    name = "answers/safe_answers.yaml"
    assert named_file(path, name) == policies_dir() / name
    (tmp_path / "answers").mkdir()
    (tmp_path / name).write_text("version: 1\n")
    assert named_file(path, name) == tmp_path / name
    deep = "/".join(["deep" * 10] * 6)
    (tmp_path / deep).parent.mkdir(parents=True)
    (tmp_path / deep).write_text("version: 1\n")
    assert named_file(path, deep) == tmp_path / deep


def test_policy_is_found_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "mine.yaml")
    assert find_policy("mine", tmp_path) == path


def test_policy_is_found_by_path(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "mine.yaml")
    assert find_policy(str(path), tmp_path / "elsewhere") == path


def test_unknown_policy_name_lists_those_there_are(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "mine.yaml")
    with pytest.raises(PolicyError, match="did you mean `mine`"):
        find_policy("mien", tmp_path)


def test_unknown_file_is_told_the_names_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "mine.yaml")
    with pytest.raises(PolicyError, match=r"the name of a policy of .*: mine"):
        find_policy("mien.yaml", tmp_path)


def test_a_link_to_itself_is_told_as_a_link(tmp_path: Path) -> None:
    link = tmp_path / "mine.yaml"
    link.symlink_to(link)
    with pytest.raises(PolicyError, match="found a link that leads to no file; expected"):
        find_policy(str(link), tmp_path)
    with pytest.raises(PolicyError, match="found a link that leads to no file; expected"):
        load_policy(link, {})


def test_policy_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        find_policy("../mine", tmp_path / "policies")


def test_a_secret_of_a_webhook_is_no_key_to_leave_out(tmp_path: Path) -> None:
    alerts = (
        "alerts:\n  rules: [{watch: errors, above: 0.5}]\n"
        "  webhooks: [{url: 'https://h/x', secret: s}]\n"
    )
    (found,) = [m for m in mistakes_of(tmp_path, GOOD + alerts) if m.key_path.endswith("secret")]
    assert found.expected.endswith("never the key itself")
