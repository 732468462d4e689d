"""Mistakes in values are refused before anything is made, by a message that names the place and what is wrong with it."""

from typing import Any

import pytest

from helm import Helm, case

SPREAD = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "Never"}

# What is changed, in which shape; and what the message must say: the place, and the fault.
REFUSALS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("a misspelt value", "irsa", {"replcas": 2}, ["'replcas' not allowed"]),
    ("a misspelt value further down", "irsa", {"sampleKey": {"existingSecretName": "x"}}, ["/sampleKey", "'existingSecretName' not allowed"]),
    ("host networking, where the whole node could approve", "irsa", {"hostNetwork": True}, ["'hostNetwork' not allowed"]),
    ("no policy", "irsa", {"policy": ""}, ["/policy", "minLength: got 0, want 1"]),
    ("two policies", "irsa", {"policyConfigMap": {"name": "mirroring"}}, ["/policyConfigMap/name", "maxLength: got 9, want 0"]),
    ("a policy as YAML, in which Helm would round numbers", "irsa", {"policy": {"owner": "prod"}}, ["/policy", "got object, want string"]),
    ("a path where the policy should be", "irsa", {"policy": "policy.yaml"}, ["/policy", "'policy.yaml' does not match pattern", "vpc-mirror/v1"]),
    ("no image", "irsa", {"image": {"repository": ""}}, ["/image/repository", "minLength: got 0, want 1"]),
    ("an image with its tag in the wrong place", "irsa", {"image": {"repository": "registry.example/vpc-mirror:1.0@"}}, ["/image/repository", "does not match pattern"]),
    ("a tag that is a number", "irsa", {"image": {"tag": 1.0}}, ["/image/tag", "got number, want string"]),
    ("half a digest", "irsa", {"image": {"digest": "sha256:abc"}}, ["/image/digest", "does not match pattern"]),
    ("a pull policy that there is not", "irsa", {"image": {"pullPolicy": "always"}}, ["/image/pullPolicy", "'Always', 'IfNotPresent', 'Never'"]),
    ("no replicas", "irsa", {"replicas": 0}, ["/replicas", "got 0, want 1"]),
    ("replicas as text", "irsa", {"replicas": "two"}, ["/replicas", "got string, want integer"]),
    ("several that elect nobody", "irsa", {"leaderElection": {"enabled": False}}, ["/replicas", "maximum: got 2, want 1"]),
    ("a Lease that cannot have that name", "irsa", {"leaderElection": {"leaseName": "Prod_Mirror"}}, ["/leaderElection/leaseName", "does not match pattern"]),
    ("a duration without a unit", "irsa", {"resync": "60"}, ["/resync", "'60' does not match pattern"]),
    ("a duration that is a number", "irsa", {"resync": 60}, ["/resync", "got number, want string"]),
    ("a duration of nothing", "irsa", {"resync": "0s"}, ["/resync", "'0s' does not match pattern"]),
    ("a tag without a key", "irsa", {"roleTag": ""}, ["/roleTag", "minLength: got 0, want 1"]),
    ("an address that nobody outside reaches", "irsa", {"listen": {"address": "127.0.0.1"}}, ["/listen/address", "'0.0.0.0', '::'"]),
    ("a port that only root may have", "irsa", {"listen": {"port": 80}}, ["/listen/port", "minimum: got 80, want 1,024"]),
    ("a log that there is not", "irsa", {"log": {"format": "xml"}}, ["/log/format", "'json', 'text'"]),
    ("a role that is no ARN", "irsa", {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "vpc-mirror"}}}, ["/serviceAccount/annotations/eks.amazonaws.com~1role-arn", "'vpc-mirror' does not match pattern"]),
    ("a user where a role should be", "irsa", {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:user/me"}}}, ["role-arn", "does not match pattern"]),
    ("a role for a ServiceAccount that is not made", "irsa", {"serviceAccount": {"create": False}}, ["/serviceAccount/annotations", "maxProperties: got 1, want 0"]),
    ("a zone where a Region should be", "irsa", {"aws": {"region": "eu-west-1a"}}, ["/aws/region", "'eu-west-1a' does not match pattern"]),
    ("an update that can never begin", "irsa", {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, ["'not' failed"]),
    ("a strategy that there is not", "irsa", {"strategy": {"type": "Rolling"}}, ["/strategy/type", "'RollingUpdate', 'Recreate'"]),
    ("too little time to give back the lease", "irsa", {"terminationGracePeriodSeconds": 1}, ["/terminationGracePeriodSeconds", "minimum: got 1, want 10"]),
    ("no memory to speak of", "irsa", {"resources": {"limits": {"memory": "512 MB"}}}, ["/resources/limits/memory", "'512 MB' does not match pattern"]),
    ("another question for a probe", "irsa", {"livenessProbe": {"httpGet": {"path": "/"}}}, ["/livenessProbe", "'httpGet' not allowed"]),
    ("the labels that pods are chosen by", "irsa", {"podLabels": {"app.kubernetes.io/name": "x"}}, ["invalid propertyName 'app.kubernetes.io/name'"]),
    ("a label that is no text", "irsa", {"commonLabels": {"team": 7}}, ["/commonLabels/team", "got number, want string"]),
    ("a setting of the daemon behind the chart's back", "irsa", {"extraEnv": [{"name": "VPC_MIRROR_LISTEN", "value": "x"}]}, ["/extraEnv/0/name", "'not' failed"]),
    ("a variable without a name", "irsa", {"extraEnv": [{"value": "x"}]}, ["/extraEnv/0", "missing property 'name'"]),
    ("a second volume of the same name", "irsa", {"extraVolumes": [{"name": "policy", "emptyDir": {}}]}, ["/extraVolumes/0/name", "'not' failed"]),
    ("a spread that there is not", "irsa", {"topologySpreadConstraints": [SPREAD]}, ["/topologySpreadConstraints/0/whenUnsatisfiable", "'DoNotSchedule', 'ScheduleAnyway'"]),
    ("an address without a block", "irsa", {"networkPolicy": {"httpsTo": ["10.0.0.1"]}}, ["/networkPolicy/httpsTo/0", "'10.0.0.1' does not match pattern"]),
    ("a rule that neither alerts nor records", "irsa", {"prometheusRule": {"additionalRules": [{"expr": "up == 0"}]}}, ["/prometheusRule/additionalRules/0", "missing property 'alert'"]),
    ("how often to scrape, without a unit", "irsa", {"serviceMonitor": {"interval": "30"}}, ["/serviceMonitor/interval", "'30' does not match pattern"]),
    ("yes in words, for what removes every session", "irsa", {"uninstall": {"keepSessions": "no"}}, ["/uninstall/keepSessions", "got string, want boolean"]),
    ("a name too long for what is made of it", "irsa", {"fullnameOverride": "x" * 51}, ["/fullnameOverride", "maxLength: got 51, want 50"]),
]  # fmt: skip

# What the schema cannot see: the policy is text to it.
INSIDE_THE_POLICY = [
    ("a policy that is no YAML", "apiVersion: vpc-mirror/v1\nkind: [\n", "policy: this is no YAML"),
    ("a policy of nobody", "apiVersion: vpc-mirror/v1\nkind: Policy\n", "policy: it names no owner"),
]


@pytest.mark.parametrize(("shape", "change", "says"), [it[1:] for it in REFUSALS], ids=[it[0] for it in REFUSALS])
def test_a_mistake_is_refused_by_its_place(helm: Helm, shape: str, change: dict[str, Any], says: list[str]) -> None:
    said = helm.refusal(case(shape), change)
    assert "don't meet the specifications of the schema" in said
    assert all(it in said for it in says), said


@pytest.mark.parametrize(("policy", "says"), [it[1:] for it in INSIDE_THE_POLICY], ids=[it[0] for it in INSIDE_THE_POLICY])
def test_a_policy_that_the_daemon_could_not_begin_with_is_refused(helm: Helm, policy: str, says: str) -> None:
    assert says in helm.refusal(case("irsa"), {"policy": policy})


def test_whoever_gives_nothing_is_told_of_the_image_and_the_policy(helm: Helm) -> None:
    made = helm.run("template", "x", case("irsa").parents[1])
    assert made.returncode != 0 and "/image/repository" in made.stderr and "/policy" in made.stderr
