"""Takes the binary, a policy and the environment of a cloud; runs `vpc-mirror run` on it, and gives what it logs and
answers. Never talks to the cloud itself."""

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Self

from waiting import eventually


class Daemon:
    """A running daemon, with a log that a machine can read."""

    def __init__(self, binary: Path, policy: Path, environment: dict[str, str], folder: Path, *words: str | Path):
        self._log = folder / f"{policy.stem}.log"
        how = ["--listen", "127.0.0.1:0", "--resync", "1s", "--log-format", "json"]
        command = [binary, "run", "--policy", policy, *how, *words]
        with self._log.open("w") as log:
            everything = os.environ | environment
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            self._process = subprocess.Popen(command, **quiet, stderr=log, env=everything)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=15)

    def log(self) -> list[dict]:
        """Its log until now: a line that is not whole yet is left for the next time."""
        text = self._log.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def failures(self) -> dict[str, list[str]]:
        """The messages of calls that failed, by action."""
        failed: dict[str, list[str]] = {}
        for line in self.log():
            if " failed: " in line["message"]:
                failed.setdefault(line["action"], []).append(line["message"])
        return failed

    def asks(self, path: str) -> str:
        """What it answers over HTTP."""
        (place,) = [line["listen"] for line in eventually("it runs", self.log) if "listen" in line]
        with urllib.request.urlopen(f"http://{place}{path}", timeout=5) as answer:
            return answer.read().decode()

    def rounds(self) -> int:
        """How many rounds it has gone, in all places."""
        lines = self.asks("/metrics").splitlines()
        return sum(int(line.split()[-1]) for line in lines if line.startswith("vpc_mirror_rounds_total{"))

    def kill(self, by: signal.Signals) -> None:
        """Sends it a signal that it cannot refuse."""
        self._process.send_signal(by)

    def stop(self) -> int:
        """Asks it to stop, as Kubernetes does; gives its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=15)
