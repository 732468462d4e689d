"""Takes the binary, a demo and a question; asks a command of vpc-mirror beside the running daemon, with the demo's
policy and the environment of the AWS CLI. Never looks at the cloud itself."""

import json
import subprocess
from pathlib import Path

from demo import Demo


def ask(binary: Path, demo: Demo, command: str, *words: str) -> subprocess.CompletedProcess:
    """What a command prints, and its exit code."""
    whole = [binary, command, "--policy", demo.policy, *words]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60)


def explained(binary: Path, demo: Demo, thing: str) -> list[str]:
    """The lines of an explanation, without what indents them."""
    answer = ask(binary, demo, "explain", thing)
    assert answer.returncode == 0, answer.stderr
    return [line.strip() for line in answer.stdout.splitlines()]


def listed(binary: Path, demo: Demo) -> dict:
    """What `sources` lists, as a program reads it."""
    answer = ask(binary, demo, "sources", "--output", "json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)
