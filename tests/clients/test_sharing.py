"""What is ours comes back when someone removes it; what is other people's is left alone."""

import time

from cloud import (
    KEY,
    OWNER,
    PROOF,
    Instance,
    aws,
    create_interface,
    ec2,
    run_instance,
    session,
    session_on,
    sessions_on,
    tag,
    tags,
)
from demo import Demo
from waiting import eventually


def test_a_session_deleted_by_hand_comes_back_as_another():
    interface = run_instance("crown-jewel").interface
    deleted = session_on(interface)
    aws("delete-traffic-mirror-session", "--traffic-mirror-session-id", deleted["TrafficMirrorSessionId"])
    back = session_on(interface)
    assert back["TrafficMirrorSessionId"] != deleted["TrafficMirrorSessionId"]
    assert back | {"TrafficMirrorSessionId": deleted["TrafficMirrorSessionId"]} == deleted


def mirror_by_hand(instance: Instance, numbers_and_tags: dict[int, dict[str, str]]) -> list[dict]:
    """Mirrors an instance as someone would who has never heard of us: to their own sensor, through their own filter."""
    sensor = create_interface(instance.subnet)
    target = aws("create-traffic-mirror-target", "--network-interface-id", sensor)["TrafficMirrorTarget"]
    mirror_filter = aws("create-traffic-mirror-filter")["TrafficMirrorFilter"]
    made = [
        ec2().create_traffic_mirror_session(
            NetworkInterfaceId=instance.interface,
            TrafficMirrorTargetId=target["TrafficMirrorTargetId"],
            TrafficMirrorFilterId=mirror_filter["TrafficMirrorFilterId"],
            SessionNumber=number,
            TagSpecifications=[
                {"ResourceType": "traffic-mirror-session", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
            ],
        )
        for number, tags in numbers_and_tags.items()
    ]
    return [session(answer["TrafficMirrorSession"]["TrafficMirrorSessionId"]) for answer in made]


def test_sessions_of_others_stay_as_they_are_while_ours_comes_and_goes_beside_them(demo: Demo):
    instance = run_instance()
    imitation = {OWNER: "demo", KEY: "sta", PROOF: "0" * 32}
    theirs = mirror_by_hand(instance, {1: {"Name": "forensics"}, 2: imitation})

    def as_they_were() -> bool:
        return [session(stranger["TrafficMirrorSessionId"]) for stranger in theirs] == theirs

    tag(instance.id, "crown-jewel")
    eventually("ours stands beside them", lambda: len(sessions_on(instance.interface)) == 3)
    (ours,) = [found for found in sessions_on(instance.interface) if found not in theirs]
    assert ours["SessionNumber"] == 100
    assert tags(ours)[PROOF] != imitation[PROOF]
    assert as_they_were()

    tag(instance.id, "off")
    eventually("ours is gone", lambda: ours not in sessions_on(instance.interface))
    demo.observes(time.time())
    assert as_they_were()
