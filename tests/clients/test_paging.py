"""Lists of EC2 in pages, as boto3 sees them: together they hold what one answer without pages holds, once."""

import pytest

from bench import Bench, tags

COUNT = 12
MARK = "one of a dozen"


@pytest.fixture(scope="module")
def dozen(bench: Bench) -> None:
    """So many interfaces, filters, rules and targets that nobody else changes."""
    for number in range(COUNT):
        made = bench.api.create_network_interface(SubnetId=bench.machines[0].subnet, Description=MARK)
        interface = made["NetworkInterface"]["NetworkInterfaceId"]
        bench.api.create_traffic_mirror_target(NetworkInterfaceId=interface, Description=MARK)
        kind = "traffic-mirror-filter"
        of_dozen = tags(kind, **{"part-of-a-dozen": str(number)})
        made = bench.api.create_traffic_mirror_filter(Description=MARK, TagSpecifications=of_dozen)
        bench.rule(made["TrafficMirrorFilter"]["TrafficMirrorFilterId"], Description=MARK)


# facts §3.2
@pytest.mark.parametrize(
    ("action", "items", "wanted"),
    [
        ("describe_network_interfaces", "NetworkInterfaces", {"description": MARK}),
        ("describe_traffic_mirror_filters", "TrafficMirrorFilters", {"description": MARK}),
        ("describe_traffic_mirror_filter_rules", "TrafficMirrorFilterRules", {"description": MARK}),
        ("describe_traffic_mirror_targets", "TrafficMirrorTargets", {"description": MARK}),
        ("describe_tags", "Tags", {"key": "part-of-a-dozen"}),
    ],
)
@pytest.mark.parametrize("size", [5, 6, 12, 1000])
@pytest.mark.usefixtures("dozen")
def test_pages_hold_together_what_one_answer_holds(api, action: str, items: str, wanted: dict, size: int):
    call = getattr(api, action)
    asked = {"Filters": [{"Name": name, "Values": [value]} for name, value in wanted.items()]}
    whole = call(**asked)
    assert (len(whole[items]), "NextToken" in whole) == (COUNT, False)
    page = call(**asked, MaxResults=size)
    pages = [page[items]]
    while "NextToken" in page:
        page = call(**asked, MaxResults=size, NextToken=page["NextToken"])
        pages.append(page[items])
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert [item for page in pages for item in page] == whole[items]
