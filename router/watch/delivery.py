"""Tells people: signed webhooks, webhooks in Slack's shape, and e-mail. Each raises on failure.

A fault names the receiver's host alone: the path of a webhook may be its password, as Slack's is.
"""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import ssl
import urllib.request
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from http.client import HTTPException
from urllib.parse import urlsplit

import orjson
from msgspec import to_builtins

from router.policy.sections.learning import AlertsSection, MailSection, WebhookSection
from router.watch.alarms import Notice, grouped

TIMEOUT_S = 10.0
SIGNATURE = "x-tiergate-signature"


def deliver(
    policy: str, section: AlertsSection, notices: Sequence[Notice], environ: Mapping[str, str]
) -> list[str]:
    """Tells all receivers; returns one sentence for each that could not be told."""
    faults = []
    for webhook in section.webhooks:
        try:
            post(policy, webhook, notices, environ)
        except (OSError, ValueError, HTTPException) as error:
            faults.append(f"{urlsplit(webhook.url).netloc}: {error}")
    if section.mail is not None:
        try:
            send(policy, section.mail, notices, environ)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            faults.append(f"{section.mail.host}: {error}")
    return faults


def post(
    policy: str, webhook: WebhookSection, notices: Sequence[Notice], environ: Mapping[str, str]
) -> None:
    """Posts one message. The signature covers the time, a dot and the body.

    Raises OSError, HTTPException, and ValueError for a secret that is not set.
    """
    if webhook.shape == "slack":
        body = orjson.dumps({"text": f"Tiergate, policy {policy}\n{grouped(notices)}"})
    else:
        body = orjson.dumps({"policy": policy, "alerts": [to_builtins(one) for one in notices]})
    headers = {"content-type": "application/json"}
    secret = _secret(webhook.secret, environ)
    if secret:
        at_s = max((notice.at_ms for notice in notices), default=0) // 1000
        headers[SIGNATURE] = f"t={at_s},v1={signature(secret, at_s, body)}"
    request = urllib.request.Request(webhook.url, body, headers, method="POST")
    with _OPENER.open(request, timeout=TIMEOUT_S) as response:
        response.read(1)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Makes an error of each redirect: following one would turn the POST into a GET."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def signature(secret: str, at_s: int, body: bytes) -> str:
    """Returns the signature of a body, in hex; a receiver makes the same and compares."""
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def send(
    policy: str, mail: MailSection, notices: Sequence[Notice], environ: Mapping[str, str]
) -> None:
    """Sends one mail to all addresses; with a user over TLS, whose certificate must fit the host.

    Raises OSError, SMTPException, and ValueError for a password that is not set.
    """
    message = EmailMessage()
    alerts = "1 alert" if len(notices) == 1 else f"{len(notices)} alerts"
    message["Subject"] = f"Tiergate: {alerts} of policy {policy}"
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message.set_content(grouped(notices))
    with smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S) as server:
        if mail.user:
            server.starttls(context=ssl.create_default_context())
            server.login(mail.user, _secret(mail.password, environ))
        server.send_message(message)


def _secret(name: str | None, environ: Mapping[str, str]) -> str:
    """Returns the value behind `${NAME}`, "" without a reference. Raises ValueError if unset."""
    if name is None:
        return ""
    value = environ.get(name.removeprefix("${").removesuffix("}"))
    if not value:
        raise ValueError(f"{name} is not set in the environment of this process")
    return value
