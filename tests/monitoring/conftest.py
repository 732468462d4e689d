"""Takes the binary; gives the tests a demo that has had trouble, and the Prometheus that has scraped it all the while. Never lets anything
of the caller's own AWS configuration in."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alone import forgotten
from demo import Demo
from servers import MISSING, Prometheus, Webhook, alertmanager, found, prometheus
from trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "charts/vpc-mirror/files/alerts.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, required=True, help="the vpc-mirror to test")


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    with forgotten(tmp_path_factory.mktemp("home")) as patch:
        yield patch


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    binary = request.config.getoption("--binary").resolve(strict=True)
    with Demo(binary, tmp_path_factory.mktemp("demo"), lasts="10m", instances=60, strategies="all") as running:
        for name, value in (running.environment | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(scope="session")
def webhook() -> Iterator[Webhook]:
    with closing(Webhook()) as ear:
        yield ear


@pytest.fixture(scope="session")
def scraping(demo: Demo, webhook: Webhook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that begins to scrape before anything happens."""
    if not found():
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("servers")
    with alertmanager(folder / "alertmanager", webhook.url) as told:
        with prometheus(folder / "prometheus", {demo.url.removeprefix("http://"): {}}, ALERTS, told) as running:
            yield running


@pytest.fixture(scope="session")
def trouble(demo: Demo, scraping: Prometheus) -> Trouble:
    made = Trouble(demo)
    made.make_all()
    return made
