"""Crown jewels among other people: what they do to interfaces, tags, sensors and our sessions, and what comes of it."""

import time
from pathlib import Path

import control
from asking import ask, explained, listed
from cloud import (
    OWNER,
    Instance,
    add_interface,
    aws,
    create_interface,
    ec2,
    run_instance,
    run_instances,
    session,
    session_on,
    sessions_on,
    tag,
    tags,
    target_of,
)
from demo import Demo
from waiting import eventually


def policy(*targets: str, strategy: str = "{name: crown-jewel, importance: {}}") -> str:
    """A policy with one sensor and one strategy, whose evidence settles as quickly as a policy may say."""
    return f"""\
apiVersion: vpc-mirror/v1
kind: Policy
owner: demo
sensors: {{sta: {{targets: [{", ".join(targets)}]}}}}
strategies: [{strategy}]
limits: {{apiShare: 100%, maxLosses: 100%}}
settle: 1s
"""


def foreign_ends(subnet: str) -> list[str]:
    """Where somebody else's sessions lead, and through which filter: one that takes nothing."""
    target = aws("create-traffic-mirror-target", "--network-interface-id", create_interface(subnet))
    mirror_filter = aws("create-traffic-mirror-filter")["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    target_id = target["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    return ["--traffic-mirror-target-id", target_id, "--traffic-mirror-filter-id", mirror_filter]


def create_foreign_session(interface: str, number: int, ends: list[str]) -> dict:
    """A session of somebody else's."""
    what = ["--network-interface-id", interface, "--session-number", str(number)]
    made = aws("create-traffic-mirror-session", *what, *ends)["TrafficMirrorSession"]
    return session(made["TrafficMirrorSessionId"])


def failures(log: str, *things: str) -> list[str]:
    """The lines about calls that failed for one of these."""
    return [line for line in log.splitlines() if " failed: " in line and any(thing in line for thing in things)]


# The slots of an interface


def test_a_foreign_session_that_comes_beside_ours_stays_as_it_is_and_so_does_ours(binary: Path, demo: Demo):
    instance = run_instance("crown-jewel")
    ours = session_on(instance.interface)
    foreign = create_foreign_session(instance.interface, 7, foreign_ends(instance.subnet))
    demo.observes(time.time())
    assert sorted(sessions_on(instance.interface), key=lambda it: it["SessionNumber"]) == [foreign, ours]
    assert foreign["TrafficMirrorSessionId"] not in demo.log()
    lines = explained(binary, demo, instance.id)
    assert f"{instance.interface}: mirrored to sta by {ours['TrafficMirrorSessionId']}" in lines
    theirs = f"7    {foreign['TrafficMirrorSessionId']}  somebody else's in {foreign['OwnerId']}  "
    assert [line for line in lines if line.startswith(theirs)], lines


def test_where_three_foreign_sessions_were_first_there_is_none_of_ours_until_one_of_them_goes(
    binary: Path, demo: Demo, log_begins: int
):
    instance = run_instance()
    ends = foreign_ends(instance.subnet)
    foreign = [create_foreign_session(instance.interface, number, ends) for number in (7, 8, 9)]
    tag(instance.id, "crown-jewel")
    demo.observes(time.time())
    assert sorted(sessions_on(instance.interface), key=lambda it: it["SessionNumber"]) == foreign
    assert failures(demo.log()[log_begins:], instance.interface) == []
    reason = "not mirrored to sta: 3 session(s) of others leave no slot of the 3 that AWS allows on an interface"
    (result,) = [line for line in explained(binary, demo, instance.id) if line.startswith(f"{instance.interface}: ")]
    assert result.endswith(reason)
    last = foreign.pop()["TrafficMirrorSessionId"]
    aws("delete-traffic-mirror-session", "--traffic-mirror-session-id", last)
    eventually("ours is there", lambda: len(sessions_on(instance.interface)) == 3)
    *others, ours = sorted(sessions_on(instance.interface), key=lambda it: it["SessionNumber"])
    assert others == foreign
    assert (ours["SessionNumber"], tags(ours)[OWNER]) == (100, "demo")


# The targets of a sensor


def subnets_by_zone() -> list[str]:
    """A subnet in each zone."""
    return list({it["AvailabilityZone"]: it["SubnetId"] for it in ec2().describe_subnets()["Subnets"]}.values())


def sources_of(sensor: str, sources: list[Instance]) -> int:
    """How many of these instances send to a sensor's interface."""
    of_it = [{"Name": "network-interface-id", "Values": [sensor]}]
    found = ec2().describe_traffic_mirror_targets(Filters=of_it)["TrafficMirrorTargets"]
    targets = {target["TrafficMirrorTargetId"] for target in found}
    mirrored = sessions_on(*(source.interface for source in sources))
    return len([it for it in mirrored if it["TrafficMirrorTargetId"] in targets])


def test_the_eleventh_source_of_an_interface_goes_to_another_zones_and_who_finds_all_full_is_told(
    binary: Path, own: Demo
):
    here, there, *_ = subnets_by_zone()
    near, far = create_interface(here), create_interface(there)
    # The fleet's own tags name another strategy.
    strategy = "{name: vault, importance: {}}"
    own.follows(policy(f"networkInterface: {near}", f"networkInterface: {far}", strategy=strategy))
    sources = run_instances(11, "vault", subnet=here)

    def spread() -> tuple[int, int]:
        return sources_of(near, sources), sources_of(far, sources)

    eventually("ten go to the one in their zone, and one to the other", lambda: spread() == (10, 1))
    sources += run_instances(10, "vault", subnet=here)
    eventually("both are full", lambda: spread() == (10, 10))
    own.observes(time.time())
    mirrored = {it["NetworkInterfaceId"] for it in sessions_on(*(source.interface for source in sources))}
    (left,) = [source for source in sources if source.interface not in mirrored]
    reason = "every target of sensor sta has as many sources as AWS allows; give it another target, or a load balancer"
    assert f"{left.interface}: not mirrored: {reason}" in explained(binary, own, left.id)
    (said,) = [it for it in listed(binary, own)["interfaces"] if it["interface"] == left.interface]
    assert said["state"] == "notMirrored"
    assert said["reasons"][-1] == {"reason": "targetsFull", "sensor": "sta", "text": f"not mirrored: {reason}"}
    assert " failed: " not in own.log()


def test_another_load_balancer_in_the_policy_moves_each_session_in_place_and_every_packet_arrives_meanwhile(own: Demo):
    interfaces = [instance.interface for instance in run_instances(3, "crown-jewel")]
    before = {interface: session_on(interface) for interface in interfaces}
    old = target_of(before[interfaces[0]])["NetworkLoadBalancerArn"]
    new = control.ask(own.cloud, "POST", "world", {"addNetworkLoadBalancer": {"name": "second"}})["made"]
    balancers: dict[str, str] = {}

    def reached(interface: str, direction: str) -> str:
        """The load balancer that a packet is mirrored to."""
        judged = control.judge(own.cloud, interface, direction)
        assert "mirrored" in judged, f"nobody sees what is {direction} at {interface}: {judged}"
        assert judged["mirrored"]["session"] == before[interface]["TrafficMirrorSessionId"]
        target = judged["mirrored"]["target"]
        if target not in balancers:
            balancers[target] = target_of({"TrafficMirrorTargetId": target})["NetworkLoadBalancerArn"]
        return balancers[target]

    steps: list[int] = []

    def all_moved() -> bool:
        seen = [reached(interface, direction) for interface in interfaces for direction in ("ingress", "egress")]
        assert set(seen) <= {old, new}
        if seen.count(new) not in steps:
            steps.append(seen.count(new))
        return seen.count(new) == len(seen)

    assert not all_moved()
    # Each change is answered late, so that whoever looks all the time sees how things stand between any two.
    late = {"effect": {"latency": "500ms"}, "actions": ["ModifyTrafficMirrorSession"]}
    control.ask(own.cloud, "POST", "faults", late)
    own.follows(policy(f"networkLoadBalancer: {new}"))
    eventually("every packet goes to the other load balancer", all_moved, every=0.01)
    # The judge is asked for one packet at a time: a session may move between the two of its interface.
    assert steps == sorted(set(steps)) and steps[0] == 0 and steps[-1] == 6 and len(steps) >= 4, steps
    for interface in interfaces:
        after = session_on(interface)
        assert after == before[interface] | {"TrafficMirrorTargetId": after["TrafficMirrorTargetId"]}


# Who is no source, and who is one against his will


def test_a_jewel_of_a_type_that_aws_does_not_mirror_is_refused_by_name_and_never_tried(
    binary: Path, demo: Demo, log_begins: int
):
    instance = run_instance("crown-jewel", kind="t2.micro")
    demo.observes(time.time())
    reason = "AWS does not mirror instances of type t2.micro; if that has changed, say so in instanceTypes"
    assert f"{instance.interface}: not mirrored: {reason}" in explained(binary, demo, instance.id)
    rows = ask(binary, demo, "sources", "--reason", "unsupported-type").stdout.splitlines()
    (row,) = [row for row in rows if row.startswith(instance.interface)]
    assert row.endswith(f"not mirrored: {reason}")
    assert sessions_on(instance.interface) == []
    assert instance.interface not in demo.log()[log_begins:]


def test_a_tag_that_names_no_strategy_is_answered_with_the_one_that_was_meant(binary: Path, demo: Demo):
    instance = run_instance("crown-jewl")
    demo.observes(time.time())
    meant = "names `crown-jewl`, which is no strategy of the policy: did you mean `crown-jewel`?"
    result = f"{instance.interface}: not mirrored: the tag on the instance {meant}"
    assert result in explained(binary, demo, instance.id)
    (unknown,) = [it for it in listed(binary, demo)["unknownValues"] if it["value"] == "crown-jewl"]
    assert unknown["meant"] == "crown-jewel"
    assert instance.interface in unknown["interfaces"]
    assert sessions_on(instance.interface) == []


def test_who_opts_out_where_that_is_forbidden_is_mirrored_all_the_same_and_reported(binary: Path, own: Demo):
    balancer = control.ask(own.cloud, "POST", "world", {"addNetworkLoadBalancer": {"name": "second"}})["made"]
    strategy = "{name: crown-jewel, importance: {select: {tags: {tier: vault}}}, optOut: forbidden}"
    own.follows(policy(f"networkLoadBalancer: {balancer}", strategy=strategy))
    instance = run_instance("off", tier="vault")
    mirrored = session_on(instance.interface)
    lines = explained(binary, own, instance.id)
    assert f"{instance.interface}: mirrored to sta by {mirrored['TrafficMirrorSessionId']}" in lines
    assert "crown-jewel: does not allow the opting out that is tagged on the instance" in lines
    (opt_out,) = listed(binary, own)["optOuts"]
    assert (opt_out["interface"], opt_out["forbiddenBy"]) == (instance.interface, ["crown-jewel"])
    assert "1 opt out by tag, 1 of them in vain" in ask(binary, own, "sources").stdout


def test_a_sensors_own_instance_that_is_tagged_as_a_jewel_is_refused_by_name(binary: Path, own: Demo):
    sensor = run_instance()
    second = add_interface(sensor)
    own.follows(policy(f"networkInterface: {sensor.interface}"))
    tag(sensor.id, "crown-jewel")
    # Another jewel shows that the policy is followed, and the sensor in use.
    assert target_of(session_on(run_instance("crown-jewel").interface))["NetworkInterfaceId"] == sensor.interface
    own.observes(time.time())
    lines = explained(binary, own, sensor.id)
    loops = "not mirrored: the interface receives mirrored packets, and mirrors of mirrors loop"
    assert f"{sensor.interface}: {loops}" in lines
    again = "not mirrored: its instance is a sensor, and what it sends on would be mirrored to it again"
    assert f"{second}: {again}" in lines
    assert sessions_on(sensor.interface, second) == []
    assert failures(own.log(), sensor.interface, second) == []


# Who is behind the sensor's load balancer


def elb(*words: str) -> dict:
    """What `aws elbv2 …` answers."""
    return aws(*words, service="elbv2")


def listener_of(balancer: str) -> str:
    """The one listener of a load balancer."""
    (listener,) = elb("describe-listeners", "--load-balancer-arn", balancer)["Listeners"]
    return listener["ListenerArn"]


def group_in(vpc: str, name: str) -> str:
    """A group of instances that hear mirrored packets."""
    what = ["--protocol", "UDP", "--port", "4789", "--vpc-id", vpc, "--health-check-protocol", "TCP"]
    (group,) = elb("create-target-group", "--name", name, *what)["TargetGroups"]
    return group["TargetGroupArn"]


def forward_to(group: str, listener: str) -> None:
    """Lets a listener send to a group."""
    action = f"Type=forward,TargetGroupArn={group}"
    elb("modify-listener", "--listener-arn", listener, "--default-actions", action)


def test_a_jewel_that_is_registered_behind_the_sensors_load_balancer_is_refused_until_it_is_no_longer_behind_it(
    binary: Path, own: Demo
):
    jewel, sensor = run_instances(2, "crown-jewel")
    balancer = target_of(session_on(jewel.interface))["NetworkLoadBalancerArn"]
    session_on(sensor.interface)
    (subnet,) = ec2().describe_subnets(SubnetIds=[sensor.subnet])["Subnets"]
    zeek, empty = group_in(subnet["VpcId"], "zeek"), group_in(subnet["VpcId"], "empty")
    listener = listener_of(balancer)
    forward_to(zeek, listener)
    elb("register-targets", "--target-group-arn", zeek, "--targets", f"Id={sensor.id}")
    eventually("nothing of it is mirrored any more", lambda: sessions_on(sensor.interface) == [])
    reason = "it is behind the sensor's load balancer sensor, in target group zeek, and mirrors of mirrors loop"
    assert f"{sensor.interface}: not mirrored: {reason}" in explained(binary, own, sensor.id)
    elb("deregister-targets", "--target-group-arn", zeek, "--targets", f"Id={sensor.id}")
    own.observes(time.time())
    assert sessions_on(sensor.interface) == [], "it is draining"
    forward_to(empty, listener)
    session_on(sensor.interface)
    assert len(sessions_on(jewel.interface)) == 1


def test_sessions_move_to_the_other_load_balancer_when_somebody_deletes_the_listener_of_theirs(
    binary: Path, own: Demo
):
    interfaces = [instance.interface for instance in run_instances(3, "crown-jewel")]
    before = {interface: session_on(interface) for interface in interfaces}
    old = target_of(before[interfaces[0]])["NetworkLoadBalancerArn"]
    second = control.ask(own.cloud, "POST", "world", {"addNetworkLoadBalancer": {"name": "second"}})["made"]
    own.follows(policy(f"networkLoadBalancer: {old}", f"networkLoadBalancer: {second}"))
    own.observes(time.time())
    assert {interface: session_on(interface) for interface in interfaces} == before
    elb("delete-listener", "--listener-arn", listener_of(old))

    def balancers() -> set[str]:
        return {target_of(session_on(interface))["NetworkLoadBalancerArn"] for interface in interfaces}

    eventually("all of them send to the other", lambda: balancers() == {second})
    for interface in interfaces:
        assert session_on(interface)["TrafficMirrorSessionId"] == before[interface]["TrafficMirrorSessionId"]
    elb("delete-listener", "--listener-arn", listener_of(second))
    own.observes(time.time())
    said = "its load balancer has no listener for UDP 4789; nothing new is sent there, and what is mirrored stays"
    assert [line for line in explained(binary, own, interfaces[0]) if line.endswith(said)]
    assert balancers() == {second}


def test_while_load_balancers_may_not_be_read_nothing_new_is_mirrored_and_the_log_says_what_to_grant(
    binary: Path, own: Demo
):
    stands = session_on(run_instance("crown-jewel").interface)
    action = "elasticloadbalancing:DescribeTargetGroups"
    control.ask(own.cloud, "POST", "faults", {"effect": "denied", "actions": [action]})
    eventually("the log says what to grant", lambda: f"grant {action}" in own.log())
    late = run_instance("crown-jewel").interface
    wait = "waits for a complete list of what is behind load balancers"
    assert f"{late}: to be mirrored to sta: {wait}" in ask(binary, own, "explain", late).stdout
    assert (sessions_on(late), session(stands["TrafficMirrorSessionId"])) == ([], stands)
    control.ask(own.cloud, "DELETE", "faults")
    session_on(late)


# What somebody else does to our sessions


def tampering(demo: Demo) -> dict[str, float]:
    """How often somebody else has done what to objects of ours, by kind."""
    name = 'vpc_mirror_tampering_total{kind="'
    counts = {key: count for key, count in demo.metrics().items() if key.startswith(name)}
    return {key.removeprefix(name).removesuffix('"}'): count for key, count in counts.items() if count}


def accused(demo: Demo, what: str) -> str:
    """The one line of the log in which somebody else is said to have done that."""
    (line,) = [line for line in demo.log().splitlines() if f": {what}: " in line]
    assert " WARN " in line
    assert "somebody else: " in line
    return line


def test_a_session_that_somebody_deletes_is_back_and_one_that_he_points_elsewhere_is_pointed_back(own: Demo):
    first, second = run_instances(2, "crown-jewel")
    deleted, moved = session_on(first.interface), session_on(second.interface)
    elsewhere = foreign_ends(first.subnet)[:2]
    own.observes(time.time())
    aws("delete-traffic-mirror-session", "--traffic-mirror-session-id", deleted["TrafficMirrorSessionId"])
    aws("modify-traffic-mirror-session", "--traffic-mirror-session-id", moved["TrafficMirrorSessionId"], *elsewhere)
    eventually("the one is pointed back", lambda: session(moved["TrafficMirrorSessionId"]) == moved)
    eventually("the other is back", lambda: sessions_on(first.interface))
    eventually("both are counted", lambda: tampering(own) == {"session-changed": 1, "session-deleted": 1})
    assert session_on(first.interface)["TrafficMirrorSessionId"] != deleted["TrafficMirrorSessionId"]
    change = f"target {moved['TrafficMirrorTargetId']} → target {elsewhere[1]}, "
    assert change in accused(own, f"session-changed {moved['TrafficMirrorSessionId']}")
    assert " → gone, " in accused(own, f"session-deleted {deleted['TrafficMirrorSessionId']}")


def test_a_session_that_somebody_strips_of_our_tags_is_foreign_until_it_is_adopted(binary: Path, own: Demo):
    interface = run_instance("crown-jewel").interface
    stripped = session_on(interface)
    session_id = stripped["TrafficMirrorSessionId"]
    own.observes(time.time())
    aws("delete-tags", "--resources", session_id)
    eventually("it is counted", lambda: tampering(own) == {"session-stripped": 1})
    assert accused(own, f"session-stripped {session_id}").endswith("foreign from now on: adopt takes it over again")
    covered = f"{interface}: mirrored to sta by {session_id}, somebody else's, which takes every packet"
    assert covered in explained(binary, own, interface)
    assert ask(binary, own, "adopt", "--yes", session_id).returncode == 0
    own.observes(time.time())
    assert sessions_on(interface) == [stripped]
    assert f"{interface}: mirrored to sta by {session_id}" in explained(binary, own, interface)
