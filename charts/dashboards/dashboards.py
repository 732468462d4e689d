#!/usr/bin/env python3
"""Takes docs/metrics.md; writes the dashboards of the chart, or with --check says which of them are not what would be written. Never asks a
Grafana."""

import argparse
import json
import sys
from pathlib import Path

from coverage import COVERAGE
from operations import OPERATIONS

FOLDER = Path(__file__).resolve().parents[1] / "vpc-mirror/files/dashboards"
DASHBOARDS = {"coverage.json": COVERAGE, "operations.json": OPERATIONS}


def built() -> dict[Path, str]:
    """Each file and what belongs into it."""
    return {FOLDER / name: json.dumps(dashboard.json(), indent=2, ensure_ascii=False) + "\n" for name, dashboard in DASHBOARDS.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is not fresh")
    check = parser.parse_args().check
    stale = {path: text for path, text in built().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(f"{path} is {'not fresh' if check else 'written'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
