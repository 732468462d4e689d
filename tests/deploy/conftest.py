"""Takes the binary and checkov; gives them to the tests, with what the binary prints and a simulator. Never lets anything of the caller's own
AWS configuration in."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alone import forgotten
from places import EXAMPLES
from simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, required=True, help="the vpc-mirror to test")
    parser.addoption("--checkov", type=Path, required=True, help="the checkov to ask")


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("--binary").resolve(strict=True)


@pytest.fixture(scope="session")
def checkov(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("--checkov")


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with forgotten(tmp_path_factory.mktemp("home")) as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def printed(binary: Path) -> Callable[..., object]:
    """What `vpc-mirror iam-policy` prints for a policy of docs/examples."""

    def ask(example: str, *more: str) -> object:
        command = [binary, "iam-policy", "--policy", EXAMPLES / example, *more]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    return ask


@pytest.fixture(scope="session")
def simulator(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator, in which everything that is registered is everybody there is."""
    with Simulator(binary, tmp_path_factory.mktemp("simulator")) as running:
        yield running
