"""Takes an empty folder and what is to be scraped; runs a real Prometheus and a real Alertmanager there, and gives what they answer and
whom they tell. Never lets anybody in from outside this machine."""

import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

from ports import free_ports
from waiting import eventually

# It ends by itself one day: even a test run that is killed leaves nothing running.
LASTS = ["timeout", "30m"]
TOOLS = ("prometheus", "promtool", "alertmanager")
MISSING = "there is no Debian to take Prometheus and Alertmanager from: nothing was scraped"

# A second, so that a test needs no minutes.
SCRAPED = 1


def found() -> bool:
    return all(shutil.which(name) for name in TOOLS)


@contextmanager
def _running(folder: Path, name: str, ready: str, *words: str) -> Iterator[None]:
    log = folder / f"{name}.log"
    with log.open("w") as out:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
        process = subprocess.Popen([*LASTS, shutil.which(name) or name, *words], **quiet, cwd=folder)

    def is_ready() -> bool:
        assert process.poll() is None, f"{name} ended with {process.returncode}:\n{log.read_text()[-2000:]}"
        try:
            with urllib.request.urlopen(ready, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    try:
        eventually(f"{name} is ready", is_ready)
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


class Webhook:
    """Somebody who is told of alerts, and remembers."""

    def __init__(self) -> None:
        heard = self.heard = []

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Ear)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def alerts(self, name: str, status: str) -> list[dict[str, Any]]:
        """What it was told of an alert."""
        every = (alert for told in list(self.heard) for alert in told["alerts"])
        return [it for it in every if it["labels"]["alertname"] == name and it["status"] == status]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def alertmanager(folder: Path, webhook: str) -> Iterator[str]:
    """One that tells a webhook, at once; where it answers."""
    folder.mkdir()
    for template in Path(shutil.which("alertmanager") or "").parent.glob("*.tmpl"):
        shutil.copy(template, folder)
    route = {"receiver": "hook", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    receivers = [{"name": "hook", "webhook_configs": [{"url": webhook, "send_resolved": True}]}]
    (folder / "alertmanager.yaml").write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
    (port,) = free_ports(1)
    at = f"127.0.0.1:{port}"
    words = ["--config.file=alertmanager.yaml", "--storage.path=data", f"--web.listen-address={at}", "--cluster.listen-address="]
    with _running(folder, "alertmanager", f"http://{at}/-/ready", *words):
        yield at


class Prometheus:
    """A running Prometheus."""

    def __init__(self, at: str) -> None:
        self.url = f"http://{at}"

    def ask(self, path: str, **what: object) -> Any:
        """What its API answers; an error is what it says."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(what)}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{what}: {error.read().decode()}") from None

    def now(self, expr: str) -> list[dict[str, Any]]:
        """The series of an answer as it is now."""
        return self.ask("query", query=expr)["result"]

    def number(self, expr: str) -> float | None:
        """The only number of an answer, if there is one."""
        answer = self.now(expr)
        assert len(answer) <= 1, answer
        return float(answer[0]["value"][1]) if answer else None


@contextmanager
def prometheus(
    folder: Path, scraped: dict[str, dict[str, str]], alerts: Path, alertmanager: str, every: int = SCRAPED
) -> Iterator[Prometheus]:
    """One that scrapes these addresses, each with labels of its own, and tells that Alertmanager of those alerts."""
    folder.mkdir()
    often = f"{every}s"
    targets = [{"targets": [at], "labels": labels} for at, labels in scraped.items()]
    config = {
        "global": {"scrape_interval": often, "scrape_timeout": often, "evaluation_interval": often},
        "scrape_configs": [{"job_name": "vpc-mirror", "static_configs": targets}],
        "rule_files": [str(alerts)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    (port,) = free_ports(1)
    at = f"127.0.0.1:{port}"
    with _running(
        folder,
        "prometheus",
        f"http://{at}/-/ready",
        "--config.file=prometheus.yaml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={at}",
    ):
        yield Prometheus(at)
