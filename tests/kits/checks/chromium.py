"""Drives a real Chromium through its debugging protocol over two pipes, without another package.

`with Browser(folder) as browser: page = browser.open(url, width=360, dark=True)`. A page remembers
its requests (`asked`) and its errors (`faults`).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE_S = 90.0  # generous: the machine may be loaded
KEYS = {
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
}


class Browser:
    """Runs the program; it ends with the block."""

    def __init__(self, folder: Path) -> None:
        program = next((path for name in NAMES if (path := shutil.which(name))), None)
        if program is None:
            pytest.skip("Chromium is not installed")
        self._command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        self._next = 0
        self._read = b""
        self._answers: dict[int, dict[str, object]] = {}
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Browser:
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()

        def placed() -> None:
            """Puts the pipes where the browser expects them: it reads 3 and writes 4."""
            # Duplicated first, because 3 or 4 may already be one of the pipes.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(
            self._command,
            pass_fds=(3, 4),
            preexec_fn=placed,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        os.close(self._to)
        os.close(self._from)

    def open(
        self,
        url: str,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        before: str = "",
    ) -> Page:
        """Opens a page and returns it once it has loaded; `before` is JavaScript that runs
        first."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, str(attached["sessionId"]))
        self._pages[page.session] = page
        # Without these the browser reports no events of the page.
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        if before:
            page.send("Page.addScriptToEvaluateOnNewDocument", {"source": before})
        page.sized(width, height)
        page.coloured("dark" if dark else "light")
        page.send("Page.navigate", {"url": url})
        page.wait("document.readyState === 'complete'")
        return page

    def send(
        self, method: str, parameters: dict[str, object] | None = None, session: str = ""
    ) -> dict[str, object]:
        """Sends a command and returns the browser's result. Fails when the browser reports an
        error."""
        self._next += 1
        number = self._next
        command: dict[str, object] = {"id": number, "method": method, "params": parameters or {}}
        if session:
            command["sessionId"] = session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while number not in self._answers:
            self._listen(deadline)
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def _listen(self, deadline: float) -> None:
        ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, "the browser does not answer"
        self._read += os.read(self._from, 1 << 20)
        # A message ends with a zero byte; the last part may be incomplete.
        *messages, self._read = self._read.split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            elif (page := self._pages.get(message.get("sessionId", ""))) is not None:
                page.told(message["method"], message["params"])


class Page:
    """Controls one tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self.session = session
        self.asked: list[str] = []
        self.faults: list[str] = []

    def send(self, method: str, parameters: dict[str, object] | None = None) -> dict[str, object]:
        return self._browser.send(method, parameters, self.session)

    def told(self, event: str, said: dict[str, object]) -> None:
        """Keeps what tests look at: requests, and everything a console would show as an error."""
        if event == "Network.requestWillBeSent":
            self.asked.append(said["request"]["url"])  # type: ignore[index]
        elif event == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(said["exceptionDetails"])[:2000])
        elif event == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            self.faults.append(json.dumps(said["args"])[:2000])
        elif event == "Log.entryAdded":
            entry = said["entry"]
            if entry["level"] in ("error", "warning"):  # type: ignore[index]
                self.faults.append(f"{entry['text']} {entry.get('url', '')}")  # type: ignore[index, attr-defined]

    def sized(self, width: int, height: int) -> None:
        """Sets the window's size in pixels; below a width of 500 it acts as a phone's."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.send("Emulation.setDeviceMetricsOverride", dict(size))

    def coloured(self, scheme: str) -> None:
        """Sets the system's colour scheme, light or dark."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", {"features": [feature]})

    def run(self, script: str) -> object:
        """Returns the value of a JavaScript expression; a promise is awaited."""
        parameters = {"expression": script, "awaitPromise": True, "returnByValue": True}
        done = self.send("Runtime.evaluate", dict(parameters))
        assert "exceptionDetails" not in done, done
        result = done["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def text(self, selector: str = "body") -> str:
        """Returns the visible text of an element, "" when there is none."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def wait(self, condition: str) -> None:
        """Waits until a JavaScript condition holds."""
        self._until(lambda: bool(self.run(f"!!({condition})")), condition)

    def wait_for(self, words: str, selector: str = "main") -> None:
        """Waits until an element's text contains these words, in any case."""
        self._until(lambda: words.lower() in self.text(selector).lower(), words)

    def _until(self, holds: Callable[[], bool], wanted: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"{wanted!r} never came:\n{self.text()}"
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Presses keys, given by name or as characters; `Ctrl+` may precede one."""
        for key in keys:
            bare = key.removeprefix("Ctrl+")
            name, code, text = KEYS.get(bare, (bare, ord(bare[0].upper()), bare))
            event: dict[str, object] = {"key": name, "windowsVirtualKeyCode": code, "text": text}
            if bare != key:
                event |= {"text": "", "modifiers": 2}
            self.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
            self.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def write(self, text: str) -> None:
        """Types text into the element that has the focus."""
        self.send("Input.insertText", {"text": text})

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Saves a screenshot of the window, or of the whole page."""
        shot = self.send("Page.captureScreenshot", {"captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(str(shot["data"])))
