"""Two accounts in one Region, as AWS's clients see them: what one sees of the other, and what it can be given."""

from collections.abc import Iterator

import pytest

from bench import Bench, refusal
from cloud import IMAGE, aws
from registering import ACCOUNT, OTHER, everything
from simulator import Simulator

NO_TARGET = "InvalidTrafficMirrorTargetId.NotFound"


@pytest.fixture
def bob(simulator: Simulator) -> Iterator[object]:
    """A client of somebody in another account; our own goes on with its key."""
    with simulator.where_registered(everything("demo"), everything("bob", account=OTHER)):
        yield simulator.client(key="bob")


@pytest.fixture(scope="module")
def network(simulator: Simulator) -> str:
    """The default VPC that the other account has from now on."""
    return simulator.ask("POST", "world", {"addDefaultVpc": {"account": OTHER}})["made"]


# It comes before all that give the other account something.
def test_another_account_has_nothing_and_cannot_launch_without_a_network(bob):
    assert bob.describe_vpcs()["Vpcs"] == bob.describe_instances()["Reservations"] == []
    wish = {"ImageId": IMAGE, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    assert refusal(bob.run_instances, **wish) == "MissingInput"


@pytest.mark.usefixtures("bob")
def test_the_cli_calls_for_the_account_of_its_key(simulator: Simulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)
    assert aws("describe-instances")["Reservations"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "bob")
    assert aws("describe-instances")["Reservations"] == []


def test_an_id_of_another_account_is_as_unknown_as_one_that_never_was(bench: Bench, bob):
    machine, mirror_filter, target = bench.machines[0], bench.filter(), bench.target()
    calls = [
        (bob.describe_instances, {"InstanceIds": [machine.id]}, "InvalidInstanceID.NotFound"),
        (bob.terminate_instances, {"InstanceIds": [machine.id]}, "InvalidInstanceID.NotFound"),
        (bob.delete_network_interface, {"NetworkInterfaceId": machine.interface}, "InvalidNetworkInterfaceID.NotFound"),
        (
            bob.delete_traffic_mirror_filter,
            {"TrafficMirrorFilterId": mirror_filter},
            "InvalidTrafficMirrorFilterId.NotFound",
        ),
        (bob.delete_traffic_mirror_target, {"TrafficMirrorTargetId": target}, NO_TARGET),
    ]
    for call, parameters, code in calls:
        assert refusal(call, **parameters) == code


def test_an_account_with_a_default_vpc_launches_into_it(simulator: Simulator, bob, network: str):
    launched = bob.run_instances(ImageId=IMAGE, InstanceType="m5.large", MinCount=1, MaxCount=1)
    assert (launched["OwnerId"], launched["Instances"][0]["VpcId"]) == (OTHER, network)
    wish = {"addDefaultVpc": {"account": OTHER}}
    assert simulator.refuses("POST", "world", wish) == f"{OTHER} has a default VPC"


# facts §1.2
@pytest.mark.usefixtures("network")
def test_another_account_mirrors_to_a_target_that_is_shared_with_it(simulator: Simulator, bench: Bench, bob):
    theirs = Bench(simulator, bob)
    (machine,) = theirs.run("m5.large", 1)
    target = bench.target()
    wish = theirs.wish(machine.interface, TrafficMirrorTargetId=target)
    share = {"target": target, "with": OTHER}
    assert refusal(bob.create_traffic_mirror_session, **wish) == NO_TARGET
    simulator.ask("POST", "world", {"shareTarget": share})
    (seen,) = bob.describe_traffic_mirror_targets(TrafficMirrorTargetIds=[target])["TrafficMirrorTargets"]
    assert seen["OwnerId"] == ACCOUNT
    made = bob.create_traffic_mirror_session(**wish)["TrafficMirrorSession"]["TrafficMirrorSessionId"]
    sessions = bench.api.describe_traffic_mirror_sessions
    (ours_to_see,) = sessions(TrafficMirrorSessionIds=[made])["TrafficMirrorSessions"]
    assert (ours_to_see["OwnerId"], ours_to_see["TrafficMirrorTargetId"]) == (OTHER, target)
    simulator.ask("POST", "world", {"unshareTarget": share})
    another = theirs.wish(machine.interface, TrafficMirrorTargetId=target)
    assert refusal(bob.create_traffic_mirror_session, **another) == NO_TARGET
    assert bob.describe_traffic_mirror_sessions(TrafficMirrorSessionIds=[made])["TrafficMirrorSessions"]


def test_only_what_an_account_owns_is_shared_for_it(simulator: Simulator, bench: Bench):
    for share in ({"target": "tmt-0123456789abcdef0"}, {"target": bench.target(), "account": OTHER}):
        refused = simulator.refuses("POST", "world", {"shareTarget": share | {"with": OTHER}})
        assert NO_TARGET in refused
