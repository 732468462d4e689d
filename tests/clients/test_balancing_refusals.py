"""What ELB refuses, as boto3 sees it: what is not there, what is there already, and what does not fit together."""

import pytest
from botocore import xform_name

import apis
from balancing import WEB, Balancing, forward
from bench import refusal
from models import IDS, of, required, smallest
from registering import everything, user
from simulator import Simulator
from sources import actions

ELB = of("elbv2", actions())
OTHER = "444455556666"


def call(api, action: str):
    return getattr(api, xform_name(apis.name_of(action)))


def named(*names: str) -> dict[str, str]:
    return {name: IDS[name] for name in names}


@pytest.mark.parametrize("action", [action for action in ELB if required(action)])
def test_what_the_model_requires_is_required(balancing: Balancing, action: str):
    for name in required(action):
        rest = {other: value for other, value in smallest(action).items() if other != name}
        assert refusal(call(balancing.api, action), **rest) == "ValidationError", name


@pytest.mark.parametrize("action", ELB)
def test_no_action_is_allowed_to_whoever_has_no_policy(simulator: Simulator, action: str):
    with simulator.where_registered(user("eve", keys=["AKIAEVE"])):
        eve = simulator.client("elbv2", key="AKIAEVE")
        assert refusal(call(eve, action), **smallest(action)) == "AccessDenied"


# facts §6
@pytest.mark.parametrize("action", ELB)
def test_every_action_can_be_called_too_often(simulator: Simulator, balancing: Balancing, action: str):
    too_often = call(balancing.api, action)
    with simulator.with_rates({action: {"burst": 0, "perSecond": 0}}):
        assert refusal(too_often, **smallest(action)) == "Throttling"
        with simulator.where(codes="asDocumented"):
            assert refusal(too_often, **smallest(action)) == "ThrottlingException"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("describe_load_balancers", {"LoadBalancerArns": [IDS["LoadBalancerArn"]]}, "LoadBalancerNotFound"),
        ("describe_load_balancers", {"Names": ["none"]}, "LoadBalancerNotFound"),
        ("describe_load_balancer_attributes", named("LoadBalancerArn"), "LoadBalancerNotFound"),
        (
            "modify_load_balancer_attributes",
            named("LoadBalancerArn") | {"Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}]},
            "LoadBalancerNotFound",
        ),
        ("set_subnets", named("LoadBalancerArn") | {"Subnets": [IDS["SubnetId"]]}, "LoadBalancerNotFound"),
        ("describe_listeners", named("LoadBalancerArn"), "LoadBalancerNotFound"),
        ("describe_listeners", {"ListenerArns": [IDS["ListenerArn"]]}, "ListenerNotFound"),
        ("modify_listener", named("ListenerArn"), "ListenerNotFound"),
        ("delete_listener", named("ListenerArn"), "ListenerNotFound"),
        ("describe_rules", named("ListenerArn"), "ListenerNotFound"),
        ("describe_rules", {"RuleArns": [IDS["RuleArn"]]}, "RuleNotFound"),
        ("delete_rule", named("RuleArn"), "RuleNotFound"),
        ("describe_target_groups", {"TargetGroupArns": [IDS["TargetGroupArn"]]}, "TargetGroupNotFound"),
        ("describe_target_groups", {"Names": ["none"]}, "TargetGroupNotFound"),
        ("describe_target_health", named("TargetGroupArn"), "TargetGroupNotFound"),
        ("register_targets", named("TargetGroupArn") | {"Targets": [{"Id": "i-1"}]}, "TargetGroupNotFound"),
        ("deregister_targets", named("TargetGroupArn") | {"Targets": [{"Id": "i-1"}]}, "TargetGroupNotFound"),
        ("describe_tags", {"ResourceArns": [IDS["LoadBalancerArn"]]}, "LoadBalancerNotFound"),
        ("add_tags", {"ResourceArns": [IDS["TargetGroupArn"]], "Tags": [{"Key": "k"}]}, "TargetGroupNotFound"),
        ("remove_tags", {"ResourceArns": [IDS["ListenerArn"]], "TagKeys": ["k"]}, "ListenerNotFound"),
    ],
)
def test_what_is_not_there_is_neither_described_nor_changed(
    balancing: Balancing, action: str, parameters: dict, code: str
):
    assert refusal(getattr(balancing.api, action), **parameters) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Name": "internal-x"}, "ValidationError"),
        ({"Name": "x" * 33}, "ValidationError"),
        ({"Type": "classic"}, "ValidationError"),
        ({"Subnets": []}, "ValidationError"),
        ({"Subnets": [IDS["SubnetId"]]}, "SubnetNotFound"),
        ({"SecurityGroups": ["sg-0123456789abcdef0"]}, "InvalidSecurityGroup"),
        ({"Type": "gateway", "SecurityGroups": ["sg-0123456789abcdef0"]}, "InvalidConfigurationRequest"),
        ({"Tags": [{"Key": "k"}, {"Key": "k"}]}, "DuplicateTagKeys"),
        ({"Tags": [{"Key": f"k{number}"} for number in range(51)]}, "TooManyTags"),
        ({"Tags": [{"Key": "aws:k"}]}, "ValidationError"),
        # What the simulator does not understand.
        ({"CustomerOwnedIpv4Pool": "ipv4pool-coip-1"}, "ValidationError"),
    ],
    ids=str,
)
def test_a_load_balancer_that_cannot_be_is_refused(balancing: Balancing, changes: dict, code: str):
    kind = changes.get("Type", "network")
    assert refusal(balancing.load_balancer, **{"kind": kind} | changes) == code


def test_a_load_balancer_stands_once_in_a_zone_and_an_application_load_balancer_in_two(balancing: Balancing):
    one, *_ = balancing.subnets
    assert refusal(balancing.load_balancer, Subnets=[one, one]) == "InvalidConfigurationRequest"
    assert refusal(balancing.load_balancer, kind="application", Subnets=[one]) == "ValidationError"


def test_a_name_is_taken_by_what_was_made_otherwise(balancing: Balancing):
    name = balancing.load_balancer()["LoadBalancerName"]
    assert refusal(balancing.load_balancer, kind="application", Name=name) == "DuplicateLoadBalancerName"
    balancing.group(Name="taken")
    assert refusal(balancing.group, Name="taken", Port=4790) == "DuplicateTargetGroupName"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Name": "-"}, "ValidationError"),
        ({"Port": 65536}, "ValidationError"),
        ({"Protocol": "SMTP"}, "ValidationError"),
        ({"VpcId": IDS["VpcId"]}, "ValidationError"),
        ({"HealthCheckProtocol": "UDP"}, "ValidationError"),
        ({"HealthCheckIntervalSeconds": 4}, "ValidationError"),
        ({"TargetType": "alb"}, "ValidationError"),
        ({"TargetType": "lambda"}, "InvalidConfigurationRequest"),
    ],
    ids=str,
)
def test_a_group_that_cannot_be_is_refused(balancing: Balancing, changes: dict, code: str):
    assert refusal(balancing.group, **changes) == code


def test_a_listener_fits_its_load_balancer_and_its_group(balancing: Balancing):
    network, group = balancing.load_balancer()["LoadBalancerArn"], balancing.group()
    application, web = balancing.load_balancer("application")["LoadBalancerArn"], balancing.group(**WEB)
    listener = balancing.listener
    assert refusal(listener, load_balancer=application, group=group) == "UnsupportedProtocol"
    assert refusal(listener, load_balancer=network, group=web) == "IncompatibleProtocols"
    assert refusal(listener, load_balancer=network, group=IDS["TargetGroupArn"]) == "TargetGroupNotFound"
    assert refusal(listener, load_balancer=IDS["LoadBalancerArn"], group=group) == "LoadBalancerNotFound"
    balancing.listener(network, group)
    assert refusal(listener, load_balancer=network, group=group) == "DuplicateListener"
    another = balancing.load_balancer()["LoadBalancerArn"]
    assert refusal(listener, load_balancer=another, group=group) == "TargetGroupAssociationLimit"
    assert refusal(balancing.api.delete_target_group, TargetGroupArn=group) == "ResourceInUse"


def test_a_rule_has_a_priority_of_its_own_and_only_an_application_load_balancer_has_more_than_one(balancing: Balancing):
    _, listener, group = balancing.web()
    create, condition = balancing.api.create_rule, [{"Field": "path-pattern", "Values": ["/x"]}]
    wish = {"ListenerArn": listener, "Priority": 1, "Conditions": condition, "Actions": forward(group)}
    create(**wish)
    assert refusal(create, **wish) == "PriorityInUse"
    assert refusal(create, **wish | {"Priority": 50_001}) == "ValidationError"
    assert refusal(create, **wish | {"ListenerArn": IDS["ListenerArn"]}) == "ListenerNotFound"
    packets = balancing.group()
    network = balancing.listener(balancing.load_balancer()["LoadBalancerArn"], packets)
    of_network = {"ListenerArn": network, "Actions": forward(packets)}
    assert refusal(create, **wish | of_network) == "UnsupportedProtocol"
    rules = balancing.api.describe_rules(ListenerArn=network)["Rules"]
    assert refusal(balancing.api.delete_rule, RuleArn=rules[0]["RuleArn"]) == "OperationNotPermitted"


def test_a_target_is_there_and_of_the_kind_of_its_group(balancing: Balancing):
    (stopped,) = balancing.bench.run("t3.micro", 1)
    balancing.bench.api.stop_instances(InstanceIds=[stopped.id])
    instances, addresses = balancing.group(), balancing.group(TargetType="ip")
    for target in (IDS["InstanceId"], stopped.id, stopped.address):
        assert refusal(balancing.api.register_targets, TargetGroupArn=instances, Targets=[{"Id": target}]) == (
            "InvalidTarget"
        )
    # Public, or outside the VPC without saying so.
    for target in ({"Id": "8.8.8.8", "AvailabilityZone": "all"}, {"Id": "192.168.0.7"}):
        assert refusal(balancing.api.register_targets, TargetGroupArn=addresses, Targets=[target]) == "InvalidTarget"
    assert balancing.health(instances) == balancing.health(addresses) == {}


def test_an_attribute_is_one_that_a_load_balancer_has(balancing: Balancing):
    arn = balancing.load_balancer("application")["LoadBalancerArn"]
    for key, value, code in [
        ("colour", "true", "ValidationError"),
        ("deletion_protection.enabled", "perhaps", "InvalidConfigurationRequest"),
        ("load_balancing.cross_zone.enabled", "false", "InvalidConfigurationRequest"),
    ]:
        attributes = [{"Key": key, "Value": value}]
        modify = balancing.api.modify_load_balancer_attributes
        assert refusal(modify, LoadBalancerArn=arn, Attributes=attributes) == code


@pytest.mark.parametrize("parameters", [{"PageSize": 0}, {"PageSize": 401}, {"Marker": "x"}], ids=str)
@pytest.mark.parametrize("action", ["describe_load_balancers", "describe_target_groups"])
def test_a_page_holds_1_to_400_and_a_marker_is_one_that_was_given(balancing: Balancing, action: str, parameters: dict):
    assert refusal(getattr(balancing.api, action), **parameters) == "ValidationError"


def test_a_list_is_asked_for_in_one_way_and_by_twenty_arns(balancing: Balancing):
    describe = balancing.api.describe_load_balancers
    assert refusal(describe, LoadBalancerArns=[IDS["LoadBalancerArn"]], Names=["none"]) == "ValidationError"
    assert refusal(describe, LoadBalancerArns=[IDS["LoadBalancerArn"]] * 21) == "ValidationError"
    assert refusal(balancing.api.describe_tags, ResourceArns=[IDS["LoadBalancerArn"]] * 21) == "ValidationError"


def test_an_action_that_elb_does_not_have_is_refused(balancing: Balancing):
    assert refusal(balancing.api.describe_account_limits) == "InvalidAction"


def test_a_load_balancer_finds_no_place_in_a_subnet_that_is_full(simulator: Simulator, balancing: Balancing):
    simulator.ask("POST", "world", {"addDefaultVpc": {"account": OTHER}})
    with simulator.where_registered(everything("demo"), everything("carol", account=OTHER)):
        ec2, elb = simulator.client(key="carol"), simulator.client("elbv2", key="carol")
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        fill(ec2, subnet)
        assert refusal(elb.create_load_balancer, Name="late", Type="network", Subnets=[subnet]) == "InvalidSubnet"
        assert elb.describe_load_balancers()["LoadBalancers"] == []


def fill(ec2, subnet: str) -> None:
    """Takes every address of a subnet, as few interfaces as it can be done with."""
    while (free := ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]) > 0:
        # A prefix is sixteen addresses: those that are left over in the end are taken one by one.
        many = {"Ipv4PrefixCount": 49} if free > 1000 else {"SecondaryPrivateIpAddressCount": min(49, free - 1)}
        ec2.create_network_interface(SubnetId=subnet, **many if free > 1 else {})
