"""The demo's stage: real processes, a clock that can be moved, and a hand at the desk.

Nothing of the station is imported: it is started, laid cards on and read from outside, as at a real door.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx

PATIENCE = 60.0  # seconds until a step that should happen by itself counts as failed


class StageError(Exception):
    """A part of the demo did not do what it should; the message says which."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(what: str, happened: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `happened` gives something true, and give it back; raises StageError."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(0.05)
    raise StageError(f"等了 {patience:.0f} 秒也没有等到：{what}")


@dataclass
class Clock:
    """The clock file that server and station read alike."""

    path: Path

    def set(self, moment: datetime) -> None:
        self._write((moment - datetime.now(UTC)).total_seconds())

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + float(self.path.read_text(encoding="ascii")), UTC)

    def _write(self, offset: float) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(repr(offset), encoding="ascii")
        new.replace(self.path)  # whoever reads sees the old or the new, never half


class Processes:
    """Child processes that end with the stage; each writes its own log."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ends = ExitStack()
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            self.end(process)
        self._ends.close()

    def start(self, name: str, *command: str, talk: bool = False) -> subprocess.Popen[str]:
        """Start `python <command>`; with `talk`, its standard input and output are ours."""
        log = self._ends.enter_context((self.directory / f"{name}.log").open("a", encoding="utf-8"))
        process = subprocess.Popen(  # noqa: S603  our own modules
            [sys.executable, *command],
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talk else log,
            stderr=log,
            text=True,
            env=os.environ,
        )
        self._running.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        if process in self._running:
            self._running.remove(process)


@dataclass
class Talk:
    """A child that answers each line with a JSON line."""

    process: subprocess.Popen[str]
    hello: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.hello = self._hear()

    def say(self, line: str) -> dict[str, Any]:
        _pipe(self.process.stdin).write(line + "\n")
        _pipe(self.process.stdin).flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        line = _pipe(self.process.stdout).readline()
        if not line:
            raise StageError("一个子进程没有回答就结束了，请看它的日志")
        answer: dict[str, Any] = json.loads(line)
        if answer.get("ok", True) is not True:
            raise StageError(f"子进程说：{answer}")
        return answer


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise StageError("这个子进程没有接上管道")
    return pipe


@dataclass
class Desk:
    """A station and the hand that lays cards on its reader."""

    url: str
    reader: Talk
    names: list[str]  # of the cards, in their order

    def state(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = httpx.get(f"{self.url}/api/state", timeout=5).json()
        except httpx.TransportError:
            return {}
        return answer

    def press(self, action: str, **body: Any) -> dict[str, Any]:
        """Press a button of the screen; the answer is what the screen's own page gets."""
        answer: dict[str, Any] = httpx.post(f"{self.url}/api/{action}", json=body, timeout=30).json()
        return answer

    def lay(self, index: int, *, expect: Iterable[str]) -> str:
        """Lay a card down and wait for one of the expected screens; returns its code. Lift with `lift`."""
        wanted, name = set(expect), self.names[index]
        before = self.state().get("version", 0)
        self.reader.say(json.dumps({"lay": index}))

        def answered() -> str | None:
            state = self.state()
            code = state.get("message", {}).get("code")
            this_card = (state.get("person") or {}).get("name") == name and state["version"] > before
            return code if this_card and code in wanted else None

        try:
            code: str = until("、".join(sorted(wanted)), answered, 20)
        except StageError as late:
            raise StageError(f"第 {index + 1} 张卡：{late}；屏幕显示 {self.state().get('message')}") from late
        return code

    def lift(self) -> None:
        self.reader.say(json.dumps({"lift": True}))

    def visit(self, index: int, *, expect: Iterable[str]) -> str:
        code = self.lay(index, expect=expect)
        self.lift()
        return code


class Visitor:
    """A person at a browser: signs in and fills in the site's own forms."""

    def __init__(self, site: str, username: str, password: str) -> None:
        self._http = httpx.Client(base_url=site, follow_redirects=True, timeout=120)
        self.post("/account/login/", {"username": username, "password": password})

    def get(self, path: str) -> httpx.Response:
        answer = self._http.get(path)
        if answer.status_code >= 400:
            raise StageError(f"GET {path}：{answer.status_code}")
        return answer

    def post(
        self, path: str, data: dict[str, Any], files: dict[str, Any] | None = None, *, page: str = ""
    ) -> httpx.Response:
        """Send a form as its page would, with the page's token; `page` is where its button stands."""
        if "csrftoken" not in self._http.cookies:
            self.get("/account/login/")
        token = self._http.cookies["csrftoken"]
        answer = self._http.post(
            path,
            data=data | {"csrfmiddlewaretoken": token},
            files=files,
            headers={"Referer": str(self._http.base_url.join(page or path))},
        )
        if answer.status_code >= 400:
            raise StageError(f"POST {path}：{answer.status_code}")
        return answer
