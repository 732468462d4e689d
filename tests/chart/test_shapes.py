"""Every shape that the chart has in `ci` is one that both Helms take, and make the same of; what describes the chart is in step with it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import CASES, CHART, Helm, case

EACH_CASE = pytest.mark.parametrize("values", CASES, ids=lambda it: it.stem.removesuffix("-values"))


@EACH_CASE
def test_every_shape_is_linted_strictly(helm: Helm, values: Path) -> None:
    said = helm.lint(values)
    assert "[WARNING]" not in said and "[ERROR]" not in said, said


@EACH_CASE
def test_both_helms_make_the_same(values: Path) -> None:
    by_kind = lambda it: (it["kind"], it["metadata"]["name"], it["metadata"].get("annotations", {}).get("helm.sh/hook", ""))
    three, four = (sorted(Helm(it).render(values).without_chance(), key=by_kind) for it in ("helm-3", "helm-4"))
    assert three == four and len(three) > 3


def test_every_kind_that_the_chart_can_make_is_made_by_some_shape(one_helm: Helm) -> None:
    made = {it["kind"] for values in CASES for it in one_helm.render(values)}
    written = {line.split()[1] for file in CHART.glob("templates/**/*.yaml") for line in file.read_text().splitlines() if line.startswith("kind: ")}
    assert written == made


def test_the_shapes_and_values_are_tidy() -> None:
    rules = "{extends: default, rules: {line-length: {max: 200}, document-start: disable, comments-indentation: disable}}"
    linted = subprocess.run(
        ["yamllint", "--strict", "-d", rules, CHART / "Chart.yaml", CHART / "values.yaml", CHART / "files/alerts.yaml", *CASES],
        capture_output=True, text=True, check=False,
    )
    assert linted.returncode == 0, linted.stdout


def test_the_schema_is_a_schema() -> None:
    checked = subprocess.run(
        ["check-jsonschema", "--check-metaschema", CHART / "values.schema.json"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_schema_knows_every_value_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def known(part: dict[str, Any]) -> Any:
        part = schema["definitions"][part["$ref"].rsplit("/")[-1]] if "$ref" in part else part
        # What is free below is free here: labels, a security context.
        return {key: known(it) for key, it in part["properties"].items()} if part.get("additionalProperties") is False else ...

    def given(value: Any, wanted: Any) -> Any:
        return {key: given(it, wanted.get(key, ...)) for key, it in value.items()} if isinstance(value, dict) and wanted is not ... else ...

    wanted = known(schema)
    # What a parent chart gives to each of its charts, and the optional parts of lists that Kubernetes knows.
    for name in ("global", "enabled"):
        del wanted[name]
    for free in ("dnsConfig", "affinity"):
        wanted[free] = {}
    del wanted["resources"]["claims"]
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert given(values, wanted) == wanted


def test_the_table_of_values_in_the_readme_is_fresh(tmp_path: Path) -> None:
    if not shutil.which("readme-generator"):
        pytest.skip("there is no npm, and so no readme-generator: whether the README's table of values is fresh was not looked at")
    readme = tmp_path / "README.md"
    shutil.copy(CHART / "README.md", readme)
    command = ["readme-generator", "--values", CHART / "values.yaml", "--readme", readme]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    assert readme.read_text() == (CHART / "README.md").read_text(), f"run {' '.join(map(str, command[:3]))} --readme charts/vpc-mirror/README.md"


def test_the_chart_packs_what_it_needs_and_nothing_else(helm: Helm, tmp_path: Path) -> None:
    packed = helm.run("package", CHART, "--destination", tmp_path)
    assert packed.returncode == 0, packed.stderr
    (archive,) = tmp_path.glob("*.tgz")
    shutil.unpack_archive(archive, tmp_path)
    names = {it.relative_to(tmp_path / "vpc-mirror").parts[0] for it in (tmp_path / "vpc-mirror").rglob("*")}
    assert names == {"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "templates", "files", ".helmignore"}
    assert helm.render(case("irsa"), chart=archive).the("Deployment")


def test_a_parent_chart_can_have_it_as_one_of_its_charts(helm: Helm, tmp_path: Path) -> None:
    """Helm then gives it `global`, and the condition that it was switched on by: a schema that knows neither refuses all of it."""
    shutil.copytree(CHART, tmp_path / "charts/vpc-mirror")
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n"
        "  - {name: vpc-mirror, version: 0.1.0, repository: '', condition: vpc-mirror.enabled}\n"
    )
    values = tmp_path / "values.yaml"
    below = yaml.safe_load(case("irsa").read_text()) | {"enabled": True}
    values.write_text(json.dumps({"global": {"cluster": "prod"}, "vpc-mirror": below}))
    assert helm.render(values, chart=tmp_path).the("Deployment")
