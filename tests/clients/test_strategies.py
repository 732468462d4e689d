"""What each strategy chooses, and of it what, as firewalls, load balancers, instance types and other people's sessions
change around it."""

import functools
import itertools
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import control
from asking import ask, explained
from balancing import DRAINED
from cloud import (
    Instance,
    aws,
    create_interface,
    ec2,
    filter_of,
    run_instance,
    run_instances,
    session,
    session_on,
    sessions_on,
    tag,
    target_of,
)
from daemon import Daemon
from demo import Demo
from simulator import Simulator
from waiting import eventually

elbv2 = functools.partial(aws, service="elbv2")
elb = functools.partial(aws, service="elb")
wafv2 = functools.partial(aws, service="wafv2")

SENSOR = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/0123456789abcdef"

WEB = ["--protocol", "HTTP", "--port", "80"]


def policy(sensors: dict[str, str], strategies: str, rest: str = "", owner: str = "demo") -> str:
    """A policy that sends to load balancers, by sensor, and whose evidence settles as quickly as a policy may say."""
    targets = (f"{name}: {{targets: [{{networkLoadBalancer: '{balancer}'}}]}}" for name, balancer in sensors.items())
    return f"""\
apiVersion: vpc-mirror/v1
kind: Policy
owner: {owner}
sensors: {{{", ".join(targets)}}}
strategies: [{strategies}]
limits: {{apiShare: 100%, maxLosses: 100%}}
settle: 1s
{rest}
"""


def add_sensor(cloud: str, name: str) -> str:
    """Makes a load balancer that hears mirrored packets; its ARN."""
    return control.ask(cloud, "POST", "world", {"addNetworkLoadBalancer": {"name": name}})["made"]


def follow(own: Demo, strategies: str, rest: str = "") -> None:
    """Lets the daemon follow these strategies, with a sensor of their own."""
    own.follows(policy({"sta": add_sensor(own.cloud, "second")}, strategies, rest))


def two_subnets() -> list[dict]:
    """A subnet in each of two zones, of the one VPC that there is."""
    return list({subnet["AvailabilityZone"]: subnet for subnet in ec2().describe_subnets()["Subnets"]}.values())[:2]


def mirrored_of(instances: list[Instance]) -> list[bool]:
    """Which of these are mirrored."""
    found = {it["NetworkInterfaceId"] for it in sessions_on(*(instance.interface for instance in instances))}
    return [instance.interface in found for instance in instances]


# Where everything passes


def make_site(name: str, *tags: str) -> tuple[str, str]:
    """Makes an Application Load Balancer that forwards to a group: both ARNs."""
    tagged = ["--tags", *tags] if tags else []
    subnets, vpc = [subnet["SubnetId"] for subnet in two_subnets()], two_subnets()[0]["VpcId"]
    place = ["--type", "application", "--scheme", "internal", "--subnets", *subnets]
    (balancer,) = elbv2("create-load-balancer", "--name", name, *place, *tagged)["LoadBalancers"]
    (group,) = elbv2("create-target-group", "--name", f"{name}-web", *WEB, "--vpc-id", vpc)["TargetGroups"]
    itself, to_group = balancer["LoadBalancerArn"], group["TargetGroupArn"]
    forward = ["--default-actions", f"Type=forward,TargetGroupArn={to_group}"]
    elbv2("create-listener", "--load-balancer-arn", itself, *WEB, *forward)
    return itself, to_group


def register(group: str, *instances: Instance) -> None:
    """Registers instances with a group."""
    targets = [f"Id={instance.id}" for instance in instances]
    elbv2("register-targets", "--target-group-arn", group, "--targets", *targets)


def test_who_joins_the_group_of_a_junctions_load_balancer_is_mirrored_until_he_has_left_it_and_drained(
    binary: Path, own: Demo
):
    stays, leaves, stranger = run_instances(3)
    _, group = make_site("front")
    follow(own, "{name: junctions, junction: {loadBalancers: [{name: front}]}}")
    register(group, stays, leaves)
    eventually("both are mirrored", lambda: mirrored_of([stays, leaves, stranger]) == [True, True, False])
    assert "junctions: it is registered with front" in " ".join(explained(binary, own, leaves.id))
    before = session_on(stays.interface), session_on(leaves.interface)
    elbv2("deregister-targets", "--target-group-arn", group, "--targets", f"Id={leaves.id}")
    own.observes(time.time())
    assert session(before[1]["TrafficMirrorSessionId"]) == before[1], "it is draining"
    control.ask(own.cloud, "PATCH", "clock", {"advance": DRAINED})
    eventually("who has left is mirrored no more", lambda: mirrored_of([stays, leaves]) == [True, False])
    assert session_on(stays.interface) == before[0]


def test_a_classic_load_balancer_goes_by_its_name_as_well(own: Demo):
    stays, leaves = run_instances(2)
    itself = ["--load-balancer-name", "classic"]
    way = ["--listeners", "Protocol=HTTP,LoadBalancerPort=80,InstancePort=8080"]
    elb("create-load-balancer", *itself, *way, "--subnets", stays.subnet)
    follow(own, "{name: junctions, junction: {loadBalancers: [{name: classic}]}}")
    elb("register-instances-with-load-balancer", *itself, "--instances", stays.id, leaves.id)
    eventually("both are mirrored", lambda: mirrored_of([stays, leaves]) == [True, True])
    elb("deregister-instances-from-load-balancer", *itself, "--instances", leaves.id)
    eventually("one is mirrored no more", lambda: mirrored_of([stays, leaves]) == [True, False])


def test_a_load_balancer_is_found_by_its_tag_while_it_has_it(own: Demo):
    behind, other = run_instances(2)
    _, group = make_site("tagged", "Key=tier,Value=edge-1")
    late, its_group = make_site("late")
    register(group, behind)
    register(its_group, other)
    follow(own, "{name: junctions, junction: {loadBalancers: [{tags: {tier: 'edge-*'}}]}}")
    eventually("who is behind the one with the tag is mirrored", lambda: mirrored_of([behind, other]) == [True, False])
    elbv2("add-tags", "--resource-arns", late, "--tags", "Key=tier,Value=edge-2")
    eventually("so is who is behind the other", lambda: mirrored_of([behind, other]) == [True, True])
    elbv2("remove-tags", "--resource-arns", late, "--tag-keys", "tier")
    eventually("and no more, without the tag", lambda: mirrored_of([behind, other]) == [True, False])


def test_a_load_balancer_is_found_through_the_web_acl_that_protects_it(own: Demo):
    guarded, other = run_instances(2)
    (balancer, group), (unguarded, its_group) = make_site("guarded"), make_site("unguarded")
    register(group, guarded)
    register(its_group, other)
    seen = "SampledRequestsEnabled=false,CloudWatchMetricsEnabled=false,MetricName=m"
    wish = ["--name", "wall", "--default-action", "Allow={}", "--visibility-config", seen, "--scope", "REGIONAL"]
    acl = ["--web-acl-arn", wafv2("create-web-acl", *wish)["Summary"]["ARN"]]
    wafv2("associate-web-acl", *acl, "--resource-arn", balancer)
    follow(own, "{name: junctions, junction: {webAcls: [{name: wall}]}}")
    eventually("who is behind the guarded one is mirrored", lambda: mirrored_of([guarded, other]) == [True, False])
    wafv2("associate-web-acl", *acl, "--resource-arn", unguarded)
    eventually("so is who is behind the other", lambda: mirrored_of([guarded, other]) == [True, True])
    wafv2("disassociate-web-acl", "--resource-arn", balancer)
    eventually("who is guarded no more is mirrored no more", lambda: mirrored_of([guarded, other]) == [False, True])


# What a server is for


def ports_of(mirrored: dict) -> set[int]:
    """The ports that a session's filter accepts what comes in to."""
    rules = filter_of(mirrored)["IngressFilterRules"]
    ranges = [rule["DestinationPortRange"] for rule in rules if rule["RuleAction"] == "accept"]
    return {port for it in ranges for port in range(it["FromPort"], it["ToPort"] + 1)}


def filters_there(*filters: str) -> list[str]:
    """Those of these filters that there are."""
    every = ec2().get_paginator("describe_traffic_mirror_filters").paginate()
    ids = {it["TrafficMirrorFilterId"] for page in every for it in page["TrafficMirrorFilters"]}
    return [it for it in filters if it in ids]


def test_a_port_that_a_security_group_opens_is_mirrored_from_then_on_by_the_same_session(binary: Path, own: Demo):
    server = run_instance(role="front")
    place = ["--description", "doors", "--vpc-id", two_subnets()[0]["VpcId"]]
    group = aws("create-security-group", "--group-name", "doors", *place)["GroupId"]
    aws("modify-instance-attribute", "--instance-id", server.id, "--groups", group)

    def let_in(port: int) -> None:
        way = ["--protocol", "tcp", "--port", str(port), "--cidr", "0.0.0.0/0"]
        aws("authorize-security-group-ingress", "--group-id", group, *way)

    follow(own, "{name: doors, accessPath: {select: {tags: {role: front}}, expect: securityGroups}}")
    own.observes(time.time())
    nothing = "doors: nothing to capture: no inbound rule of its security groups lets anything in"
    assert nothing in " ".join(explained(binary, own, server.id))
    assert sessions_on(server.interface) == []
    let_in(8443)
    before = session_on(server.interface)
    assert ports_of(before) == {8443}
    let_in(22)
    eventually("the other port is mirrored", lambda: ports_of(session_on(server.interface)) == {22, 8443})
    after = session_on(server.interface)
    assert after == before | {"TrafficMirrorFilterId": after["TrafficMirrorFilterId"]}
    old, new = before["TrafficMirrorFilterId"], after["TrafficMirrorFilterId"]
    eventually("the old filter goes", lambda: filters_there(old, new) == [new])


# Slots


def test_where_somebody_leaves_one_slot_for_two_lanes_the_least_important_goes_without_until_he_leaves(
    binary: Path, own: Demo
):
    sensors = {name: add_sensor(own.cloud, name) for name in ("first", "second")}
    jewels = "{name: jewels, sensor: first, importance: {select: {tags: {tier: vault}}}, ports: [tcp/443]}"
    rest = "{name: rest, sensor: second, importance: {select: {tags: {tier: vault}}}, ports: [udp/53]}"
    own.follows(policy(sensors, f"{jewels}, {rest}"))
    instance = run_instance(tier="vault")
    target = aws("create-traffic-mirror-target", "--network-interface-id", create_interface(instance.subnet))
    mirror_filter = aws("create-traffic-mirror-filter")["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    target_id = target["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    ends = ["--traffic-mirror-target-id", target_id, "--traffic-mirror-filter-id", mirror_filter]
    numbers = itertools.count(7)

    def mirror_by_hand() -> str:
        what = ["--network-interface-id", instance.interface, "--session-number", str(next(numbers))]
        made = aws("create-traffic-mirror-session", *what, *ends)["TrafficMirrorSession"]
        return made["TrafficMirrorSessionId"]

    def ours() -> dict[str, dict]:
        """Our sessions, by the load balancer that they lead to."""
        found = [it for it in sessions_on(instance.interface) if it["TrafficMirrorTargetId"] != target_id]
        return {target_of(it)["NetworkLoadBalancerArn"]: it for it in found}

    first, second = sensors["first"], sensors["second"]
    eventually("both lanes stand", lambda: ours().keys() == {first, second})
    there = mirror_by_hand()
    own.observes(time.time())
    assert ours().keys() == {first, second}
    # He makes himself room at the cost of what matters most.
    jewel = ours()[first]["TrafficMirrorSessionId"]
    ec2().delete_traffic_mirror_session(TrafficMirrorSessionId=jewel)
    taken = ec2().create_traffic_mirror_session(
        NetworkInterfaceId=instance.interface,
        SessionNumber=next(numbers),
        TrafficMirrorTargetId=target_id,
        TrafficMirrorFilterId=mirror_filter,
    )["TrafficMirrorSession"]["TrafficMirrorSessionId"]
    eventually("what matters most has the slot that is left", lambda: ours().keys() == {first})
    own.observes(time.time())
    assert ours().keys() == {first}
    reason = "not mirrored to second: 2 session(s) of others leave no slot of the 3 that AWS allows on an interface"
    assert reason in " ".join(explained(binary, own, instance.id))
    kept = ours()[first]
    aws("delete-traffic-mirror-session", "--traffic-mirror-session-id", taken)
    eventually("the other lane is back", lambda: ours().keys() == {first, second})
    assert ours()[first] == kept
    assert session(there)["TrafficMirrorSessionId"] == there


# The paths of sensitive data


def accepts(rule: dict) -> tuple:
    """The direction, the peer's network, the protocol and the ports of both ends."""
    direction = rule["TrafficDirection"]
    peer = rule["SourceCidrBlock" if direction == "ingress" else "DestinationCidrBlock"]
    ends = [rule.get(f"{end}PortRange", {}).get("FromPort") for end in ("Source", "Destination")]
    return (direction, peer, rule["Protocol"], *ends)


def state_of(instance: Instance) -> str:
    """The state of an instance."""
    (found,) = ec2().describe_instances(InstanceIds=[instance.id])["Reservations"]
    return found["Instances"][0]["State"]["Name"]


def test_of_a_data_path_the_cheaper_end_is_mirrored_and_the_other_once_that_cannot_be(own: Demo):
    blocks = {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in two_subnets()}
    here, there = blocks
    askers = run_instances(2, subnet=here, role="asker")
    vault = run_instance(subnet=there, app="vault", kind="m5.large")
    paths = "[{from: {tags: {role: asker}}, to: {tags: {app: vault}}, ports: [tcp/8443]}]"
    follow(own, f"{{name: cardholder, risk: {{paths: {paths}}}}}")
    mirrored = session_on(vault.interface)

    def accepted(mirrored: dict) -> set[tuple]:
        """What the filter of a session accepts."""
        rules = filter_of(mirrored)
        every = [*rules["IngressFilterRules"], *rules["EgressFilterRules"]]
        return {accepts(rule) for rule in every if rule["RuleAction"] == "accept"}

    at_vault = {("ingress", blocks[here], 6, None, 8443), ("egress", blocks[here], 6, 8443, None)}
    assert accepted(mirrored) == at_vault
    assert mirrored_of(askers) == [False, False]
    aws("stop-instances", "--instance-ids", vault.id)
    eventually("it has stopped", lambda: state_of(vault) == "stopped")
    aws("modify-instance-attribute", "--instance-id", vault.id, "--instance-type", "Value=t2.micro")
    aws("start-instances", "--instance-ids", vault.id)
    eventually("the other end is mirrored", lambda: mirrored_of(askers) == [True, True])
    at_asker = {("ingress", blocks[there], 6, 8443, None), ("egress", blocks[there], 6, None, 8443)}
    for asker in askers:
        assert accepted(session_on(asker.interface)) == at_asker
    eventually("what cannot be mirrored is not", lambda: mirrored_of([vault]) == [False])


# A few of every kind


def test_a_sample_is_drawn_with_a_key_that_nobody_is_shown_and_without_one_nothing_starts(
    binary: Path, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)
    ec2.cache_clear()
    hosts = run_instances(8, lot="in-it")
    written, key = tmp_path / "policy.yaml", tmp_path / "key"
    secret = "bXkgb3duIHNlY3JldCBrZXkgaXMgMzIgYnl0ZXM="
    key.write_text(f"{secret}\n")
    strategy = "{name: spot-check, sample: {select: {tags: {lot: in-it}}, fraction: 0.25}}"
    written.write_text(policy({"sta": simulator.sensor}, strategy, owner="sampler"))
    without = subprocess.run([binary, "run", "--policy", written], capture_output=True, text=True, timeout=60)
    assert without.returncode == 1
    assert "strategy `spot-check` draws a sample, and there is no key to draw with" in without.stderr
    assert "write `openssl rand -base64 32` into a file and name it with --sample-key-file" in without.stderr
    monkeypatch.setenv("RUST_LOG", "debug")
    with Daemon(binary, written, {}, tmp_path, "--sample-key-file", key) as daemon:
        eventually("two of eight are mirrored", lambda: sum(mirrored_of(hosts)) == 2)
        drawn = mirrored_of(hosts)
        rounds = daemon.rounds()
        eventually("it goes on", lambda: daemon.rounds() > rounds + 2)
        assert mirrored_of(hosts) == drawn
        told = (tmp_path / "policy.log").read_text() + daemon.asks("/metrics")
        assert daemon.stop() == 0
    assert "DescribeInstances" in told, "it says a lot"
    # Neither as it was written nor as bytes, whoever prints those.
    for form in ("{:c}", "{:02x}", "{}, "):
        assert "".join(form.format(byte) for byte in secret[:8].encode()) not in told
    command = [binary, "explain", "--policy", written, "--sample-key-file", key, hosts[drawn.index(True)].id]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "spot-check: drawn by lot, for " in asked.stdout, asked.stderr


# What it comes to

EXTRAS = """\
extras:
  dns: {select: {tags: {role: server}}}
  tripwires:
    - {name: remote-desktops, select: {tags: {role: server}}, ports: [tcp/3389, udp/137-138]}
    - {name: pings, select: {tags: {role: server}}, ports: [icmp]}
"""


def test_a_report_counts_what_stands_for_each_strategy_and_what_everything_would_be(binary: Path, own: Demo):
    jewel, *servers = run_instances(3, role="server")
    tag(jewel.id, "jewels")
    refused, _ = run_instance("jewels", kind="t2.micro"), run_instance()
    doors = "{name: doors, accessPath: {select: {tags: {role: server}}, expect: [tcp/443]}}"
    nobodys = "{name: nobodys, junction: {loadBalancers: [{name: nowhere}]}}"
    follow(own, f"{{name: jewels, importance: {{}}}}, {doors}, {nobodys}", EXTRAS)
    eventually("all of them are mirrored", lambda: all(mirrored_of([jewel, *servers])))
    own.observes(time.time())
    answer = ask(binary, own, "report", "--output", "json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)

    def row(it: dict) -> tuple:
        return (it["kind"], it["chosen"], it["mirrored"], it["sessions"], it["cost"]["sessions"])

    # Each session is paid for by the most important strategy in it.
    assert {it["strategy"]: row(it) for it in report["strategies"]} == {
        "jewels": ("importance", 2, 1, 1, 1),
        "doors": ("accessPath", 3, 3, 3, 2),
        "nobodys": ("junction", 0, 0, 0, 0),
        "dns": ("dns", 3, 3, 3, 0),
        "remote-desktops": ("tripwire", 3, 3, 3, 0),
        "pings": ("tripwire", 3, 3, 3, 0),
    }
    assert report["total"] == {"sessions": 3, "monthlyUsd": pytest.approx(3 * 730 * 0.015)}
    # The fleet changes by itself.
    assert report["everything"]["sessions"] > 3
    assert report["notMirrored"] == {"unsupportedType": [refused.interface]}
    nowhere = "there is no load balancer called nowhere in this account and Region"
    assert {"strategy": "nobodys", "what": nowhere} in report["blind"]
    assert report["notSeen"] == []
    for filtered in (filter_of(session_on(server.interface)) for server in servers):
        rules = len(filtered["IngressFilterRules"] + filtered["EgressFilterRules"])
        assert [it["rules"] for it in report["strategies"] if it["strategy"] == "doors"] == [rules]


RULE = r'alert (\w+) any any -> any (any|[\d:]+) \(msg:"vpc-mirror tripwire ([^":;]+: [^":;]+)"; .*sid:(\d+); rev:1;\)'


def test_tripwires_are_rules_that_suricata_takes(binary: Path, tmp_path: Path):
    written = tmp_path / "policy.yaml"
    written.write_text(policy({"sta": SENSOR}, "{name: jewels, importance: {}}", EXTRAS))
    command = [binary, "rules", "--policy", written, "--first-sid", "9000001"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    lines = [line for line in answer.stdout.splitlines() if line and not line.startswith("#")]
    assert [found.groups() for found in map(re.compile(RULE).fullmatch, lines) if found] == [
        ("tcp", "3389", "remote-desktops: tcp/3389", "9000001"),
        ("udp", "137:138", "remote-desktops: udp/137-138", "9000002"),
        ("icmp", "any", "pings: icmp", "9000003"),
    ]
    if suricata := shutil.which("suricata"):
        rules = tmp_path / "tripwires.rules"
        rules.write_text(answer.stdout)
        tried = [suricata, "-T", "-l", tmp_path, "-S", rules]
        subprocess.run(tried, check=True, capture_output=True, timeout=60)
