"""The template of the daemon's role: what it grants is what `iam-policy` prints, and who takes it on is nobody else."""

import functools
import json
import re
import subprocess
from pathlib import Path

import pytest

from authorization import faults
from calls import THEIRS, on, reads, writes
from iam import Need, allowed, effects
from places import ACCOUNT, AWS, EXAMPLE, EXAMPLES, ROLE
from template import Stack, document, load

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
CLUSTER = f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/prod"
THERE = "arn:aws:iam::444455556666:role/vpc-mirror"
USES = {
    "irsa": {"OidcProviderArn": PROVIDER},
    "pod-identity": {"ClusterArn": CLUSTER},
    "ec2": {},
    "role": {"TrustedRoleArn": ROLE},
}


@functools.cache
def rendered(binary: Path, example: str, *more: str) -> str:
    command = [AWS / "render", "--binary", binary, "--policy", EXAMPLES / example, *more]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def granted(text: str | Path) -> dict[str, dict]:
    """The documents of a template that hang on its role, by name."""
    policies = Stack(load(text), UsedBy="ec2").resources("AWS::IAM::ManagedPolicy")
    assert all(it["Roles"] == ["<Role>"] for it in policies.values())
    return {name: it["PolicyDocument"] for name, it in policies.items()}


def trust(**how: str) -> dict:
    """Who takes the role on."""
    return document(Stack(load(AWS / "role.yaml"), **how).resource("AWS::IAM::Role")["AssumeRolePolicyDocument"])


def test_the_template_in_the_repository_grants_what_is_printed_for_its_example(printed):
    assert list(granted(AWS / "role.yaml").values()) == [printed(EXAMPLE)]


def test_the_template_in_the_repository_is_what_render_makes(binary):
    assert rendered(binary, EXAMPLE) == (AWS / "role.yaml").read_text()


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_the_template_of_each_example_grants_what_is_printed_for_it_and_nothing_else(binary, printed, example):
    grants = printed(example)
    grants = grants if isinstance(grants, list) else [{"role": None, "document": grants}]
    for role in {it["role"] for it in grants}:
        text = rendered(binary, example, *(["--role", role] if role else []))
        assert list(granted(text).values()) == [it["document"] for it in grants if it["role"] == role]
        assert all(len(re.sub(r"\s", "", json.dumps(it))) < 4000 for it in granted(text).values()), "far from the 6144 that IAM takes"
        stack = Stack(load(text), UsedBy="ec2")
        (it,) = stack.resources("AWS::IAM::Role").values()
        assert not {"Policies", "ManagedPolicyArns"} & set(it), "nothing beside"


def test_what_adopt_needs_is_granted_when_it_is_asked_for(binary, printed):
    assert list(granted(rendered(binary, EXAMPLE, "--adopt")).values()) == [printed(EXAMPLE, "--adopt")]


def test_a_role_that_the_policy_does_not_name_gets_no_template(binary):
    command = [AWS / "render", "--binary", binary, "--policy", EXAMPLES / EXAMPLE, "--role", THERE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"needs nothing of {THERE}: it names the role at home" in done.stderr


def test_a_policy_that_is_refused_gets_no_template(binary, tmp_path):
    wrong = tmp_path / "policy.yaml"
    wrong.write_text("kind: Policy\n")
    done = subprocess.run([AWS / "render", "--binary", binary, "--policy", wrong], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "") and "policy.yaml:1" in done.stderr, done.stderr


@pytest.mark.parametrize("example", [EXAMPLE, "all-strategies.yaml", "two-sensors.yaml", "one-vpc.yaml", "several-accounts.yaml", "a-shared-target.yaml"])
def test_each_permission_is_an_action_of_aws_on_a_resource_that_it_has_under_conditions_that_it_knows(binary, example):
    for found in granted(rendered(binary, example, "--adopt")).values():
        assert faults(found) == []


@pytest.mark.parametrize("call", sorted(writes(None)) + sorted(reads()))
def test_the_role_may_do_what_it_does_with_its_own_and_nothing_of_it_with_what_is_a_strangers(printed, call):
    grants = granted(AWS / "role.yaml").values()
    if call in reads():
        # Rules come with their filters: the daemon never asks for them.
        assert allowed(grants, reads()[call]) == (call != "lists FilterRules")
        return
    ours = {"vpc-mirror/owner": "prod", "vpc-mirror/key": "k", "vpc-mirror/proof": "p"}
    assert allowed(grants, writes(ours)[call])
    assert not allowed(grants, writes(THEIRS)[call])
    assert not allowed(grants, writes({**ours, "vpc-mirror/owner": "dev"})[call])


def test_the_role_may_take_no_tags_away_and_put_none_on_what_stands():
    grants = granted(AWS / "role.yaml").values()
    for kind in ("session", "filter", "target"):
        for action in ("CreateTags", "DeleteTags"):
            assert not allowed(grants, [on(action, kind, {"vpc-mirror/owner": "prod"})])


def takes_on(found: dict, action: str, principal: dict, **keys: str) -> bool:
    """Whether a trust policy lets a principal do this."""
    for statement in found["Statement"]:
        plain = {"Effect": statement["Effect"], "Action": statement["Action"], "Resource": "*", "Condition": statement.get("Condition", {})}
        known = Need(action, "*", {key: [value] for key, value in keys.items()})
        if statement["Principal"] == principal and effects([{"Statement": [plain]}], known) == {"Allow"}:
            return True
    return False


ISSUER = PROVIDER.split(":oidc-provider/")[1]
TOKEN = {f"{ISSUER}:sub": "system:serviceaccount:vpc-mirror:vpc-mirror", f"{ISSUER}:aud": "sts.amazonaws.com"}


@pytest.mark.parametrize("wrong", [
    {f"{ISSUER}:sub": "system:serviceaccount:vpc-mirror:default"}, {f"{ISSUER}:sub": "system:serviceaccount:other:vpc-mirror"},
    {f"{ISSUER}:aud": "https://kubernetes.default.svc"},
])
def test_by_irsa_its_service_account_alone_takes_the_role_on_with_a_token_for_sts(wrong):
    found, action, principal = trust(UsedBy="irsa", OidcProviderArn=PROVIDER), "sts:AssumeRoleWithWebIdentity", {"Federated": PROVIDER}
    assert takes_on(found, action, principal, **TOKEN)
    assert not takes_on(found, action, principal, **TOKEN | wrong)
    assert not takes_on(found, action, principal, **{key: value for key, value in TOKEN.items() if key not in wrong})


POD = {
    "aws:RequestTag/eks-cluster-arn": CLUSTER,
    "aws:RequestTag/kubernetes-namespace": "vpc-mirror",
    "aws:RequestTag/kubernetes-service-account": "vpc-mirror",
}


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession"])
@pytest.mark.parametrize("key", POD)
def test_by_pod_identity_its_service_account_in_its_cluster_alone_takes_the_role_on(action, key):
    found, principal = trust(UsedBy="pod-identity", ClusterArn=CLUSTER), {"Service": "pods.eks.amazonaws.com"}
    assert takes_on(found, action, principal, **POD)
    assert not takes_on(found, action, principal, **POD | {key: POD[key].replace("vpc-mirror", "x").replace("prod", "x")})
    assert not takes_on(found, action, principal, **{it: value for it, value in POD.items() if it != key})


def test_by_an_instance_profile_instances_take_it_on():
    stack = Stack(load(AWS / "role.yaml"), UsedBy="ec2")
    assert takes_on(trust(UsedBy="ec2"), "sts:AssumeRole", {"Service": "ec2.amazonaws.com"})
    assert stack.resource("AWS::IAM::InstanceProfile")["Roles"] == ["<Role>"]
    assert not Stack(load(AWS / "role.yaml"), UsedBy="irsa").resources("AWS::IAM::InstanceProfile")


def test_in_another_account_the_role_at_home_takes_it_on_and_says_the_external_id_where_there_is_one():
    by = {"UsedBy": "role", "TrustedRoleArn": ROLE}
    assert takes_on(trust(**by), "sts:AssumeRole", {"AWS": ROLE})
    guarded = trust(**by, ExternalId="3f9c1d20")
    assert takes_on(guarded, "sts:AssumeRole", {"AWS": ROLE}, **{"sts:ExternalId": "3f9c1d20"})
    assert not takes_on(guarded, "sts:AssumeRole", {"AWS": ROLE})
    assert not takes_on(guarded, "sts:AssumeRole", {"AWS": ROLE}, **{"sts:ExternalId": "other"})


@pytest.mark.parametrize("use", USES)
def test_each_use_has_one_way_in_and_nobody_else_has(use):
    (statement,) = trust(UsedBy=use, **USES[use])["Statement"]
    assert statement["Effect"] == "Allow" and "*" not in json.dumps(statement)


@pytest.mark.parametrize("use, missing", [("irsa", "OidcProviderArn"), ("pod-identity", "ClusterArn"), ("role", "TrustedRoleArn")])
def test_what_a_use_needs_is_asked_for_before_anything_is_made(use, missing):
    template = load(AWS / "role.yaml")
    assert Stack(template, UsedBy=use).complaints() == [f"For UsedBy={use} say {missing}."]
    assert Stack(template, UsedBy=use, **USES[use]).complaints() == []


@pytest.mark.parametrize("use, file", [("irsa", "trust-irsa.json"), ("pod-identity", "trust-pod-identity.json")])
def test_the_trust_policies_beside_the_template_are_those_that_it_makes(use, file):
    assert json.loads((AWS / file).read_text()) == trust(UsedBy=use, **USES[use])


@pytest.mark.parametrize("use", USES)
def test_parameters_take_the_values_that_they_are_for_and_no_quotes(use):
    parameters = load(AWS / "role.yaml")["Parameters"]
    for name, value in USES[use].items():
        pattern = parameters[name]["AllowedPattern"]
        assert re.fullmatch(pattern, value) and re.fullmatch(pattern, "")
        assert not re.fullmatch(pattern, value + '", "Principal": "*')
    assert not re.fullmatch(parameters["Namespace"]["AllowedPattern"], "*")
    assert not re.fullmatch(parameters["ServiceAccount"]["AllowedPattern"], 'x"')
