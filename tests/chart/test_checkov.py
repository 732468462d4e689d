"""checkov is heard: whatever it finds is in a table with the reason why it is right as it is, and nothing else is."""

import json
import subprocess
import tomllib
from pathlib import Path

import yaml

from helm import CASES, Helm

TABLE = tomllib.loads((Path(__file__).parent / "checkov.toml").read_text())


def test_what_checkov_finds_is_what_the_table_says(one_helm: Helm, tmp_path: Path) -> None:
    for values in CASES:
        (tmp_path / f"{values.stem}.yaml").write_text(yaml.safe_dump_all(one_helm.render(values).objects))
    checkov = ["checkov", "--directory", tmp_path, "--framework", "kubernetes", "--skip-download", "--quiet", "--compact", "--output", "json"]
    checked = subprocess.run(checkov, capture_output=True, text=True, check=False)
    assert checked.stdout, checked.stderr
    found = json.loads(checked.stdout)
    assert found["summary"]["passed"] > 400 and not found["summary"]["parsing_errors"], found["summary"]
    kinds: dict[str, set[str]] = {}
    for it in found["results"]["failed_checks"]:
        kinds.setdefault(it["check_id"], set()).add(it["resource"].partition(".")[0])
    assert {check: sorted(found) for check, found in kinds.items()} == {check: it["kinds"] for check, it in TABLE.items()}


def test_every_finding_that_is_left_says_why() -> None:
    assert all(len(it["why"]) > 40 for it in TABLE.values())
