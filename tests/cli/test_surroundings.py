"""`tiergate check` notes what hinders calls outside the gateway: clients' patience, and proxies."""

from __future__ import annotations

import json
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from router.cli.exits import Exit
from tests import ROOT
from tests.cli.test_check_installed import PRICE
from tests.kits.server_kit import Served, tiergate

GUIDE = (ROOT / "docs/guides/operations.md").read_text("utf-8")


def policy_of(folder: Path, *deadlines: float | None) -> Path:
    """Writes a policy of one upstream for each of these, at level 2."""
    rungs = [
        {
            **{"name": f"a{i}", "kind": "upstream", "model": "m", "price": PRICE},
            **{"base_urls": ["http://127.0.0.1:9/v1"]},
            **({} if deadline_s is None else {"deadline_s": deadline_s}),
        }
        for i, deadline_s in enumerate(deadlines)
    ]
    path = folder / "p.yaml"
    tiers = [{"name": "llm", "level": 2, "answerers": rungs}]
    path.write_text(json.dumps({"version": 1, "name": "p", "tiers": tiers}), "utf-8")
    return path


def notes(path: Path, begin: str, **environ: str) -> list[str]:
    run = tiergate("check", path, "--json", **environ)
    assert run.returncode == 0, run.stderr
    (policy,) = json.loads(run.stdout)["policies"]
    return [one for one in policy["notes"] if one.startswith(begin)]


@pytest.mark.process
def test_a_level_that_outlasts_clients_is_noted_where_another_follows(tmp_path: Path) -> None:
    (note,) = notes(policy_of(tmp_path, None, 60, None), "deadline_s: ")
    assert note.startswith("deadline_s: a0 may hang for 600 s")
    assert "1,260 s" in note
    assert not notes(policy_of(tmp_path, 599, 60, None), "deadline_s: ")
    assert not notes(policy_of(tmp_path, None), "deadline_s: ")


@pytest.mark.process
def test_a_policy_without_any_limit_is_noted(tmp_path: Path) -> None:
    path = policy_of(tmp_path, 60)
    assert notes(path, "budgets: none")
    limited = {**json.loads(path.read_text("utf-8")), "budgets": {"*": {"usd_per_day": 20}}}
    path.write_text(json.dumps(limited), "utf-8")
    assert not notes(path, "budgets: none")


def with_budgets(path: Path, budgets: object, **more: object) -> Path:
    policy = {**json.loads(path.read_text("utf-8")), "budgets": budgets, **more}
    path.write_text(json.dumps(policy), "utf-8")
    return path


@pytest.mark.process
def test_budgets_that_leave_other_tenants_without_a_limit_are_noted(tmp_path: Path) -> None:
    path, day = policy_of(tmp_path, 60), {"usd_per_day": 20}
    (note,) = notes(with_budgets(path, {"acme": day}), "budgets: only 'acme'")
    assert "all other tenants have no limit" in note
    assert not notes(with_budgets(path, {"acme": day, "*": day}), "budgets: only")
    every = [{"tenant": "*", "usd_per_day": 20}]
    assert not notes(with_budgets(path, {"acme": day}, limits=every), "budgets: only")
    some = [{"tenant": "beta", "usd_per_day": 20}]
    assert notes(with_budgets(path, {"acme": day}, limits=some), "budgets: only")


@pytest.mark.process
def test_a_budget_of_a_tenant_without_a_key_is_noted_with_the_name_that_is_near(
    tmp_path: Path,
) -> None:
    path, day, ledger = policy_of(tmp_path, 60), {"usd_per_day": 20}, str(tmp_path / "l.db")
    with_budgets(path, {"acme": day, "acmee": day, "local": day, "*": day})
    begin = "budgets: no key"
    assert not notes(path, begin)
    absent = tiergate("check", path, "-d", ledger)
    assert (absent.returncode, "no ledger at" in absent.stderr) == (0, True)
    made = tiergate("keys", "create", "--tenant", "acme", "-d", ledger)
    assert made.returncode == 0, made.stderr
    (note,) = notes(path, begin, TIERGATE_DATABASE=ledger)
    assert note == "budgets: no key is of the tenant 'acmee'; did you mean `acme`?"
    limits = [{"tenant": "acmes", "usd_per_day": 20}]
    with_budgets(path, {"acme": day, "*": day}, limits=limits)
    (note,) = notes(path, "limits: no key", TIERGATE_DATABASE=ledger)
    assert note == "limits: no key is of the tenant 'acmes'; did you mean `acme`?"


@pytest.mark.process
def test_an_unused_proxy_is_noted_and_stands_in_the_banner(tmp_path: Path) -> None:
    path, proxy = policy_of(tmp_path, 60), "http://me:secret@proxy.example:3128"
    said = "HTTPS_PROXY is set, and calls of upstreams do not use it"
    (note,) = notes(path, "base_urls: ", HTTPS_PROXY=proxy)
    assert said in note
    assert not notes(path, "base_urls: ")
    with Served(tmp_path, path, HTTPS_PROXY=proxy) as served:
        served.wait_for("docs ")
        assert f"warning    {said}" in served.output
        assert "secret" not in served.output


def test_who_stops_the_server_waits_longer_than_it_drains() -> None:
    """The times of the guide and of the container are ten seconds above the default."""
    from router.api.process.process import Options

    drain_s = Options.__dataclass_fields__["drain_s"].default
    assert isinstance(drain_s, int)
    docker = (ROOT / "Dockerfile").read_text("utf-8")
    times = re.findall(r"--time (\d+)|_period: (\d+)s|TimeoutStopSec=(\d+)", GUIDE + docker)
    assert len(times) == 4
    assert all(int("".join(one)) >= drain_s + 10 for one in times)
    (grace,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", GUIDE)
    (waits,) = re.findall(r'command: \[sleep, "(\d+)"\]', GUIDE)
    assert int(grace) >= int(waits) + drain_s + 10


@pytest.fixture
def unit() -> ConfigParser:
    """Returns the unit of systemd in the guide."""
    (text,) = re.findall(r"```ini\n(.*?)```", GUIDE, re.DOTALL)
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


def test_the_unit_of_the_guide_starts_with_the_machine(unit: ConfigParser) -> None:
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_unit_of_the_guide_is_not_started_again_with_a_wrong_policy(unit: ConfigParser) -> None:
    assert unit["Service"]["RestartPreventExitStatus"] == str(Exit.USAGE.value)


def test_the_unit_of_the_guide_works_in_its_own_folder(unit: ConfigParser) -> None:
    assert unit["Service"]["WorkingDirectory"] == "/var/lib/" + unit["Service"]["StateDirectory"]


def test_nginx_waits_for_three_levels() -> None:
    (wait,) = re.findall(r"proxy_read_timeout (\d+)s;", GUIDE)
    assert int(wait) > 3 * 600
