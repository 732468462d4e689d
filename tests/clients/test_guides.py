"""The commands and values in the guides, as whoever copies them gives them to the program, to the AWS CLI, Helm and kubectl: each takes
them, and what the chart makes of them has the names that the other commands ask for."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from awscli.customizations.cloudformation.deploy import DeployCommand

from cloud import AWS
from helm import CHART, ROOT, Helm
from manifests import Manifests, environment

GUIDES = [ROOT / "docs" / f"{it}.md" for it in ["install-on-eks", "upgrading", "aws-roles"]]
EKS = ROOT / "docs/install-on-eks.md"
POLICY = ROOT / "docs/examples/one-tag-one-sensor.yaml"
EACH_GUIDE = pytest.mark.parametrize("guide", GUIDES, ids=lambda it: it.stem)

# What only says how and where Helm installs: `helm template` makes the same, and knows none of it.
ON_A_CLUSTER = {"--create-namespace", "--wait"}


def blocks(guide: Path, language: str) -> list[str]:
    """The blocks of code in a language, those in lists too."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", guide.read_text(), re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands(guide: Path, program: str) -> list[list[str]]:
    """The words of each command of a program, without what the shell does with them."""
    return [words for words in everything(guide) if Path(words[0]).name == program]


def everything(guide: Path) -> Iterator[list[str]]:
    for block in blocks(guide, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(re.split(r" [|<>] ", re.sub(r" #.*", "", line))[0])
            yield from [words] if words else []
            # What is run in a pod.
            yield from [words[words.index("--") + 1 :]] if "--" in words else []


def flags(words: list[str]) -> list[str]:
    """The flags of a command, not of what it has run in a pod."""
    own = words[: words.index("--")] if "--" in words else words
    return [word.split("=")[0] for word in own if word.startswith("--")]


@cache
def help_of(*words: str | Path) -> str:
    return subprocess.run([*words], capture_output=True, text=True, check=True, timeout=60).stdout


def unknown(words: list[str], told: str) -> list[str]:
    return [flag for flag in flags(words) if not re.search(rf"{re.escape(flag)}\b", told)]


@EACH_GUIDE
def test_the_program_takes_what_the_guides_tell_it(binary: Path, guide: Path) -> None:
    asked = commands(guide, "vpc-mirror")
    assert asked or guide.stem == "aws-roles"
    for _, command, *rest in asked:
        assert unknown(rest, help_of(binary, command, "--help")) == [], rest


def test_the_policy_that_the_guide_begins_with_is_good(binary: Path) -> None:
    copied = [words for words in everything(EKS) if words[0] == "cp"]
    assert copied == [["cp", str(POLICY.relative_to(ROOT)), "policy.yaml"]]
    assert "ok" in help_of(binary, "check", POLICY)


@EACH_GUIDE
def test_the_template_of_the_role_has_the_parameters_that_the_guides_give_it(guide: Path) -> None:
    text = (ROOT / "deploy/aws/role.yaml").read_text()
    parameters = set(re.findall(r"^  (\w+):$", text.partition("Parameters:\n")[2].partition("\n\n")[0], re.MULTILINE))
    assert {"UsedBy", "Namespace"} <= parameters
    taken = {f"--{it['name']}" for it in DeployCommand.ARG_TABLE} | {"--profile"}
    for words in commands(guide, "aws"):
        if words[1:3] == ["cloudformation", "deploy"]:
            assert set(flags(words)) <= taken, words
            given = {word.split("=")[0] for word in words if re.match(r"[A-Z]\w+=", word)}
            assert given <= parameters or "role" not in words[words.index("--template-file") + 1], words


@EACH_GUIDE
def test_the_aws_cli_takes_what_the_guides_tell_it(guide: Path) -> None:
    for _, service, operation, *rest in commands(guide, "aws"):
        if operation != "deploy":
            words = [AWS, service, operation, *rest, "--generate-cli-skeleton", "input", "--region", "eu-west-1"]
            asked = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
            assert asked.returncode == 0, f"{operation}: {asked.stderr}"


@pytest.fixture(params=["helm-3", "helm-4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    if not all(shutil.which(name) for name in [request.param, "kubectl"]):
        pytest.skip(f"{request.param} and kubectl are not on the PATH, where tests/run puts them")
    return Helm(request.param)


@EACH_GUIDE
def test_helm_takes_what_the_guides_tell_it(helm: Helm, guide: Path) -> None:
    for words in commands(guide, "helm"):
        command = next(word for word in words[1:] if re.fullmatch(r"install|upgrade|uninstall|rollback|history|test", word))
        assert unknown(words, help_of(helm.binary, command, "--help")) == [], words


@EACH_GUIDE
def test_kubectl_takes_what_the_guides_tell_it(helm: Helm, guide: Path) -> None:
    for words in commands(guide, "kubectl"):
        known = r"get|logs|exec|port-forward|rollout|annotate|create|delete|scale"
        at = next(number for number, word in enumerate(words) if re.fullmatch(known, word))
        command = words[at : at + 2] if words[at] == "rollout" else words[at : at + 1]
        told = help_of("kubectl", *command, "--help") + help_of("kubectl", "options")
        assert unknown(words, told) == [], words


def rendered(helm: Helm, words: list[str], values: Path) -> Manifests:
    """What the chart makes of a command that installs or upgrades, with those values for its file."""
    wishes = {"policy=policy.yaml": f"policy={POLICY}", "values.yaml": str(values), "charts/vpc-mirror": str(CHART)}
    words = [wishes.get(word, word) for word in words if word not in ON_A_CLUSTER]
    made = helm.run("template", *words[2:])
    assert made.returncode == 0, f"{words}: {made.stderr}"
    return Manifests.parse(made.stdout)


@pytest.mark.parametrize("guide", [EKS, ROOT / "docs/upgrading.md"], ids=lambda it: it.stem)
def test_the_chart_makes_what_the_other_commands_ask_for(helm: Helm, guide: Path, tmp_path: Path) -> None:
    with_an_image = [text for text in blocks(EKS, "yaml") if "image:" in text]
    without = [text for text in blocks(EKS, "yaml") if "image:" not in text]
    assert len(with_an_image) == 2 and len(without) == 1, "by IRSA, by Pod Identity, and what watches it"
    installs = [words for words in commands(guide, "helm") if words[1] in {"install", "upgrade"}]
    assert installs
    for number, text in enumerate(with_an_image):
        values = tmp_path / f"{number}.yaml"
        values.write_text(text + without[0])
        for words in installs:
            made = rendered(helm, words, values)
            names = {made.the(kind)["metadata"]["name"] for kind in ["Deployment", "ServiceAccount", "Service", "Role"]}
            assert names == {"vpc-mirror"} and environment(made.daemon())["VPC_MIRROR_LEASE_NAME"] == "vpc-mirror"
            assert {it["metadata"]["namespace"] for it in made.all("Deployment")} == {"vpc-mirror"}
            assert made.the("Service")["spec"]["ports"][0]["port"] == 9898 and made.the("PrometheusRule")
            assert environment(made.daemon())["AWS_REGION"] == "eu-west-1"
            (first, *_) = made.pods()
            labels = made.the("Deployment")["spec"]["template"]["metadata"]["labels"]
            assert labels["app.kubernetes.io/name"] == "vpc-mirror", first
