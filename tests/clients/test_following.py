"""Sessions follow instances, network interfaces, addresses and tags."""

import re
import time

from cloud import (
    KEY,
    OWNER,
    PROOF,
    add_interface,
    aws,
    filter_of,
    run_instance,
    session_on,
    sessions_on,
    tag,
    tags,
    target_of,
)
from demo import SETTLE, Demo
from waiting import eventually

ALL_IPV4, ALL_IPV6 = "0.0.0.0/0", "::/0"


def rules(mirror_filter: dict) -> set[tuple]:
    every = mirror_filter["IngressFilterRules"] + mirror_filter["EgressFilterRules"]
    # Whatever narrows a rule is a field of its own: nothing may be left over.
    named = {"TrafficMirrorFilterRuleId", "TrafficMirrorFilterId", "RuleNumber", "Tags"}
    return {tuple(sorted((name, value) for name, value in rule.items() if name not in named)) for rule in every}


def everything(cidr: str) -> set[tuple]:
    ends = [("DestinationCidrBlock", cidr), ("RuleAction", "accept"), ("SourceCidrBlock", cidr)]
    return {(*ends, ("TrafficDirection", direction)) for direction in ("ingress", "egress")}


def test_an_instance_run_with_the_tag_gets_its_session(demo: Demo):
    instance = run_instance("crown-jewel")
    session = session_on(instance.interface)
    assert session["SessionNumber"] == 100
    proof = tags(session)[PROOF]
    assert tags(session) == {OWNER: "demo", KEY: "sta", PROOF: proof}
    assert re.fullmatch("[0-9a-f]{32}", proof)
    assert f"networkLoadBalancer: {target_of(session)['NetworkLoadBalancerArn']}\n" in demo.policy.read_text()
    mirror_filter = filter_of(session)
    assert rules(mirror_filter) == everything(ALL_IPV4)
    assert mirror_filter["NetworkServices"] == ["amazon-dns"]


def test_an_instance_without_the_tag_gets_none_until_it_is_tagged(demo: Demo):
    instance = run_instance()
    demo.observes(time.time())
    assert sessions_on(instance.interface) == []
    tag(instance.id, "crown-jewel")
    session_on(instance.interface)


def test_an_interface_attached_later_gets_a_session_of_its_own():
    instance = run_instance("crown-jewel")
    first = session_on(instance.interface)
    second = session_on(add_interface(instance))
    assert first["TrafficMirrorSessionId"] != second["TrafficMirrorSessionId"]
    assert sessions_on(instance.interface) == [first]


def test_a_session_whose_interface_gets_ipv6_moves_in_place_to_a_filter_with_ipv6_rules():
    interface = run_instance("crown-jewel").interface
    before = session_on(interface)
    aws("assign-ipv6-addresses", "--network-interface-id", interface, "--ipv6-address-count", "1")

    def moved() -> dict | None:
        (session,) = sessions_on(interface)
        return session if session["TrafficMirrorFilterId"] != before["TrafficMirrorFilterId"] else None

    after = eventually("the session has another filter", moved)
    assert before | {"TrafficMirrorFilterId": after["TrafficMirrorFilterId"]} == after
    mirror_filter = filter_of(after)
    assert rules(mirror_filter) == everything(ALL_IPV4) | everything(ALL_IPV6)
    assert mirror_filter["NetworkServices"] == ["amazon-dns"]


def test_an_instance_tagged_off_loses_its_sessions_after_the_settle_time_and_not_before():
    instance = run_instance("crown-jewel")
    interfaces = [instance.interface, add_interface(instance)]
    for interface in interfaces:
        session_on(interface)
    tagged = time.monotonic()
    tag(instance.id, "off")
    eventually("a session is gone", lambda: len(sessions_on(*interfaces)) < 2)
    assert time.monotonic() - tagged >= SETTLE
    eventually("both sessions are gone", lambda: not sessions_on(*interfaces))


def test_an_instance_that_terminates_takes_its_session_along_without_a_warning(demo: Demo, log_begins: int):
    instance = run_instance("crown-jewel")
    session = session_on(instance.interface)
    aws("terminate-instances", "--instance-ids", instance.id)
    eventually("the session is gone", lambda: not sessions_on(instance.interface))
    demo.observes(time.time())
    names = (instance.id, instance.interface, session["TrafficMirrorSessionId"])
    about_it = [line for line in demo.log()[log_begins:].splitlines() if any(name in line for name in names)]
    assert about_it
    assert [line for line in about_it if re.search(r"\b(WARN|ERROR)\b", line)] == []
