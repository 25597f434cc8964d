"""Messages to real receivers on this machine: signed, by mail, and to some that misbehave."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from router.policy.sections.learning import AlertsSection, MailSection, Watched
from router.watch.alarms import AlarmTurn, Notice
from router.watch.delivery import SIGNATURE, AlarmMessage, deliver, send
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.changed import replace
from tests.kits.receivers import Hook, hook, mails, sending, server_tls


def section(receiver: Hook, shape: str = "json") -> AlertsSection:
    webhook = {"url": receiver.url, "shape": shape, "secret": "${HOOK_SECRET}"}
    return AlertsSection.model_validate({"rules": [{"watch": "drift"}], "webhooks": [webhook]})


NOTICE = Notice(AlarmTurn.BEGAN, Watched.ERRORS, "acme", 1.0, 0.1, "30 of 30", NOW_MS)
MESSAGE = AlarmMessage("test", (NOTICE,))


def test_mail_with_a_user_goes_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, authority = server_tls(tmp_path)
    environ = {"MAIL_PASSWORD": "s3cret"}
    mail = {"host": "localhost", "sender": "a@b.c", "to": ["d@e.f"], "user": "tiergate"}
    mail["password"] = "${MAIL_PASSWORD}"
    with mails(context) as post:
        what = MailSection.model_validate({**mail, "port": post.port})
        with pytest.raises(ssl.SSLCertVerificationError):
            send(MESSAGE, what, environ)  # nobody vouches for this server
        assert post.got == post.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        send(MESSAGE, what, environ)
    assert post.logins == [b"\0tiergate\0s3cret"]
    assert "errors began: acme" in post.got[0]


def test_password_never_goes_to_a_server_without_tls() -> None:
    mail = {"host": "127.0.0.1", "sender": "a@b.c", "to": ["d@e.f"], "user": "u"}
    with mails() as post:
        what = MailSection.model_validate({**mail, "port": post.port})
        with pytest.raises(smtplib.SMTPException):
            send(MESSAGE, what, {})
    assert post.got == []


def test_fault_of_a_webhook_shows_no_path_of_it() -> None:
    with hook() as receiver:
        receiver.down = True
        what = section(receiver)
        webhook = what.webhooks[0].model_copy(update={"url": f"{receiver.url}/T0/B0/password"})
        told = what.model_copy(update={"webhooks": [webhook]})
        (fault,) = deliver(MESSAGE, told, {"HOOK_SECRET": "s3cret"})
    assert "password" not in fault
    assert "127.0.0.1" in fault


def test_words_of_a_receiver_give_no_orders_to_a_terminal() -> None:
    with hook() as receiver:
        receiver.down = True
        receiver.words = "Down\x1b[2J" + "x" * 1_000
        (fault,) = deliver(MESSAGE, section(receiver), {"HOOK_SECRET": "s3cret"})
    assert "Down?[2J" in fault
    assert fault.isprintable()
    assert len(fault) < 500


def test_receivers_that_drip_are_cut_and_count_as_not_told() -> None:
    environ = {"HOOK_SECRET": "s3cret"}
    with sending(b"HTTP/1.1 200 ", 0.02) as dripping:
        mail = {"host": "127.0.0.1", "port": dripping.port, "sender": "a@b.c", "to": ["d@e.f"]}
        webhook = {"url": dripping.url}
        what = {"rules": [{"watch": "drift"}], "webhooks": [webhook], "mail": mail}
        faults = deliver(MESSAGE, AlertsSection.model_validate(what), environ, timeout_s=0.3)
    place = f"127.0.0.1:{dripping.port}"
    late = "no whole answer within 0.3 s"
    assert faults == [f"{place}: {late}", f"127.0.0.1: {late}"]


def test_a_mail_server_that_talks_without_an_end_fills_no_memory() -> None:
    """smtplib keeps all lines of a reply: those of ten seconds were a gigabyte."""
    with sending(b"220-welcome\r\n" * 10_000, 0.02) as talking:
        mail = {"host": "127.0.0.1", "port": talking.port, "sender": "a@b.c", "to": ["d@e.f"]}
        what = {"rules": [{"watch": "drift"}], "mail": mail}
        (fault,) = deliver(MESSAGE, AlertsSection.model_validate(what), {}, timeout_s=30)
    assert "it said more than 65,536 bytes" in fault


@pytest.mark.parametrize("shape", ["json", "slack"])
def test_test_says_in_a_webhook_that_it_is_one(shape: str) -> None:
    with hook() as receiver:
        what = section(receiver, shape)
        assert deliver(replace(MESSAGE, test=True), what, {"HOOK_SECRET": "s3cret"}) == []
        assert deliver(MESSAGE, what, {"HOOK_SECRET": "s3cret"}) == []
    test, alarm = (json.loads(body) for _, body in receiver.got)
    if shape == "json":
        assert (test["test"], alarm["test"]) == (True, False)
    else:
        assert "THIS IS A TEST" in test["text"]
        assert "Nothing is wrong" in test["text"]
        assert "TEST" not in alarm["text"]


def test_test_says_in_a_mail_that_it_is_one() -> None:
    with mails() as post:
        mail = {"host": "127.0.0.1", "port": post.port, "sender": "a@b.c", "to": ["d@e.f"]}
        what = MailSection.model_validate(mail)
        send(replace(MESSAGE, test=True), what, {})
        send(MESSAGE, what, {})
    test, alarm = post.got
    assert "Subject: Tiergate: a test of the alerts of policy test" in test
    assert "THIS IS A TEST" in test
    assert "Subject: Tiergate: 1 alert of policy test" in alarm
    assert "TEST" not in alarm


def test_address_from_the_environment_is_read_when_it_is_told() -> None:
    with hook() as receiver:
        webhook = {"url": "${SLACK_HOOK}", "shape": "slack"}
        what = AlertsSection.model_validate(
            {"rules": [{"watch": "errors", "above": 0.2}], "webhooks": [webhook]}
        )
        (unset,) = deliver(MESSAGE, what, {})
        (no_address,) = deliver(MESSAGE, what, {"SLACK_HOOK": "s3cret"})
        assert deliver(MESSAGE, what, {"SLACK_HOOK": receiver.url}) == []
    assert unset.startswith("${SLACK_HOOK} is not set")
    assert "${SLACK_HOOK} does not hold an address" in no_address
    assert "s3cret" not in no_address
    assert len(receiver.got) == 1


def test_message_without_its_secret_is_not_sent_unsigned() -> None:
    with hook() as receiver:
        (fault,) = deliver(MESSAGE, section(receiver), {})
    assert "${HOOK_SECRET} is not set" in fault
    assert receiver.got == []


def test_redirect_counts_as_not_told() -> None:
    class Moved(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(302)
            self.send_header("Location", "/signin")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Moved) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        webhook = {"url": f"http://127.0.0.1:{server.server_port}"}
        what = AlertsSection.model_validate(
            {"rules": [{"watch": "errors", "above": 0.2}], "webhooks": [webhook]}
        )
        faults = deliver(MESSAGE, what, {})
        server.shutdown()
    assert "302" in faults[0]


def test_message_that_waited_is_signed_with_the_time_of_its_delivery() -> None:
    """A receiver that refuses old times takes it."""
    before_s = int(time.time())
    with hook() as receiver:
        assert deliver(MESSAGE, section(receiver), {"HOOK_SECRET": "s3cret"}) == []
    ((headers, _),) = receiver.got
    assert int(headers[SIGNATURE].partition(",")[0].removeprefix("t=")) >= before_s
