"""Load balancers, listeners, rules and tags, as boto3 sees them: what becomes of them, and of mirrored packets."""

import pytest

from balancing import MIRRORED, PROVISIONED, WEB, Balancing, forward
from bench import refusal
from simulator import Simulator


def described(balancing: Balancing, arn: str) -> dict:
    (found,) = balancing.api.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return found


@pytest.mark.parametrize(("kind", "of"), [("network", "net"), ("application", "app"), ("gateway", "gwy")])
def test_a_load_balancer_is_provisioned_then_active_then_gone(balancing: Balancing, kind: str, of: str):
    made = balancing.load_balancer(kind)
    arn = made["LoadBalancerArn"]
    assert f":loadbalancer/{of}/{made['LoadBalancerName']}/" in arn
    assert (made["State"]["Code"], made["Type"], made["VpcId"]) == ("provisioning", kind, balancing.vpc)
    assert {zone["SubnetId"] for zone in made["AvailabilityZones"]} == set(balancing.subnets[:2])
    balancing.bench.simulator.passes(PROVISIONED)
    at_once = {"WaiterConfig": {"MaxAttempts": 1}, "LoadBalancerArns": [arn]}
    balancing.api.get_waiter("load_balancer_available").wait(**at_once)
    balancing.api.delete_load_balancer(LoadBalancerArn=arn)
    balancing.api.get_waiter("load_balancers_deleted").wait(**at_once)
    balancing.api.delete_load_balancer(LoadBalancerArn=arn)


def test_a_load_balancer_has_an_interface_in_each_of_its_zones(balancing: Balancing):
    made = balancing.load_balancer()
    arn = made["LoadBalancerArn"]
    its = [{"Name": "description", "Values": [f"ELB net/{made['LoadBalancerName']}/*"]}]

    def stands_in() -> set[str]:
        found = balancing.bench.api.describe_network_interfaces(Filters=its)["NetworkInterfaces"]
        return {interface["SubnetId"] for interface in found}

    assert stands_in() == set(balancing.subnets[:2])
    answer = balancing.api.set_subnets(LoadBalancerArn=arn, Subnets=balancing.subnets[1:])
    assert {zone["SubnetId"] for zone in answer["AvailabilityZones"]} == set(balancing.subnets[1:]) == stands_in()
    balancing.api.delete_load_balancer(LoadBalancerArn=arn)
    assert stands_in() == set()


# facts §1.2, §9
def test_what_is_mirrored_reaches_a_load_balancer_that_listens(simulator: Simulator, balancing: Balancing):
    source, receiver = balancing.bench.run("m5.large", 2)
    arn, group = balancing.load_balancer()["LoadBalancerArn"], balancing.group()
    listener = balancing.listener(arn, group)
    balancing.register(group, receiver.id)
    simulator.passes(PROVISIONED)
    assert balancing.health(group) == {receiver.id: ("healthy", None)}
    target = balancing.bench.api.create_traffic_mirror_target(NetworkLoadBalancerArn=arn)["TrafficMirrorTarget"]
    assert (target["Type"], target["NetworkLoadBalancerArn"]) == ("network-load-balancer", arn)
    mirror_filter = balancing.bench.filter()
    balancing.bench.rule(mirror_filter, TrafficDirection="egress")
    ends = {"TrafficMirrorTargetId": target["TrafficMirrorTargetId"], "TrafficMirrorFilterId": mirror_filter}
    session = balancing.bench.session(source.interface, **ends)["TrafficMirrorSessionId"]
    ends = {"protocol": 6, "source": source.address, "destination": "192.0.2.7"}
    content = {"ip": ends | {"sourcePort": 40000, "destinationPort": 443}}
    packet = {"interface": source.interface, "direction": "egress", "length": 1000, "content": content}
    assert simulator.ask("POST", "packet", packet)["mirrored"]["session"] == session
    balancing.api.delete_listener(ListenerArn=listener)
    silent = {"session": session, "why": "nobody is there to receive it from the session"}
    assert simulator.ask("POST", "packet", packet) == {"notMirrored": silent}


# facts §1.2
@pytest.mark.parametrize("kind", ["application", "gateway"])
def test_only_a_network_load_balancer_is_a_mirror_target(balancing: Balancing, kind: str):
    arn = balancing.load_balancer(kind)["LoadBalancerArn"]
    create = balancing.bench.api.create_traffic_mirror_target
    assert refusal(create, NetworkLoadBalancerArn=arn) == "NetworkLoadBalancerNotFoundException"


def test_a_listener_is_made_changed_and_deleted(balancing: Balancing):
    arn, group = balancing.load_balancer()["LoadBalancerArn"], balancing.group()
    listener = balancing.listener(arn, group)
    (found,) = balancing.api.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert (found["ListenerArn"], found["Protocol"], found["Port"]) == (listener, "UDP", 4789)
    assert found["DefaultActions"][0]["TargetGroupArn"] == group
    (listed,) = balancing.api.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    assert (listed["TargetGroupArn"], listed["LoadBalancerArns"]) == (group, [arn])
    both = balancing.group(Protocol="TCP_UDP")
    change = {"Protocol": "TCP_UDP", "Port": 4790, "DefaultActions": forward(both)}
    balancing.api.modify_listener(ListenerArn=listener, **change)
    (found,) = balancing.api.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert (found["Protocol"], found["Port"]) == ("TCP_UDP", 4790)
    assert found["DefaultActions"][0]["TargetGroupArn"] == both
    balancing.api.delete_listener(ListenerArn=listener)
    assert balancing.api.describe_listeners(LoadBalancerArn=arn)["Listeners"] == []
    for it in (group, both):
        balancing.api.delete_target_group(TargetGroupArn=it)


def test_rules_lead_from_a_listener_to_other_groups(balancing: Balancing):
    balancer, listener, group = balancing.web()
    first, second = balancing.group(**WEB), balancing.group(**WEB)
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/login"]}}
    wish = {"ListenerArn": listener, "Priority": 7, "Conditions": [condition], "Actions": forward(first, second)}
    (made,) = balancing.api.create_rule(**wish)["Rules"]
    rules = balancing.api.describe_rules(ListenerArn=listener)["Rules"]
    assert sorted((rule["Priority"], rule["IsDefault"]) for rule in rules) == [("7", False), ("default", True)]
    (found,) = balancing.api.describe_rules(RuleArns=[made["RuleArn"]])["Rules"]
    assert (found["Conditions"][0]["Field"], found["Conditions"][0]["Values"]) == ("path-pattern", ["/login"])
    weighted = found["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert {it["TargetGroupArn"] for it in weighted} == {first, second}
    of_it = balancing.api.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert {it["TargetGroupArn"] for it in of_it} == {group, first, second}
    balancing.api.delete_rule(RuleArn=made["RuleArn"])
    balancing.api.delete_target_group(TargetGroupArn=first)


def test_deletion_protection_and_cross_zone_balancing_are_attributes(balancing: Balancing):
    itself = {"LoadBalancerArn": balancing.load_balancer()["LoadBalancerArn"]}
    cross_zone, protected = "load_balancing.cross_zone.enabled", "deletion_protection.enabled"

    def attributes() -> dict[str, str]:
        found = balancing.api.describe_load_balancer_attributes(**itself)["Attributes"]
        return {it["Key"]: it["Value"] for it in found}

    assert attributes() == {cross_zone: "false", protected: "false"}
    modify = balancing.api.modify_load_balancer_attributes
    modify(**itself, Attributes=[{"Key": protected, "Value": "true"}, {"Key": cross_zone, "Value": "true"}])
    assert attributes() == {cross_zone: "true", protected: "true"}
    assert refusal(balancing.api.delete_load_balancer, **itself) == "OperationNotPermitted"
    modify(**itself, Attributes=[{"Key": protected, "Value": "false"}])
    balancing.api.delete_load_balancer(**itself)


def test_load_balancers_groups_and_listeners_have_tags(balancing: Balancing):
    made = balancing.load_balancer(Tags=[{"Key": "tier", "Value": "edge"}])["LoadBalancerArn"]
    group = balancing.group()
    arns = [made, group, balancing.listener(made, group)]

    def tags() -> list[dict[str, str]]:
        found = balancing.api.describe_tags(ResourceArns=arns)["TagDescriptions"]
        assert [it["ResourceArn"] for it in found] == arns
        return [{tag["Key"]: tag["Value"] for tag in it["Tags"]} for it in found]

    assert tags() == [{"tier": "edge"}, {}, {}]
    balancing.api.add_tags(ResourceArns=arns, Tags=[{"Key": "team", "Value": "red"}])
    assert tags() == [{"tier": "edge", "team": "red"}, {"team": "red"}, {"team": "red"}]
    balancing.api.remove_tags(ResourceArns=arns, TagKeys=["team", "never"])
    assert tags() == [{"tier": "edge"}, {}, {}]


def test_the_same_wish_makes_a_load_balancer_or_a_group_once(balancing: Balancing):
    made = balancing.load_balancer()
    again = balancing.load_balancer(Name=made["LoadBalancerName"])
    assert again["LoadBalancerArn"] == made["LoadBalancerArn"]
    assert balancing.group(Name="once") == balancing.group(Name="once")


@pytest.fixture(scope="module")
def dozen(balancing: Balancing) -> tuple[str, str]:
    """A load balancer with twelve listeners, another one's listener with eleven rules beside its default rule."""
    made, group = balancing.load_balancer()["LoadBalancerArn"], balancing.group()
    for port in range(12):
        balancing.listener(made, group, Port=1000 + port)
    _, listener, web = balancing.web()
    for priority in range(1, 12):
        wish = {"Conditions": [{"Field": "host-header", "Values": [f"h{priority}"]}], "Actions": forward(web)}
        balancing.api.create_rule(ListenerArn=listener, Priority=priority, **wish)
    return made, listener


@pytest.mark.parametrize("size", [1, 5, 12, 400])
@pytest.mark.parametrize(
    ("action", "items"),
    [
        ("describe_load_balancers", "LoadBalancers"),
        ("describe_target_groups", "TargetGroups"),
        ("describe_listeners", "Listeners"),
        ("describe_rules", "Rules"),
    ],
)
def test_pages_hold_together_what_one_answer_holds(
    balancing: Balancing, dozen: tuple[str, str], action: str, items: str, size: int
):
    asked = {"describe_listeners": {"LoadBalancerArn": dozen[0]}, "describe_rules": {"ListenerArn": dozen[1]}}
    wish = asked.get(action, {})
    whole = getattr(balancing.api, action)(**wish)[items]
    pages = balancing.api.get_paginator(action).paginate(**wish, PaginationConfig={"PageSize": size})
    found = [page[items] for page in pages]
    assert len(whole) == 12 or not wish
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)
    assert [item for page in found for item in page] == whole


def test_a_load_balancer_and_a_group_are_found_by_name(balancing: Balancing):
    made = balancing.load_balancer()
    group = balancing.group(Name="by-name", **MIRRORED)
    (found,) = balancing.api.describe_load_balancers(Names=[made["LoadBalancerName"]])["LoadBalancers"]
    (of_name,) = balancing.api.describe_target_groups(Names=["by-name"])["TargetGroups"]
    assert (found["LoadBalancerArn"], of_name["TargetGroupArn"]) == (made["LoadBalancerArn"], group)
