"""Takes the static binary; gives the tests the image that is made of it."""

from pathlib import Path

import pytest

import aws
import image
from image import Image


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, required=True, help="the static vpc-mirror that the image is made of")
    parser.addoption("--tools", type=Path, required=True, help="where buildah is put, if this machine has none")


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("--binary").resolve(strict=True)


@pytest.fixture(scope="session", autouse=True)
def network() -> None:
    aws.lo_up()


@pytest.fixture(scope="session")
def tool(request: pytest.FixtureRequest) -> tuple[Path, dict[str, str]]:
    found = image.buildah(request.config.getoption("--tools"))
    if not found:
        pytest.skip("no buildah, and no Debian to have it from")
    return found


@pytest.fixture(scope="session")
def made(binary: Path, tool: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(binary, tool, tmp_path_factory.mktemp("image"))
