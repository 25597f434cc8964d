"""Tells people: signed webhooks, webhooks in Slack's shape, and e-mail. Each raises on failure.

A fault names the receiver's host alone: the path of a webhook may be its password, as Slack's is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import msgspec
import orjson
from msgspec import Struct

from router.outgoing.bounded_calls import call
from router.policy.parsing.environment import filled_in
from router.policy.sections.base import BASE_URL, WORDS
from router.policy.sections.learning import AlertsSection, MailSection, WebhookSection
from router.watch.alarms import Notice, grouped

TIMEOUT_S = 10.0
"""Bounds a whole exchange with one receiver: those after it wait meanwhile."""
MOST_SAID = 65_536
"""Bytes of a mail server's replies: hundreds of lines, where a delivery takes a dozen."""
MOST_SHOWN = 400
"""Characters of a fault that are shown."""
SIGNATURE = "x-tiergate-signature"
TEST_WORDS = "THIS IS A TEST (`tiergate alerts test`). Nothing is wrong. An alert looks like this:"


class AlarmMessage(Struct, frozen=True):
    """Holds the message that all receivers get; a test names itself in each form."""

    policy: str
    alerts: tuple[Notice, ...]
    test: bool = False

    @property
    def text(self) -> str:
        """Returns the message for people."""
        return f"{TEST_WORDS}\n{grouped(self.alerts)}" if self.test else grouped(self.alerts)


class Receiver(NamedTuple):
    """Holds one receiver: a name that shows no address, its host, and its section."""

    key: str
    host: str
    section: WebhookSection | MailSection


def receivers(section: AlertsSection, environ: Mapping[str, str]) -> list[Receiver]:
    """Returns the receivers of a policy's alerts."""
    every = [
        Receiver(_key(webhook.url), _shown(webhook.url, environ), webhook)
        for webhook in section.webhooks
    ]
    if section.mail is not None:
        every.append(Receiver("mail", section.mail.host, section.mail))
    return every


def _key(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=6).hexdigest()


def deliver(
    message: AlarmMessage,
    section: AlertsSection,
    environ: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
) -> list[str]:
    """Tells each receiver within `timeout_s`; returns a sentence for each that was not told."""
    faults = [tell(message, one, environ, timeout_s) for one in receivers(section, environ)]
    return [fault for fault in faults if fault]


def tell(
    message: AlarmMessage,
    receiver: Receiver,
    environ: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Tells one receiver within `timeout_s`; returns why it was not told, "" if it was."""
    try:
        if isinstance(receiver.section, MailSection):
            send(message, receiver.section, environ, timeout_s)
        else:
            post(message, receiver.section, environ, timeout_s)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        fault = _printable(error)
        return fault if fault.startswith(receiver.host) else f"{receiver.host}: {fault}"
    return ""


def _printable(error: Exception) -> str:
    """Returns an error in printable words: a receiver's own may hold orders to a terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(error)[:MOST_SHOWN])


def _shown(url: str, environ: Mapping[str, str]) -> str:
    """Returns the host of an address, or its reference where it has no value."""
    try:
        return urlsplit(filled_in(url, environ)).netloc or url
    except ValueError:
        return url


def post(
    message: AlarmMessage,
    webhook: WebhookSection,
    environ: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Posts one message. The signature covers the time, a dot and the body.

    A redirect is a failure, since following one would turn the POST into a GET. Raises OSError, and
    ValueError for a variable that is not set, or that holds no address.
    """
    url = filled_in(webhook.url, environ)
    if not re.match(BASE_URL, url):
        raise ValueError(f"{webhook.url} does not hold {WORDS[BASE_URL]}")
    if webhook.shape == "slack":
        body = orjson.dumps({"text": f"Tiergate, policy {message.policy}\n{message.text}"})
    else:
        body = msgspec.json.encode(message)
    headers = {"content-type": "application/json"}
    secret = filled_in(webhook.secret or "", environ)
    if secret:
        # Of this delivery: a message that waited for its receiver would look old.
        at_s = int(time.time())
        headers[SIGNATURE] = f"t={at_s},v1={signature(secret, at_s, body)}"
    answer = call("POST", url, body, headers, timeout_s)
    if not 200 <= answer.status < 300:
        raise OSError(f"answered {answer.status} {answer.reason}")


def signature(secret: str, at_s: int, body: bytes) -> str:
    """Returns the signature of a body, in hex; a receiver makes the same and compares."""
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def send(
    message: AlarmMessage,
    mail: MailSection,
    environ: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Sends one mail to all addresses; with a user over TLS, whose certificate must fit the host.

    Raises OSError, SMTPException, and ValueError for a variable that is not set.
    """
    letter, number = EmailMessage(), len(message.alerts)
    alerts = "1 alert" if number == 1 else f"{number} alerts"
    what = "a test of the alerts" if message.test else alerts
    letter["Subject"] = f"Tiergate: {what} of policy {message.policy}"
    letter["From"] = filled_in(mail.sender, environ)
    letter["To"] = ", ".join(filled_in(address, environ) for address in mail.to)
    letter.set_content(message.text)
    user, password = filled_in(mail.user, environ), filled_in(mail.password or "", environ)
    host = filled_in(mail.host, environ)

    with _bounded_mail(host, mail.port, timeout_s) as server:
        if user:
            server.starttls(context=ssl.create_default_context())
            server.login(user, password)
        server.send_message(letter)


@contextmanager
def _bounded_mail(host: str, port: int, timeout_s: float) -> Iterator[smtplib.SMTP]:
    """Yields a server whose connection is cut after `timeout_s`; then it raises TimeoutError.

    smtplib bounds each wait for a byte, so a server that drips would hold the watch.
    """
    deadline = _Deadline(timeout_s)
    try:
        with _CutMail(deadline, host, port) as server:
            yield server
    except (OSError, smtplib.SMTPException):
        if deadline.is_over:
            raise TimeoutError(f"no whole answer within {timeout_s:g} s") from None
        raise
    finally:
        deadline.end()


class _Deadline:
    """Cuts a connection when its time is over, which begins before the connection is made."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s, self.is_over = timeout_s, False
        self._held: socket.socket | None = None
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.start()

    def holds(self, connection: socket.socket) -> None:
        """Takes the connection. A second descriptor of it stays good below TLS."""
        self._held = connection.dup()
        if self.is_over:
            self._cut()

    def end(self) -> None:
        """Cuts nothing any more."""
        self._timer.cancel()
        if self._held is not None:
            self._held.close()

    def _cut(self) -> None:
        self.is_over = True
        if self._held is not None:
            with suppress(OSError):  # the other side may have ended it
                self._held.shutdown(socket.SHUT_RDWR)


class _CutMail(smtplib.SMTP):
    """Gives its connection to a deadline before the server's first byte."""

    def __init__(self, deadline: _Deadline, host: str, port: int) -> None:
        self._deadline = deadline
        super().__init__(host, port, timeout=deadline.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._deadline.holds(connection)
        return connection

    def getreply(self) -> tuple[int, bytes]:
        """Returns the server's next reply, which smtplib keeps whole, however many lines it has."""
        if self.file is None:
            assert self.sock is not None
            self.file = _FewLines(self.sock.makefile("rb"))
        return super().getreply()


class _FewLines:
    """Reads the lines of a mail server, and no more of them than its replies need."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = MOST_SAID

    def readline(self, size: int) -> bytes:
        """Returns the next line. Raises OSError where the server has said too much."""
        line = self._stream.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError(f"it said more than {MOST_SAID:,} bytes")
        return line

    def close(self) -> None:
        """Lets go of the connection."""
        self._stream.close()
