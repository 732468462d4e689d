"""What tools for CloudFormation and systemd say of deploy/. What they complain of is mended, or has its reason here."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from places import AWS, UNIT

TEMPLATES = sorted(AWS.glob("*.yaml"))

# Each finding of checkov that is left, and why it is right so.
LEFT: dict[tuple[str, str, str], str] = {}


def test_cfn_lint_finds_nothing():
    command = [Path(sys.executable).with_name("cfn-lint"), *TEMPLATES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "eu-west-1"})
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_checkov_finds_what_has_its_reason_here_and_nothing_else(checkov):
    command = [checkov, "--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "-d", AWS, "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0 and report["summary"]["passed"] > 10, report["summary"]
    found = {(it["check_id"], Path(it["file_path"]).name, it["resource"]) for it in report["results"]["failed_checks"]}
    assert found == set(LEFT)


@pytest.fixture
def unit(binary: Path, tmp_path: Path) -> Path:
    """The unit, with a binary that is there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not there")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/usr/local/bin/vpc-mirror", str(binary)))
    return path


def test_systemd_finds_nothing_wrong_with_the_unit(unit):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_says_that_the_unit_is_little_exposed(unit):
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "OK" in done.stdout, done.stdout + done.stderr


def test_the_unit_starts_the_daemon_with_flags_that_it_has(binary):
    (start,) = [line.removeprefix("ExecStart=").split() for line in UNIT.read_text().splitlines() if line.startswith("ExecStart=")]
    said = subprocess.run([binary, start[1], "--help"], capture_output=True, text=True, timeout=60).stdout
    assert all(f"{flag} " in said for flag in start if flag.startswith("--"))
    example = (UNIT.parent / "environment.example").read_text()
    for name in ("VPC_MIRROR_SAMPLE_KEY_FILE", "VPC_MIRROR_LISTEN", "VPC_MIRROR_LOG_FORMAT", "VPC_MIRROR_RESYNC"):
        assert f"[env: {name}=" in said and name in UNIT.read_text() + example
