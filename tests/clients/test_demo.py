"""A demo begins with commands that work as they are printed, and ends as it should."""

import os
import re
import signal
import socket
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from cloud import AWS, session_on
from demo import Demo


def paste(commands: str, binary: Path) -> str:
    """What a shell prints that has the AWS CLI and vpc-mirror at hand, and nothing else."""
    path = os.pathsep.join([str(AWS.parent), str(binary.parent), os.environ["PATH"]])
    without_pager = {"PATH": path, "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8", "AWS_PAGER": ""}
    shell = ["bash", "-euc", commands]
    return subprocess.run(shell, env=without_pager, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


def test_the_commands_that_a_demo_prints_can_be_pasted(binary: Path, demo: Demo):
    export, run, describe, explain, control, fault, end = re.findall(r"^  (\S.+)$", demo.printed(), re.MULTILINE)
    launched = paste(f"{export}\n{run}", binary)
    instance, interface = (re.search(f'"{kind}": "(.+)"', launched)[1] for kind in ("InstanceId", "NetworkInterfaceId"))
    session_id = session_on(interface)["TrafficMirrorSessionId"]
    assert session_id in paste(f"{export}\n{describe}", binary)
    assert session_id in paste(f"{export}\n{explain.replace('i-…', instance)}", binary)
    assert '"number"' in paste(f"{control}\n{fault}", binary)
    assert '"ended"' in paste(f"{control}\n{end}", binary)


def test_a_demo_of_all_strategies_prints_what_whoever_asks_about_its_sample_needs(binary: Path, tmp_path: Path):
    with Demo(binary, tmp_path, strategies="all") as demo:
        export, report = (re.search(rf"^  ({form}.+)$", demo.printed(), re.MULTILINE)[1] for form in ("export AWS_", "vpc-mirror report"))
        assert "\nspot-check " in paste(f"{export}\n{report}", binary)


def assert_said_goodbye(demo: Demo) -> None:
    assert " sessions wanted, " in demo.printed()
    assert not demo.policy.exists()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=lambda by: by.name)
def test_a_demo_that_is_told_to_stop_sums_up_and_removes_its_policy(binary: Path, tmp_path: Path, by: signal.Signals):
    with Demo(binary, tmp_path) as demo:
        assert demo.policy.exists()
        assert demo.end(by) == 0
        assert_said_goodbye(demo)


def test_a_demo_for_two_seconds_ends_by_itself(binary: Path, tmp_path: Path):
    with Demo(binary, tmp_path, lasts="2s") as demo:
        assert demo.wait() == 0
        assert_said_goodbye(demo)


def test_a_demo_does_not_wait_for_clients_that_hold_a_connection_and_say_nothing(binary: Path, tmp_path: Path):
    with Demo(binary, tmp_path) as demo:
        addresses = [urllib.parse.urlsplit(url) for url in (demo.url, demo.environment["AWS_ENDPOINT_URL"])]
        connections = [socket.create_connection((address.hostname, address.port)) for address in addresses]
        assert demo.end() == 0
        for connection in connections:
            connection.close()


def test_a_port_that_is_taken_is_named_with_the_flag_that_chooses_another(binary: Path, demo: Demo):
    taken = urllib.parse.urlsplit(demo.environment["AWS_ENDPOINT_URL"])
    refused = subprocess.run(
        [binary, "demo", "--port", str(taken.port), "--listen", "127.0.0.1:0", "--for", "2s"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert refused.returncode == 1
    assert f"cannot listen on {taken.netloc}: free it, or choose another with --port" in refused.stderr
