"""The health of targets, as boto3 sees it: each state that a target can be in, and what leads from one to the next."""

import pytest

from balancing import CHECKED, DRAINED, MIRRORED, WEB, Balancing
from bench import Machine
from simulator import Simulator

STARTING = ("initial", "Elb.RegistrationInProgress")
HEALTHY = ("healthy", None)
STOPPED = ("unused", "Target.InvalidState")
DRAINING = ("draining", "Target.DeregistrationInProgress")
NOT_IN_USE = ("unused", "Target.NotInUse")
NOT_THERE = ("unused", "Target.NotRegistered")


@pytest.fixture
def group(balancing: Balancing) -> str:
    """A group to which a load balancer sends."""
    made = balancing.group()
    balancing.listener(balancing.load_balancer()["LoadBalancerArn"], made)
    return made


@pytest.fixture
def machine(balancing: Balancing) -> Machine:
    """An instance that runs."""
    (made,) = balancing.bench.run("t3.micro", 1)
    return made


def test_a_target_turns_healthy_and_drains(simulator: Simulator, balancing: Balancing, group: str, machine: Machine):
    balancing.register(group, machine.id)
    assert balancing.health(group) == {machine.id: STARTING}
    simulator.passes(CHECKED)
    itself = {"TargetGroupArn": group, "Targets": [{"Id": machine.id}]}
    balancing.api.get_waiter("target_in_service").wait(**itself, WaiterConfig={"MaxAttempts": 1})
    assert balancing.health(group) == {machine.id: HEALTHY}
    balancing.api.deregister_targets(**itself)
    assert balancing.health(group) == {machine.id: DRAINING}
    simulator.passes(DRAINED)
    assert balancing.health(group) == {}
    assert balancing.health(group, machine.id) == {machine.id: NOT_THERE}
    balancing.api.deregister_targets(**itself)


def test_an_instance_that_stops_is_unused_and_is_checked_anew_when_it_starts(
    simulator: Simulator, balancing: Balancing, group: str, machine: Machine
):
    balancing.register(group, machine.id)
    balancing.bench.api.stop_instances(InstanceIds=[machine.id])
    simulator.passes()
    assert balancing.health(group) == {machine.id: STOPPED}
    balancing.bench.api.start_instances(InstanceIds=[machine.id])
    simulator.passes()
    assert balancing.health(group) == {machine.id: STARTING}
    simulator.passes(CHECKED)
    assert balancing.health(group) == {machine.id: HEALTHY}


# facts §9
def test_an_instance_that_is_terminated_drains_by_itself(
    simulator: Simulator, balancing: Balancing, group: str, machine: Machine
):
    balancing.register(group, machine.id)
    balancing.bench.api.terminate_instances(InstanceIds=[machine.id])
    simulator.passes()
    assert balancing.health(group) == {machine.id: DRAINING}
    simulator.passes(DRAINED)
    assert balancing.health(group) == {}


def test_a_group_to_which_nothing_sends_is_not_in_use(balancing: Balancing, machine: Machine):
    group = balancing.group()
    balancing.register(group, machine.id)
    assert balancing.health(group) == {machine.id: NOT_IN_USE}


def test_a_target_is_not_in_use_where_the_load_balancer_does_not_stand(balancing: Balancing, machine: Machine):
    group = balancing.group()
    elsewhere = balancing.load_balancer(Subnets=balancing.subnets[1:])["LoadBalancerArn"]
    balancing.listener(elsewhere, group)
    balancing.register(group, machine.id)
    assert balancing.health(group) == {machine.id: NOT_IN_USE}


def test_one_instance_can_be_there_with_several_ports(balancing: Balancing, group: str, machine: Machine):
    wish = [{"Id": machine.id}, {"Id": machine.id, "Port": 6081}]
    balancing.api.register_targets(TargetGroupArn=group, Targets=wish)
    found = balancing.api.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(it["Target"]["Port"], it["HealthCheckPort"]) for it in found] == [(4789, "4789"), (6081, "6081")]


def test_addresses_are_targets_in_the_zone_of_their_subnet_and_outside_the_vpc_in_all(
    simulator: Simulator, balancing: Balancing, machine: Machine
):
    group = balancing.group(TargetType="ip")
    balancing.listener(balancing.load_balancer()["LoadBalancerArn"], group)
    outside = {"Id": "192.168.0.7", "AvailabilityZone": "all"}
    balancing.api.register_targets(TargetGroupArn=group, Targets=[{"Id": machine.address}, outside])
    simulator.passes(CHECKED)
    assert balancing.health(group) == {machine.address: HEALTHY, "192.168.0.7": HEALTHY}
    found = balancing.api.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    zones = {it["Target"]["Id"]: it["Target"]["AvailabilityZone"] for it in found}
    (subnet,) = balancing.bench.api.describe_subnets(SubnetIds=[machine.subnet])["Subnets"]
    assert zones == {machine.address: subnet["AvailabilityZone"], "192.168.0.7": "all"}


def test_an_application_load_balancer_can_be_the_target_of_a_network_load_balancer(
    simulator: Simulator, balancing: Balancing
):
    behind, _, _ = balancing.web()
    tcp = MIRRORED | {"Protocol": "TCP", "Port": 80}
    group = balancing.group(TargetType="alb", **tcp)
    balancing.listener(balancing.load_balancer()["LoadBalancerArn"], group, **tcp)
    balancing.register(group, behind)
    simulator.passes(CHECKED)
    assert balancing.health(group) == {behind: HEALTHY}


def test_a_function_is_not_checked(balancing: Balancing):
    (made,) = balancing.api.create_target_group(Name="functions", TargetType="lambda")["TargetGroups"]
    group = made["TargetGroupArn"]
    balancing.listener(balancing.load_balancer("application")["LoadBalancerArn"], group, **WEB)
    function = "arn:aws:lambda:eu-west-1:111122223333:function:login"
    balancing.register(group, function)
    assert balancing.health(group) == {function: ("unavailable", "Target.HealthCheckDisabled")}
