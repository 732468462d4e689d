"""Filters, rules, targets and sessions, as boto3 sees them: what EC2 does when asked, and how it refuses."""

import pytest

from bench import Bench, refusal
from models import IDS

# facts §3.1: as on the wire, not as documented
NO_FILTER = "InvalidTrafficMirrorFilterId.NotFound"
NO_RULE = "InvalidTrafficMirrorFilterRuleId.NotFound"
NO_SESSION = "InvalidTrafficMirrorSessionId.NotFound"
NO_TARGET = "InvalidTrafficMirrorTargetId.NotFound"
NO_INTERFACE = "InvalidNetworkInterfaceID.NotFound"


@pytest.mark.parametrize(
    ("action", "name", "code"),
    [
        ("modify_traffic_mirror_filter_network_services", "TrafficMirrorFilterId", NO_FILTER),
        ("delete_traffic_mirror_filter", "TrafficMirrorFilterId", NO_FILTER),
        ("describe_traffic_mirror_filter_rules", "TrafficMirrorFilterId", NO_FILTER),
        ("modify_traffic_mirror_filter_rule", "TrafficMirrorFilterRuleId", NO_RULE),
        ("delete_traffic_mirror_filter_rule", "TrafficMirrorFilterRuleId", NO_RULE),
        ("delete_traffic_mirror_target", "TrafficMirrorTargetId", NO_TARGET),
        ("modify_traffic_mirror_session", "TrafficMirrorSessionId", NO_SESSION),
        ("delete_traffic_mirror_session", "TrafficMirrorSessionId", NO_SESSION),
    ],
)
def test_what_is_not_there_is_neither_changed_nor_removed(api, action: str, name: str, code: str):
    assert refusal(getattr(api, action), **{name: IDS[name]}) == code


def test_a_rule_is_added_to_a_filter_that_is_there(bench: Bench):
    assert refusal(bench.rule, mirror_filter=IDS["TrafficMirrorFilterId"]) == NO_FILTER


# facts §1.3
def test_a_filter_mirrors_the_resolver_when_told_and_no_other_service(bench: Bench):
    mirror_filter = {"TrafficMirrorFilterId": bench.filter()}
    modify = bench.api.modify_traffic_mirror_filter_network_services
    for change, left in [("AddNetworkServices", ["amazon-dns"]), ("RemoveNetworkServices", [])]:
        answer = modify(**mirror_filter, **{change: ["amazon-dns"]})
        assert answer["TrafficMirrorFilter"]["NetworkServices"] == left
    assert refusal(modify, **mirror_filter, AddNetworkServices=["ntp"]) == "InvalidParameterValue"


# facts §1.3
@pytest.mark.parametrize(
    "changes",
    [
        {"TrafficDirection": "sideways"},
        {"RuleAction": "perhaps"},
        {"RuleNumber": 0},
        {"RuleNumber": 32767},
        {"Protocol": 256},
        {"Protocol": -1},
        {"SourceCidrBlock": "::/0"},
        {"SourceCidrBlock": "everywhere"},
        {"DestinationPortRange": {"FromPort": 80, "ToPort": 80}},
        {"Protocol": 1, "DestinationPortRange": {"FromPort": 80, "ToPort": 80}},
        {"Protocol": 6, "DestinationPortRange": {"FromPort": 81, "ToPort": 80}},
        {"Protocol": 6, "SourcePortRange": {"FromPort": 0, "ToPort": 65536}},
    ],
    ids=str,
)
def test_a_rule_that_aws_does_not_have_is_refused_when_made_and_when_changed(bench: Bench, changes: dict):
    mirror_filter = bench.filter()
    assert refusal(bench.rule, mirror_filter=mirror_filter, **changes) == "InvalidParameterValue"
    made = bench.rule(mirror_filter)["TrafficMirrorFilterRuleId"]
    modify = bench.api.modify_traffic_mirror_filter_rule
    assert refusal(modify, TrafficMirrorFilterRuleId=made, **changes) == "InvalidParameterValue"


# facts §1.3
def test_a_rule_number_is_unique_in_its_direction_only(bench: Bench):
    mirror_filter = bench.filter()
    bench.rule(mirror_filter, RuleNumber=1)
    assert refusal(bench.rule, mirror_filter=mirror_filter, RuleNumber=1) == "TrafficMirrorFilterRuleAlreadyExists"
    bench.rule(mirror_filter, RuleNumber=1, TrafficDirection="egress")
    another = bench.rule(mirror_filter, RuleNumber=2)["TrafficMirrorFilterRuleId"]
    modify = bench.api.modify_traffic_mirror_filter_rule
    taken = refusal(modify, TrafficMirrorFilterRuleId=another, RuleNumber=1)
    assert taken == "TrafficMirrorFilterRuleAlreadyExists"
    assert modify(TrafficMirrorFilterRuleId=another, RuleNumber=3)["TrafficMirrorFilterRule"]["RuleNumber"] == 3


# facts §2
def test_a_filter_has_ten_rules_of_both_directions_together(bench: Bench):
    mirror_filter = bench.filter()
    for number in range(10):
        bench.rule(mirror_filter, RuleNumber=number + 1, TrafficDirection=["ingress", "egress"][number % 2])
    assert refusal(bench.rule, mirror_filter=mirror_filter, RuleNumber=11) == "TrafficMirrorFilterRuleLimitExceeded"
    rules = bench.api.describe_traffic_mirror_filter_rules
    of_it = {"TrafficMirrorFilterId": mirror_filter}
    page = rules(**of_it, MaxResults=6)
    rest = rules(**of_it, MaxResults=6, NextToken=page["NextToken"])
    assert [len(it["TrafficMirrorFilterRules"]) for it in (page, rest)] == [6, 4]
    first = page["TrafficMirrorFilterRules"][0]["TrafficMirrorFilterRuleId"]
    bench.api.delete_traffic_mirror_filter_rule(TrafficMirrorFilterRuleId=first)
    bench.rule(mirror_filter, RuleNumber=11)


@pytest.mark.parametrize("field", ["packet_length", "colour"])
@pytest.mark.parametrize(("kind", "part"), [("filter_rule", "FilterRule"), ("session", "Session")])
def test_only_fields_of_the_model_are_removed(bench: Bench, kind: str, part: str, field: str):
    modify = getattr(bench.api, f"modify_traffic_mirror_{kind}")
    request = {f"TrafficMirror{part}Id": IDS[f"TrafficMirror{part}Id"], "RemoveFields": [field]}
    assert refusal(modify, **request) == "InvalidParameterValue"


# facts §1.2
def test_a_target_is_one_thing_and_it_is_there(bench: Bench):
    create = bench.api.create_traffic_mirror_target
    nobodys = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/none/0123456789abcdef"
    assert refusal(create) == "MissingParameter"
    both = {"NetworkInterfaceId": bench.interface(), "NetworkLoadBalancerArn": nobodys}
    assert refusal(create, **both) == "InvalidParameterCombination"
    assert refusal(create, NetworkInterfaceId=IDS["NetworkInterfaceId"]) == NO_INTERFACE
    assert refusal(create, NetworkLoadBalancerArn=nobodys) == "NetworkLoadBalancerNotFoundException"
    endpoint = "vpce-0123456789abcdef0"
    assert refusal(create, GatewayLoadBalancerEndpointId=endpoint) == "InvalidVpcEndpointId.NotFound"


# facts §1.1, §1.2
def test_a_load_balancer_is_one_target_and_its_interfaces_are_none(bench: Bench):
    create, sensor = bench.api.create_traffic_mirror_target, {"NetworkLoadBalancerArn": bench.simulator.sensor}
    target = create(**sensor)["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    assert refusal(create, **sensor) == "NlbInUseByTrafficMirrorTargetException"
    # facts §1.2: what AWS fills in
    made = bench.session(bench.machines[6].interface, TrafficMirrorTargetId=target)
    assert made["PacketLength"] == 8500
    of_type = [{"Name": "interface-type", "Values": ["network_load_balancer"]}]
    interface, *_ = bench.api.describe_network_interfaces(Filters=of_type)["NetworkInterfaces"]
    code = refusal(create, NetworkInterfaceId=interface["NetworkInterfaceId"])
    assert code == "NetworkInterfaceNotSupported"
    mirrored = refusal(bench.session, interface=interface["NetworkInterfaceId"])
    assert mirrored == "NetworkInterfaceNotSupported"


# facts §1.1
def test_an_interface_is_a_source_or_a_target_never_both(bench: Bench):
    source, receiver = bench.machines[1].interface, bench.machines[2].interface
    target = bench.target(receiver)
    bench.session(source, TrafficMirrorTargetId=target)
    assert refusal(bench.target, interface=source) == "InterfaceInUseByTrafficMirrorSession"
    assert refusal(bench.target, interface=receiver) == "InterfaceInUseByTrafficMirrorTarget"
    assert refusal(bench.session, interface=receiver) == "InterfaceInUseByTrafficMirrorTarget"


# facts §1.1
def test_a_source_hangs_on_an_instance_of_a_supported_type(bench: Bench):
    (old,) = bench.run("t2.micro", 1)
    for interface in (old.interface, bench.interface()):
        assert refusal(bench.session, interface=interface) == "NetworkInterfaceNotSupported"
    assert refusal(bench.session, interface=IDS["NetworkInterfaceId"]) == NO_INTERFACE


# facts §1.4
@pytest.mark.parametrize(
    "changes",
    [
        {"SessionNumber": 0},
        {"SessionNumber": 32767},
        {"PacketLength": 34},
        {"PacketLength": 8501},
        {"VirtualNetworkId": 0},
        {"VirtualNetworkId": 1 << 24},
    ],
    ids=str,
)
def test_a_session_keeps_within_its_ranges_when_made_and_when_changed(bench: Bench, changes: dict):
    interface = bench.machines[3].interface
    assert refusal(bench.session, interface=interface, **changes) == "InvalidParameterValue"
    made = bench.session(interface)["TrafficMirrorSessionId"]
    modify = bench.api.modify_traffic_mirror_session
    assert refusal(modify, TrafficMirrorSessionId=made, **changes) == "InvalidParameterValue"
    bench.api.delete_traffic_mirror_session(TrafficMirrorSessionId=made)


# facts §1.4, §2
def test_an_interface_has_three_sessions_with_numbers_of_their_own(bench: Bench):
    interface = bench.machines[4].interface
    first, second, _ = (bench.session(interface, SessionNumber=number) for number in (101, 102, 103))
    modify = bench.api.modify_traffic_mirror_session
    itself = {"TrafficMirrorSessionId": second["TrafficMirrorSessionId"]}
    assert refusal(modify, **itself, SessionNumber=101) == "InvalidParameterValue"
    assert refusal(bench.session, interface=interface) == "TrafficMirrorSessionsPerInterfaceLimitExceeded"
    bench.api.delete_traffic_mirror_session(TrafficMirrorSessionId=first["TrafficMirrorSessionId"])
    assert refusal(bench.session, interface=interface, SessionNumber=102) == "InvalidParameterValue"
    bench.session(interface, SessionNumber=101)


def test_a_session_goes_from_something_to_something(bench: Bench):
    interface = bench.machines[5].interface
    ends = {"TrafficMirrorTargetId": NO_TARGET, "TrafficMirrorFilterId": NO_FILTER}
    made = bench.session(interface)["TrafficMirrorSessionId"]
    for name, code in ends.items():
        assert refusal(bench.session, interface=interface, **{name: IDS[name]}) == code
        modify = bench.api.modify_traffic_mirror_session
        assert refusal(modify, TrafficMirrorSessionId=made, **{name: IDS[name]}) == code


# facts §2
def test_an_interface_receives_from_ten_sources(bench: Bench):
    target, mirror_filter = bench.target(), bench.filter()
    ends = {"TrafficMirrorTargetId": target, "TrafficMirrorFilterId": mirror_filter}
    *sources, one_more = [machine.interface for machine in bench.machines[-9:]]
    spare = [machine.interface for machine in bench.run("m5.large", 2)]
    for source in [*sources, *spare]:
        bench.session(source, **ends)
    assert refusal(bench.session, interface=one_more, **ends) == "TrafficMirrorSourcesPerTargetLimitExceeded"
    elsewhere = bench.session(one_more)["TrafficMirrorSessionId"]
    modify = bench.api.modify_traffic_mirror_session
    moved = refusal(modify, TrafficMirrorSessionId=elsewhere, TrafficMirrorTargetId=target)
    assert moved == "TrafficMirrorSourcesPerTargetLimitExceeded"


# facts §3
def test_what_a_session_uses_stays(bench: Bench):
    made = bench.session(bench.run("m5.large", 1)[0].interface)
    target = {"TrafficMirrorTargetId": made["TrafficMirrorTargetId"]}
    mirror_filter = {"TrafficMirrorFilterId": made["TrafficMirrorFilterId"]}
    assert refusal(bench.api.delete_traffic_mirror_target, **target) == "TrafficMirrorTargetInUse"
    assert refusal(bench.api.delete_traffic_mirror_filter, **mirror_filter) == "TrafficMirrorFilterInUse"
    bench.api.delete_traffic_mirror_session(TrafficMirrorSessionId=made["TrafficMirrorSessionId"])
    bench.api.delete_traffic_mirror_target(**target)
    bench.api.delete_traffic_mirror_filter(**mirror_filter)


# facts §1.4
def test_what_is_removed_from_a_session_has_its_default_again(bench: Bench):
    wish = {"PacketLength": 100, "VirtualNetworkId": 7, "Description": "once"}
    made = bench.session(bench.run("m5.large", 1)[0].interface, **wish)
    assert wish.items() <= made.items()
    every = ["packet-length", "virtual-network-id", "description"]
    itself = {"TrafficMirrorSessionId": made["TrafficMirrorSessionId"], "RemoveFields": every}
    left = bench.api.modify_traffic_mirror_session(**itself)["TrafficMirrorSession"]
    assert {"PacketLength", "Description"}.isdisjoint(left)
    assert left["VirtualNetworkId"] != 7
