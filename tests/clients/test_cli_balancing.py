"""The AWS CLI makes each call of ELB and of the tagging API once: a mirror target's life, and a web site's."""

import functools

import pytest

from balancing import CHECKED, DRAINED, PROVISIONED, Balancing, name
from cloud import aws, call_cli
from models import IDS
from simulator import Simulator

elbv2 = functools.partial(aws, service="elbv2")


@pytest.fixture(autouse=True)
def there(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the CLI at the simulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)


def make_load_balancer(balancing: Balancing, kind: str) -> list[str]:
    """Makes a load balancer; how the CLI names it."""
    place = ["--type", kind, "--scheme", "internal", "--subnets", *balancing.subnets[:2]]
    (made,) = elbv2("create-load-balancer", "--name", name(), *place)["LoadBalancers"]
    return ["--load-balancer-arn", made["LoadBalancerArn"]]


def make_group(balancing: Balancing, protocol: str, port: str) -> list[str]:
    """Makes a group of targets; how the CLI names it."""
    often = ["--health-check-protocol", "TCP", "--health-check-interval-seconds", "5", "--healthy-threshold-count", "2"]
    way = ["--protocol", protocol, "--port", port, "--vpc-id", balancing.vpc]
    (made,) = elbv2("create-target-group", "--name", name(), *way, *often)["TargetGroups"]
    return ["--target-group-arn", made["TargetGroupArn"]]


def test_the_cli_makes_a_mirror_target_whose_appliance_turns_healthy_and_drains(
    simulator: Simulator, balancing: Balancing
):
    (machine,) = balancing.bench.run("t3.micro", 1)
    balancer, group = make_load_balancer(balancing, "network"), make_group(balancing, "UDP", "4789")
    to_group = ["--default-actions", f"Type=forward,TargetGroupArn={group[1]}"]
    elbv2("create-listener", *balancer, "--protocol", "UDP", "--port", "4789", *to_group)
    target = aws("create-traffic-mirror-target", "--network-load-balancer-arn", balancer[1])["TrafficMirrorTarget"]
    assert target["NetworkLoadBalancerArn"] == balancer[1]
    itself = ["--targets", f"Id={machine.id}"]

    def states() -> list[str]:
        found = elbv2("describe-target-health", *group)["TargetHealthDescriptions"]
        return [it["TargetHealth"]["State"] for it in found]

    elbv2("register-targets", *group, *itself)
    assert states() == ["initial"]
    simulator.passes(CHECKED)
    assert states() == ["healthy"]
    elbv2("deregister-targets", *group, *itself)
    assert states() == ["draining"]
    simulator.passes(DRAINED)
    assert states() == []
    simulator.passes(PROVISIONED)
    (found,) = elbv2("describe-load-balancers", "--load-balancer-arns", balancer[1])["LoadBalancers"]
    assert found["State"]["Code"] == "active"


def test_the_cli_makes_a_web_site_changes_it_and_takes_it_away(balancing: Balancing):
    balancer, group = make_load_balancer(balancing, "application"), make_group(balancing, "HTTP", "80")
    forward = f"Type=forward,TargetGroupArn={group[1]}"
    way = ["--protocol", "HTTP", "--port", "80", "--default-actions", forward]
    (listener,) = elbv2("create-listener", *balancer, *way)["Listeners"]
    itself = ["--listener-arn", listener["ListenerArn"]]
    when = ["--priority", "7", "--conditions", "Field=path-pattern,Values=/login"]
    (rule,) = elbv2("create-rule", *itself, *when, "--actions", forward)["Rules"]
    assert [it["Priority"] for it in elbv2("describe-rules", "--rule-arns", rule["RuleArn"])["Rules"]] == ["7"]
    elbv2("delete-rule", "--rule-arn", rule["RuleArn"])
    assert [it["IsDefault"] for it in elbv2("describe-rules", *itself)["Rules"]] == [True]
    elbv2("modify-listener", *itself, "--port", "8080")
    (found,) = elbv2("describe-listeners", *balancer)["Listeners"]
    assert found["Port"] == 8080
    elbv2("set-subnets", *balancer, "--subnets", *balancing.subnets)
    (found,) = elbv2("describe-load-balancers", "--load-balancer-arns", balancer[1])["LoadBalancers"]
    assert len(found["AvailabilityZones"]) == len(balancing.subnets)
    protected = "Key=deletion_protection.enabled,Value={}"
    elbv2("modify-load-balancer-attributes", *balancer, "--attributes", protected.format("true"))
    refused = call_cli("delete-load-balancer", *balancer, service="elbv2").stderr
    assert "(OperationNotPermitted) when calling the DeleteLoadBalancer operation" in refused
    elbv2("modify-load-balancer-attributes", *balancer, "--attributes", protected.format("false"))
    attributes = elbv2("describe-load-balancer-attributes", *balancer)["Attributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "false"} in attributes
    elbv2("delete-listener", *itself)
    elbv2("delete-load-balancer", *balancer)
    assert elbv2("describe-target-groups", "--target-group-arns", group[1])["TargetGroups"][0]["LoadBalancerArns"] == []
    elbv2("delete-target-group", *group)


def test_the_cli_tags_a_load_balancer_and_finds_it_by_its_tag(balancing: Balancing):
    _, arn = make_load_balancer(balancing, "network")
    itself = ["--resource-arns", arn]
    elbv2("add-tags", *itself, "--tags", "Key=tier,Value=of-the-cli")
    (described,) = elbv2("describe-tags", *itself)["TagDescriptions"]
    assert described == {"ResourceArn": arn, "Tags": [{"Key": "tier", "Value": "of-the-cli"}]}
    wanted = ["--tag-filters", "Key=tier,Values=of-the-cli", "--resource-type-filters", "elasticloadbalancing"]
    found = aws("get-resources", *wanted, service="resourcegroupstaggingapi")["ResourceTagMappingList"]
    assert [it["ResourceARN"] for it in found] == [arn]
    elbv2("remove-tags", *itself, "--tag-keys", "tier")
    assert elbv2("describe-tags", *itself)["TagDescriptions"][0]["Tags"] == []


# Of ELB's lists the CLI gives a single page to whoever says how large it is to be, and takes the marker as it is.
def test_the_cli_finds_as_many_load_balancers_in_pages_as_without(balancing: Balancing):
    balancing.load_balancer()
    whole = elbv2("describe-load-balancers")["LoadBalancers"]
    first = elbv2("describe-load-balancers", "--page-size", "1")
    rest = elbv2("describe-load-balancers", "--marker", first["NextMarker"])
    assert len(first["LoadBalancers"]) == 1
    assert first["LoadBalancers"] + rest["LoadBalancers"] == whole


def test_the_cli_says_what_is_not_there():
    refused = call_cli("describe-target-health", "--target-group-arn", IDS["TargetGroupArn"], service="elbv2").stderr
    assert "(TargetGroupNotFound) when calling the DescribeTargetHealth operation" in refused
