"""Takes the binary and an empty folder; runs `vpc-mirror sim` there, and tells it what no client of AWS can. Never
makes a call of EC2: that is for AWS's own clients."""

import json
import re
import subprocess
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import boto3
import pytest
from botocore.config import Config

import control
import reached
from waiting import eventually

REGION = "eu-west-1"

# It ends by itself one day: even a test run that is killed leaves nothing running.
LASTS = ["timeout", "30m"]


class Simulator:
    """A running simulator, with nothing switched on that goes wrong. The kernel chooses its port."""

    def __init__(self, binary: Path, folder: Path):
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("w") as out, self._err.open("w") as err:
            command = [*LASTS, binary, "sim", "--port", "0", "--instances", "30"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            greeting = eventually("the simulator says how to use it", self._greeting)
        except AssertionError:
            self.end()
            raise
        self.url, self.sensor = greeting

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _greeting(self) -> tuple[str, str] | None:
        assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self._err.read_text()}"
        found = re.search(r"answers at (http://[\d.:]+)[^$]*? sensor is (\S+)\.\n", self._out.read_text())
        return found and (found[1], found[2])

    def end(self) -> None:
        """Asks it to end, and waits."""
        self._process.terminate()
        self._process.wait(timeout=15)

    def client(self, service: str = "ec2", key: str = "demo", token: str | None = None, **config):
        """A boto3 client for it, which sends what it is told, sensible or not, once. Its calls are counted."""
        once = Config(parameter_validation=False, retries={"total_max_attempts": 1}, **config)
        keys = {"aws_access_key_id": key, "aws_secret_access_key": "secret", "aws_session_token": token}
        return reached.listen(boto3.client(service, endpoint_url=self.url, region_name=REGION, config=once, **keys))

    def ask(self, method: str, path: str, wish: object = None) -> dict:
        """What the control endpoint answers."""
        return control.ask(self.url, method, path, wish)

    def refuses(self, method: str, path: str, wish: object = None) -> str:
        """What the control endpoint says of a wish that it must refuse."""
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.ask(method, path, wish)
        with caught.value as answer:
            return json.loads(answer.read())["error"]

    def passes(self, duration: str = "3s") -> None:
        """Lets time pass in there at once; by default as much as anything takes that happens by itself."""
        self.ask("PATCH", "clock", {"advance": duration})

    @contextmanager
    def where(self, **unknowns: object) -> Iterator[None]:
        """For a while AWS is otherwise in what it does not say."""
        before = self.ask("GET", "unknowns")
        self.ask("PATCH", "unknowns", unknowns)
        try:
            yield
        finally:
            self.ask("PATCH", "unknowns", before)

    @contextmanager
    def where_registered(self, *principals: dict) -> Iterator[list[str]]:
        """For a while these are somebody, and nobody else is: their ARNs."""
        try:
            yield [self.ask("POST", "principals", principal)["arn"] for principal in principals]
        finally:
            self.ask("DELETE", "principals")

    @contextmanager
    def where_controlled(self, policies: dict) -> Iterator[None]:
        """For a while these service control policies hang on the first account."""
        self.ask("PUT", "organization", {"policies": policies})
        try:
            yield
        finally:
            self.ask("PUT", "organization", {"policies": {}})

    @contextmanager
    def with_rates(self, granted: dict[str, dict[str, int]]) -> Iterator[None]:
        """For a while calls may come only so fast."""
        self.ask("PATCH", "settings", {"rates": {"adjusted": {"granted": granted}}})
        try:
            yield
        finally:
            self.ask("PATCH", "settings", {"rates": "off"})

    @contextmanager
    def with_fault(self, effect: object, *actions: str) -> Iterator[None]:
        """For a while this befalls these calls."""
        self.ask("POST", "faults", {"effect": effect, "actions": list(actions)})
        try:
            yield
        finally:
            self.ask("DELETE", "faults")
