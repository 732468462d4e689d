"""Takes the binary; gives every test the same running demo, an environment in which AWS's clients talk to it alone,
and, for what a daemon would only disturb, a simulator without one. Never lets anything of the caller's own AWS
configuration in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import api_server
import reached
from alone import forgotten
from api_server import ApiServer
from balancing import Balancing
from bench import Bench
from cloud import ec2
from demo import Demo
from simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, required=True, help="the vpc-mirror to test")


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> Path:
    return request.config.getoption("--binary").resolve(strict=True)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    with forgotten(tmp_path_factory.mktemp("home")) as patch:
        yield patch


@pytest.fixture(scope="session", autouse=True)
def demo(binary: Path, environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo. What tests leave in its cloud goes with it."""
    without_surprises = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    with Demo(binary, tmp_path_factory.mktemp("demo")) as running:
        for name, value in (running.environment | without_surprises).items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server. Whoever uses it has a namespace of its own there."""
    assets = api_server.found()
    if not assets:
        pytest.skip(f"{api_server.MISSING}: no real API server")
    with ApiServer(assets, tmp_path_factory.mktemp("kubernetes")) as running:
        yield running


@pytest.fixture
def own(binary: Path, demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """A demo for one test alone, with hardly a fleet; AWS's clients talk to it meanwhile."""
    with Demo(binary, tmp_path, instances=1) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        ec2.cache_clear()
        yield running
        ec2.cache_clear()


@pytest.fixture(autouse=True)
def log_begins(demo: Demo) -> int:
    """Where the demo's log stood when the test began."""
    return len(demo.log())


@pytest.fixture(scope="session")
def simulator(binary: Path, demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The simulator. What tests switch on in it, they switch off."""
    with Simulator(binary, tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture(scope="session")
def api(simulator: Simulator):
    """A boto3 client for the simulator."""
    return simulator.client()


@pytest.fixture(scope="session")
def bench(simulator: Simulator, api) -> Bench:
    """What calls are tried on."""
    return Bench(simulator, api)


@pytest.fixture(scope="session")
def balancing(simulator: Simulator, bench: Bench) -> Balancing:
    """What calls of ELB are tried on."""
    return Balancing(bench, simulator.client("elbv2"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts what looks back at all other tests behind them, and leaves it out where only some tests are asked for."""
    looks_back = [item for item in items if item.get_closest_marker("looks_back")]
    rest = [item for item in items if item not in looks_back]
    folder = str(Path(__file__).parent)
    whole = config.args == [folder] and not (config.option.keyword or config.option.markexpr)
    items[:] = rest + looks_back if whole else rest or looks_back


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much of the simulator the clients have reached."""
    terminalreporter.section("reached")
    terminalreporter.write("\n".join(reached.summary()) + "\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Shows, with a test that fails, what the demo has logged meanwhile, and what one of the test's own has."""
    report = yield
    values = getattr(item, "funcargs", {})
    if report.failed and "log_begins" in values:
        report.sections.append(("the demo's log", values["demo"].log()[values["log_begins"] :]))
    if report.failed and "own" in values:
        report.sections.append(("its own demo's log", values["own"].log()))
    return report
