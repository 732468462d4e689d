"""Takes the binary and an empty folder; runs `vpc-mirror demo` there, and gives what it prints, logs and counts. Never
talks to the demo's cloud: that is for AWS's own clients."""

import os
import re
import shlex
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Self

from waiting import eventually

# What the demo is made with, in seconds: how often the daemon looks at everything, and how long evidence must have held
# before it removes anything.
RESYNC = 2.0
SETTLE = 5.0


def _without_place(name: str) -> str:
    metric, _, labels = name.partition("{")
    kept = [it for it in labels.rstrip("}").split(",") if it and not it.startswith(("account=", "region="))]
    return f"{metric}{{{','.join(kept)}}}" if kept else metric


class Demo:
    """A running demo. The kernel chooses its ports, so that no two want the same; where it answers, it says itself."""

    def __init__(self, binary: Path, folder: Path, lasts: str = "30m", instances: int = 30, strategies: str = "jewels"):
        # It ends by itself one day: even a test run that is killed leaves nothing running.
        size = ["--instances", str(instances), "--for", lasts, "--strategies", strategies]
        command = [binary, "demo", "--port", "0", "--listen", "127.0.0.1:0", *size]
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("w") as out, self._err.open("w") as err:
            # Its policy file goes to the folder for temporary files.
            environment = os.environ | {"TMPDIR": str(folder)}
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        try:
            greeting = eventually("the demo says how to use it", self._greeting)
        except AssertionError:
            self.end(signal.SIGKILL)
            raise
        self.environment = dict(word.split("=", 1) for word in shlex.split(greeting["environment"]))
        self.cloud = self.environment["AWS_ENDPOINT_URL"]
        self.url = greeting["url"]
        self.policy = Path(greeting["policy"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.end()

    def _greeting(self) -> dict[str, str] | None:
        assert self._process.poll() is None, f"the demo ended with {self._process.returncode}:\n{self.log()}"
        forms = {"environment": r"export (AWS_.+)", "url": r"(http://\S+)/metrics", "policy": r"--policy (\S+)"}
        found = {name: re.search(form, self.printed()) for name, form in forms.items()}
        return {name: match[1] for name, match in found.items()} if all(found.values()) else None

    def printed(self) -> str:
        """Its standard output until now."""
        return self._out.read_text()

    def log(self) -> str:
        """Its standard error until now."""
        return self._err.read_text()

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Sends it a signal; gives its exit code."""
        self._process.send_signal(by)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended. One that does not end in time is killed, and that is an error."""
        try:
            return self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def metrics(self) -> dict[str, float]:
        """What /metrics says: values by name and labels, as Prometheus' text format writes them, without those of the
        place: the demo has one."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {_without_place(name): float(value) for name, value in samples}

    def follows(self, policy: str) -> None:
        """Writes another policy in place of its own, whole at once, and waits until the daemon follows it."""
        followed = 'vpc_mirror_policy_changes_total{result="followed"}'
        before = self.metrics().get(followed, 0)
        new = self.policy.with_suffix(".new")
        new.write_text(policy)
        new.replace(self.policy)
        eventually("the daemon follows the policy", lambda: self.metrics().get(followed, 0) > before)

    def observes(self, since: float) -> None:
        """Waits until the daemon knows how everything stood at `since` (seconds of the Unix epoch) or later."""
        seen = "vpc_mirror_observed_timestamp_seconds"
        eventually(f"the daemon has read everything after {since}", lambda: self.metrics()[seen] >= since)
