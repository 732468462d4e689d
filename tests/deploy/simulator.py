"""Takes the binary and an empty folder; runs `vpc-mirror sim` there, and gives clients of it. Never decides who may what."""

import json
import re
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

import boto3
from botocore.config import Config

from waiting import eventually

REGION = "eu-west-1"

# It ends by itself one day: even a test run that is killed leaves nothing running.
LASTS = ["timeout", "10m"]


class Simulator:
    """A running simulator. The kernel chooses its port."""

    def __init__(self, binary: Path, folder: Path):
        out = folder / "stdout"
        with out.open("w") as file:
            command = [*LASTS, binary, "sim", "--port", "0", "--instances", "5"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            self.url, self.sensor = eventually("the simulator says how to use it", lambda: self._greeting(out), every=0.05)
        except AssertionError:
            self.__exit__()
            raise

    def _greeting(self, out: Path) -> tuple[str, str] | None:
        assert self._process.poll() is None, out.read_text()
        found = re.search(r"answers at (http://[\d.:]+)[^$]*? sensor is (\S+)\.\n", out.read_text())
        return (found[1], found[2]) if found else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=15)

    def client(self, service: str = "ec2", **keys: str):
        """A boto3 client for it, which sends what it is told once."""
        once = Config(parameter_validation=False, retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, config=once, **keys)

    def session(self, key: str, role: str) -> dict[str, str]:
        """The keys of a session, for which this key takes a role on."""
        sts = self.client("sts", aws_access_key_id=key, aws_secret_access_key="secret")
        made = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        secret = {"aws_secret_access_key": made["SecretAccessKey"], "aws_session_token": made["SessionToken"]}
        return {"aws_access_key_id": made["AccessKeyId"], **secret}

    def as_role(self, key: str, role: str):
        """A client of EC2 for whom this key takes a role on."""
        return self.client(**self.session(key, role))

    def ask(self, method: str, path: str, wish: object = None) -> dict:
        """What the control endpoint answers."""
        body = None if wish is None else json.dumps(wish).encode()
        request = urllib.request.Request(f"{self.url}/_sim/{path}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.read().decode()}") from None
