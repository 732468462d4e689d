"""What the tagging API lists, as boto3 sees it: what has tags, or had some, by tag, by type, by ARN and in pages."""

import itertools

import pytest

from balancing import Balancing
from bench import Bench, refusal, tags
from registering import ACCOUNT, user
from simulator import REGION, Simulator

KEY = "of-the-tagging-tests"


@pytest.fixture(scope="module")
def tagging(simulator: Simulator):
    """A boto3 client of the tagging API."""
    return simulator.client("resourcegroupstaggingapi")


@pytest.fixture(scope="module")
def interfaces(bench: Bench) -> list[str]:
    """The ARNs of eleven interfaces, in order; every third is a spare."""
    made = []
    for number in range(11):
        of_it = tags("network-interface", **{KEY: "spare" if number % 3 == 0 else "used", "number": str(number)})
        place = {"SubnetId": bench.machines[0].subnet, "TagSpecifications": of_it}
        made.append(bench.api.create_network_interface(**place)["NetworkInterface"]["NetworkInterfaceId"])
    return sorted(f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/{interface}" for interface in made)


@pytest.fixture(scope="module")
def balancer(balancing: Balancing) -> list[str]:
    """The ARNs of a load balancer, its group and its listener, which have the tag too."""
    tagged = {"Tags": [{"Key": KEY, "Value": "balancing"}]}
    made, group = balancing.load_balancer(**tagged)["LoadBalancerArn"], balancing.group(**tagged)
    return [made, group, balancing.listener(made, group, **tagged)]


def found(tagging, **asked: object) -> list[str]:
    """The ARNs of what is asked for."""
    pages = tagging.get_paginator("get_resources").paginate(**asked)
    return [it["ResourceARN"] for page in pages for it in page["ResourceTagMappingList"]]


def by(key: str, *values: str) -> dict:
    return {"Key": key, "Values": list(values)}


def test_resources_are_found_by_their_tags(tagging, interfaces: list[str], balancer: list[str]):
    assert sorted(found(tagging, TagFilters=[by(KEY)])) == sorted(interfaces + balancer)
    assert len(found(tagging, TagFilters=[by(KEY, "spare")])) == 4
    assert len(found(tagging, TagFilters=[by(KEY, "spare", "used")])) == 11
    assert len(found(tagging, TagFilters=[by(KEY, "spare"), by("number", "0", "1")])) == 1
    assert found(tagging, TagFilters=[by(KEY), by("never")]) == []


def test_resources_are_found_by_their_types(tagging, interfaces: list[str], balancer: list[str]):
    of_ours = {"TagFilters": [by(KEY)]}
    made, group, listener = balancer
    for kinds, arns in [
        (["ec2"], interfaces),
        (["ec2:network-interface"], interfaces),
        (["ec2:instance"], []),
        (["elasticloadbalancing"], balancer),
        (["elasticloadbalancing:loadbalancer"], [made]),
        (["elasticloadbalancing:loadbalancer/net"], [made]),
        (["elasticloadbalancing:loadbalancer/app"], []),
        (["elasticloadbalancing:targetgroup", "elasticloadbalancing:listener"], [group, listener]),
    ]:
        assert sorted(found(tagging, ResourceTypeFilters=kinds, **of_ours)) == sorted(arns), kinds


def test_resources_that_are_named_come_with_their_tags_and_one_that_is_not_there_is_left_out(
    tagging, interfaces: list[str]
):
    gone = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-0123456789abcdef0"
    answer = tagging.get_resources(ResourceARNList=[gone, interfaces[0]])
    (mapping,) = answer["ResourceTagMappingList"]
    assert (mapping["ResourceARN"], answer["PaginationToken"]) == (interfaces[0], "")
    assert {tag["Key"] for tag in mapping["Tags"]} == {KEY, "number"}


# facts §6
@pytest.mark.parametrize("size", [1, 5, 11, 100])
def test_pages_hold_together_what_there_is(tagging, interfaces: list[str], size: int):
    asked = {"TagFilters": [by(KEY)], "ResourceTypeFilters": ["ec2"]}
    pages = tagging.get_paginator("get_resources").paginate(**asked, PaginationConfig={"PageSize": size})
    listed = [[it["ResourceARN"] for it in page["ResourceTagMappingList"]] for page in pages]
    assert [len(page) for page in listed[:-1]] == [size] * (len(listed) - 1)
    assert list(itertools.chain(*listed)) == interfaces


# facts §6
@pytest.mark.usefixtures("interfaces")
def test_a_page_leads_on_for_a_quarter_of_an_hour(simulator: Simulator, tagging):
    page = {"ResourcesPerPage": 1}
    lasts = tagging.get_resources(**page)["PaginationToken"]
    simulator.passes("14m")
    assert tagging.get_resources(**page, PaginationToken=lasts)["ResourceTagMappingList"]
    simulator.passes("1m 1s")
    assert refusal(tagging.get_resources, **page, PaginationToken=lasts) == "PaginationTokenExpiredException"


def test_what_has_lost_its_tags_is_listed_without_any(tagging, bench: Bench, balancing: Balancing):
    interface, group = bench.interface(), balancing.group(Tags=[{"Key": "k"}])
    arns = [f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/{interface}", group]
    assert found(tagging, ResourceARNList=arns) == [group]
    bench.api.create_tags(Resources=[interface], Tags=[{"Key": "k", "Value": ""}])
    bench.api.delete_tags(Resources=[interface])
    balancing.api.remove_tags(ResourceArns=[group], TagKeys=["k"])
    listed = tagging.get_resources(ResourceARNList=arns)["ResourceTagMappingList"]
    assert [(it["ResourceARN"], it["Tags"]) for it in listed] == [(arn, []) for arn in arns]


def test_whether_mirror_objects_are_listed_is_a_switch(simulator: Simulator, tagging, bench: Bench):
    of_it = tags("traffic-mirror-filter", **{"only-of": "the filter"})
    bench.api.create_traffic_mirror_filter(TagSpecifications=of_it)
    asked = {"TagFilters": [by("only-of")]}
    kind = {"ResourceTypeFilters": ["ec2:traffic-mirror-filter"]}
    assert found(tagging, **asked) == []
    assert refusal(tagging.get_resources, **kind) == "InvalidParameterException"
    with simulator.where(mirrorsInTagging="accepted"):
        assert found(tagging, **asked) == found(tagging, **asked, **kind) != []


# facts §6
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ResourcesPerPage": 0}, "InvalidParameterException"),
        ({"ResourcesPerPage": 101}, "InvalidParameterException"),
        ({"ResourcesPerPage": "many"}, "SerializationException"),
        ({"PaginationToken": "x"}, "InvalidParameterException"),
        ({"TagFilters": [by("")]}, "InvalidParameterException"),
        ({"TagFilters": [by("k", *"abcdefghijklmnopqrstu")]}, "InvalidParameterException"),
        ({"TagFilters": [by(f"k{number}") for number in range(51)]}, "InvalidParameterException"),
        ({"TagFilters": [{"Values": ["v"]}]}, "SerializationException"),
        ({"ResourceARNList": ["arn"] * 101}, "InvalidParameterException"),
        ({"ResourceARNList": ["arn"], "ResourceTypeFilters": ["ec2"]}, "InvalidParameterException"),
        ({"IncludeComplianceDetails": True}, "InvalidParameterException"),
    ],
    ids=lambda it: str(it)[:40],
)
def test_what_cannot_be_asked_for_is_refused(tagging, asked: dict, code: str):
    assert refusal(tagging.get_resources, **asked) == code


def test_an_operation_that_the_simulator_does_not_have_is_refused(tagging):
    assert refusal(tagging.get_tag_keys) == "UnknownOperationException"


# facts §6
def test_resources_can_be_asked_for_too_often(simulator: Simulator, tagging):
    with simulator.with_rates({"tag:GetResources": {"burst": 0, "perSecond": 0}}):
        assert refusal(tagging.get_resources) == "ThrottledException"


def test_nothing_is_listed_for_whoever_has_no_policy_and_a_fault_can_deny_it(simulator: Simulator, tagging):
    with simulator.where_registered(user("eve", keys=["AKIAEVE"])):
        eve = simulator.client("resourcegroupstaggingapi", key="AKIAEVE")
        assert refusal(eve.get_resources) == "AccessDeniedException"
    with simulator.with_fault("denied", "tag:*"):
        assert refusal(tagging.get_resources) == "AccessDeniedException"
