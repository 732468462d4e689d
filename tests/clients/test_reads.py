"""Firewalls, Classic Load Balancers and web ACLs, as boto3 and the AWS CLI see them: what is made is listed, and what is
taken away is not."""

import pytest

from balancing import Balancing, name
from bench import Bench, refusal
from cloud import aws
from models import IDS
from registering import everything
from simulator import REGION, Simulator

WEB = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
HTTP = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}
ALLOWING = {"DefaultAction": {"Allow": {}}, "Scope": "REGIONAL"}
SEEN = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}


@pytest.fixture
def cli(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the CLI at the simulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator.url)


@pytest.fixture
def group(api, balancing: Balancing) -> str:
    """A security group without rules for what comes in."""
    return api.create_security_group(GroupName=name(), Description="d", VpcId=balancing.vpc)["GroupId"]


def test_a_rule_is_listed_while_it_is_there(api, group: str):
    (rule,) = api.authorize_security_group_ingress(GroupId=group, IpPermissions=[WEB])["SecurityGroupRules"]
    assert (rule["CidrIpv4"], rule["FromPort"], rule["IsEgress"]) == ("10.0.0.0/8", 80, False)
    of_group = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    listed = api.describe_security_group_rules(**of_group)["SecurityGroupRules"]
    assert sorted(it["IpProtocol"] for it in listed) == ["-1", "-1", "tcp"]
    assert rule in listed
    (described,) = api.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert described["IpPermissions"] == [WEB | {"UserIdGroupPairs": [], "Ipv6Ranges": [], "PrefixListIds": []}]
    again = {"GroupId": group, "IpPermissions": [WEB]}
    assert refusal(api.authorize_security_group_ingress, **again) == "InvalidPermission.Duplicate"
    api.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    assert refusal(api.revoke_security_group_ingress, **again) == "InvalidPermission.NotFound"
    api.authorize_security_group_egress(**again)
    api.revoke_security_group_egress(**again)
    assert len(api.describe_security_group_rules(**of_group)["SecurityGroupRules"]) == 2


def test_a_group_that_is_named_stays(api, balancing: Balancing, group: str):
    (found,) = api.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    same = {"GroupName": found["GroupName"], "Description": "d", "VpcId": balancing.vpc}
    assert refusal(api.create_security_group, **same) == "InvalidGroup.Duplicate"
    other = api.create_security_group(GroupName=name(), Description="d", VpcId=balancing.vpc)["GroupId"]
    names = {"GroupId": other, "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]}
    api.authorize_security_group_ingress(**names)
    assert refusal(api.delete_security_group, GroupId=group) == "DependencyViolation"
    api.revoke_security_group_ingress(**names)
    api.delete_security_group(GroupId=group)


def test_a_group_without_a_network_needs_a_default_one(simulator: Simulator):
    # Another account than that of the other tests, to which one of them gives a default network.
    with simulator.where_registered(everything("carl", account="777788889999")):
        carl = simulator.client(key="carl")
        assert refusal(carl.create_security_group, GroupName="g", Description="d") == "VPCIdNotSpecified"


def test_every_subnet_is_before_an_acl(api, balancing: Balancing):
    subnets = {it["SubnetId"] for acl in api.describe_network_acls()["NetworkAcls"] for it in acl["Associations"]}
    assert set(balancing.subnets) <= subnets
    assert api.describe_managed_prefix_lists()["PrefixLists"] == []
    nowhere = {"PrefixListId": IDS["PrefixListId"]}
    assert refusal(api.get_managed_prefix_list_entries, **nowhere) == "InvalidPrefixListID.NotFound"


def test_a_classic_load_balancer_lists_its_instances(simulator: Simulator, bench: Bench, balancing: Balancing):
    elb = simulator.client("elb")
    (machine,) = bench.run("t3.micro", 1)
    itself = {"LoadBalancerName": name()}
    tagged = {"Tags": [{"Key": "of-the-classics", "Value": "x"}]}
    elb.create_load_balancer(**itself, Listeners=[HTTP], Subnets=balancing.subnets[:2], **tagged)
    again = {"Listeners": [HTTP], "Subnets": balancing.subnets[:2]}
    assert refusal(elb.create_load_balancer, **itself, **again) == "DuplicateLoadBalancerName"
    instances = {"Instances": [{"InstanceId": machine.id}]}
    assert elb.register_instances_with_load_balancer(**itself, **instances)["Instances"] == instances["Instances"]
    (found,) = elb.describe_load_balancers(LoadBalancerNames=[itself["LoadBalancerName"]])["LoadBalancerDescriptions"]
    assert (found["VPCId"], found["Instances"]) == (balancing.vpc, instances["Instances"])
    assert found["ListenerDescriptions"][0]["Listener"] == HTTP | {"InstanceProtocol": "HTTP"}
    (described,) = elb.describe_tags(LoadBalancerNames=[itself["LoadBalancerName"]])["TagDescriptions"]
    assert described["Tags"] == tagged["Tags"]
    asked = {"TagFilters": [{"Key": "of-the-classics"}], "ResourceTypeFilters": ["elasticloadbalancing:loadbalancer"]}
    (listed,) = simulator.client("resourcegroupstaggingapi").get_resources(**asked)["ResourceTagMappingList"]
    assert listed["ResourceARN"].endswith(f":loadbalancer/{itself['LoadBalancerName']}")
    elb.deregister_instances_from_load_balancer(**itself, **instances)
    nobody = {"Instances": [{"InstanceId": IDS["InstanceId"]}]}
    assert refusal(elb.register_instances_with_load_balancer, **itself, **nobody) == "InvalidInstance"
    elb.delete_load_balancer(**itself)
    assert refusal(elb.describe_load_balancers, LoadBalancerNames=[itself["LoadBalancerName"]]) == "LoadBalancerNotFound"


def test_a_web_acl_lists_what_it_guards(simulator: Simulator, balancing: Balancing):
    waf = simulator.client("wafv2")
    balancer = balancing.load_balancer("application")["LoadBalancerArn"]
    wish = {"Name": name(), "VisibilityConfig": SEEN} | ALLOWING
    acl = waf.create_web_acl(**wish)["Summary"]["ARN"]
    assert refusal(waf.create_web_acl, **wish) == "WAFDuplicateItemException"
    assert acl in [it["ARN"] for it in waf.list_web_acls(Scope="REGIONAL")["WebACLs"]]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=acl)["ResourceArns"] == [balancer]
    assert waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["ARN"] == acl
    waf.disassociate_web_acl(ResourceArn=balancer)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=balancer)
    gone = {"WebACLArn": f"arn:aws:wafv2:{REGION}:111122223333:regional/webacl/none/1"}
    assert refusal(waf.list_resources_for_web_acl, **gone) == "WAFNonexistentItemException"
    assert refusal(waf.list_web_acls, Scope="CLOUDFRONT") == "WAFInvalidParameterException"


@pytest.mark.usefixtures("cli")
def test_the_cli_changes_the_rules_of_a_group(balancing: Balancing):
    place = ["--description", "d", "--vpc-id", balancing.vpc]
    itself = ["--group-id", aws("create-security-group", "--group-name", name(), *place)["GroupId"]]
    ssh = ["--protocol", "tcp", "--port", "22", "--cidr", "192.0.2.0/24"]
    (rule,) = aws("authorize-security-group-ingress", *itself, *ssh)["SecurityGroupRules"]
    named = ["--security-group-rule-ids", rule["SecurityGroupRuleId"]]
    assert aws("describe-security-group-rules", *named)["SecurityGroupRules"] == [rule]
    aws("revoke-security-group-ingress", *itself, *named)
    aws("authorize-security-group-egress", *itself, *ssh)
    aws("revoke-security-group-egress", *itself, *ssh)
    (found,) = aws("describe-security-groups", "--group-ids", itself[1])["SecurityGroups"]
    assert found["IpPermissions"] == []
    aws("delete-security-group", *itself)
    assert aws("describe-network-acls")["NetworkAcls"]
    assert aws("describe-managed-prefix-lists")["PrefixLists"] == []


@pytest.mark.usefixtures("cli")
def test_the_cli_registers_an_instance_with_a_classic_load_balancer(bench: Bench, balancing: Balancing):
    (machine,) = bench.run("t3.micro", 1)
    itself, named = ["--load-balancer-name", name()], ["--instances", machine.id]
    way = ["--listeners", "Protocol=HTTP,LoadBalancerPort=80,InstancePort=8080"]
    aws("create-load-balancer", *itself, *way, "--subnets", balancing.subnets[0], "--tags", "Key=k", service="elb")
    aws("register-instances-with-load-balancer", *itself, *named, service="elb")
    names = ["--load-balancer-names", itself[1]]
    (found,) = aws("describe-load-balancers", *names, service="elb")["LoadBalancerDescriptions"]
    assert found["Instances"] == [{"InstanceId": machine.id}]
    assert aws("describe-tags", *names, service="elb")["TagDescriptions"][0]["Tags"][0]["Key"] == "k"
    aws("deregister-instances-from-load-balancer", *itself, *named, service="elb")
    aws("delete-load-balancer", *itself, service="elb")


@pytest.mark.usefixtures("cli")
def test_the_cli_associates_a_web_acl(balancing: Balancing):
    balancer = ["--resource-arn", balancing.load_balancer("application")["LoadBalancerArn"]]
    seen = ",".join(f"{key}={str(value).lower()}" for key, value in SEEN.items())
    regional = ["--scope", "REGIONAL"]
    wish = ["--name", name(), "--default-action", "Allow={}", "--visibility-config", seen]
    acl = ["--web-acl-arn", aws("create-web-acl", *regional, *wish, service="wafv2")["Summary"]["ARN"]]
    aws("associate-web-acl", *acl, *balancer, service="wafv2")
    assert aws("list-resources-for-web-acl", *acl, service="wafv2")["ResourceArns"] == [balancer[1]]
    assert aws("get-web-acl-for-resource", *balancer, service="wafv2")["WebACL"]["ARN"] == acl[1]
    aws("disassociate-web-acl", *balancer, service="wafv2")
    assert aws("list-web-acls", *regional, service="wafv2")["WebACLs"]
