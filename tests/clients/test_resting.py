"""Nothing is written but what a change in the fleet calls for."""

import time

from cloud import ec2
from demo import RESYNC, Demo
from waiting import eventually

CALLS = "vpc_mirror_aws_calls_total"
CREATED = f'{CALLS}{{action="CreateTrafficMirrorSession",result="ok"}}'
LISTED = f'{CALLS}{{action="DescribeTrafficMirrorSessions",result="ok"}}'


def facts() -> tuple:
    """All that the daemon decides by."""
    return ec2().describe_instances()["Reservations"], ec2().describe_network_interfaces()["NetworkInterfaces"]


def at_rest() -> bool:
    """Whether no instance is between two states."""
    between = [{"Name": "instance-state-name", "Values": ["pending", "stopping", "shutting-down"]}]
    return not ec2().describe_instances(Filters=between)["Reservations"]


def standstill(demo: Demo) -> tuple[dict[str, float], int]:
    """The AWS calls and launches until now, at a moment when the daemon has done all that there is to do."""

    def look() -> tuple | None:
        eventually("no instance is on its way", at_rest)
        before = facts()
        demo.observes(time.time())
        metrics = demo.metrics()
        calls = {name: count for name, count in metrics.items() if name.startswith(CALLS)}
        # One that is terminated is still listed for an hour: none comes and goes unseen.
        launches = sum(len(reservation["Instances"]) for reservation in before[0])
        return (calls, launches) if metrics["vpc_mirror_waiting"] == 0 and facts() == before else None

    return eventually("nothing is under way", look, within=90)


def test_a_fleet_is_read_again_and_again_and_only_a_launch_makes_the_daemon_write(demo: Demo):
    # The auto scaling group replaces an instance every few seconds: there is no time in which nothing happens at all.
    # What it launches has one interface, and is to be mirrored.
    calls_before, launches_before = standstill(demo)
    demo.observes(time.time() + 3 * RESYNC)
    calls, launches = standstill(demo)
    assert calls[LISTED] - calls_before[LISTED] >= 3
    made = {name: count - calls_before.get(name, 0) for name, count in calls.items()}
    reads = ('action="Describe', 'action="Get')
    written = {name: count for name, count in made.items() if count and not any(read in name for read in reads)}
    assert written == ({CREATED: launches - launches_before} if launches > launches_before else {})
