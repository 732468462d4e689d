"""Takes an empty folder; runs moto there, a simulation of EC2 that others wrote. Never talks to it: that is for AWS's
clients, and for ours."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Self

import boto3
from botocore.config import Config

from simulator import LASTS, REGION
from waiting import eventually

# Beside the Python that runs the tests.
SERVER = Path(sys.executable).with_name("moto_server")


class Moto:
    """A running moto. The kernel chooses its port; which one, moto says itself."""

    def __init__(self, folder: Path):
        self._log = folder / "moto"
        command = [*LASTS, SERVER, "--host", "127.0.0.1", "--port", "0"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.url = eventually("moto says where it answers", self._place)
        except AssertionError:
            self.end()
            raise
        self.environment = {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        self.environment |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _place(self) -> str | None:
        assert self._process.poll() is None, f"moto ended with {self._process.returncode}:\n{self._log.read_text()}"
        found = re.search(r"Running on (http://\S+)", self._log.read_text())
        return found and found[1]

    def client(self):
        """A boto3 client for it, which sends what it is told, sensible or not."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        careless = Config(parameter_validation=False)
        return boto3.client("ec2", endpoint_url=self.url, region_name=REGION, config=careless, **keys)

    def end(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=15)
