"""What the image is built by is written as Dockerfiles should be, and builds what the chart runs."""

import re
import subprocess
import tomllib

import yaml

from helm import CHART, ROOT, Helm, case

DOCKERFILE = ROOT / "deploy/Dockerfile"
TEXT = DOCKERFILE.read_text()
# What is in the image, and not only in what it is built in.
IMAGE = TEXT.partition("FROM scratch\n")[2]


def test_the_dockerfile_is_linted() -> None:
    linted = subprocess.run(["hadolint", "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_the_image_is_built_with_the_compiler_and_the_lock_file_of_the_workspace() -> None:
    channel = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    assert re.search(r"^ARG RUST=(.*)$", TEXT, re.MULTILINE).group(1) == channel
    assert "cargo build --release --locked" in TEXT and "target-feature=+crt-static" in TEXT


def test_the_image_begins_from_nothing_and_says_what_it_is() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert IMAGE and "RUN" not in IMAGE and f"ARG VERSION={version}\n" in IMAGE
    assert {"title", "description", "licenses", "version", "revision"} <= set(re.findall(r"org\.opencontainers\.image\.(\w+)=", IMAGE))


def test_the_chart_runs_the_version_of_the_workspace() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version


def test_the_image_runs_as_the_user_that_the_chart_runs_it_as(one_helm: Helm) -> None:
    (_, pod), *_ = one_helm.render(case("irsa")).pods()
    user, group = re.search(r"^USER (\d+):(\d+)$", IMAGE, re.MULTILINE).groups()
    assert (int(user), int(group)) == (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"])


def test_the_chart_gives_arguments_to_the_images_program_and_names_no_other(one_helm: Helm) -> None:
    assert 'ENTRYPOINT ["vpc-mirror"]' in IMAGE and "ENV PATH=/usr/local/bin\n" in IMAGE
    assert all("command" not in it for _, pod in one_helm.render(case("teardown")).pods() for it in pod["containers"])
