"""Takes a running demo; does to its cloud what people and AWS do to one: somebody tampers, hides and mirrors for himself, AWS denies,
throttles and hides a list, and the policy asks for more than there is room for. Waits only for what the next trouble needs."""

import re
from functools import partial
from typing import Any

import boto3

import control
from demo import Demo
from waiting import eventually

OURS = "vpc-mirror/owner"
IMAGE = "ami-0123456789abcdef0"
# What an interface takes as a target.
TAKEN = 10
# A small sensor, whose only target takes ten sources; a load balancer that nobody has; and room for fewer sessions than are wanted:
# crown jewels have theirs.
POLICY = """\
apiVersion: vpc-mirror/v1
kind: Policy
owner: demo
sensors:
  sta: {{targets: [{{networkLoadBalancer: '{balancer}'}}]}}
  small: {{targets: [{{networkInterface: {interface}}}]}}
strategies:
  - {{name: crown-jewel, sensor: sta, importance: {{jumpBoxes: {{tags: {{role: bastion}}}}}}}}
  - {{name: appliances, sensor: small, accessPath: {{select: {{tags: {{role: app}}}}, expect: [tcp/8443]}}}}
  - name: cardholder
    sensor: sta
    risk: {{paths: [{{from: {{tags: {{role: app}}}}, to: {{tags: {{role: db}}, zones: [eu-west-1b]}}, ports: [tcp/5432]}}]}}
  - {{name: junctions, sensor: sta, junction: {{loadBalancers: [{{name: edge}}, {{name: nowhere}}], webAcls: [{{name: shield}}]}}}}
  - {{name: front-doors, sensor: sta, accessPath: {{select: {{tags: {{role: web}}}}, expect: securityGroups}}}}
  - {{name: spot-check, sensor: sta, sample: {{by: ['tag:role', zone], fraction: 0.1, rotate: 24h}}}}
extras:
  dns: {{sensor: sta, select: {{tags: {{role: web}}, zones: [eu-west-1a]}}}}
limits: {{apiShare: 100%, maxSessions: {room}}}
settle: 1s
"""


class Trouble:
    """What has been done, for whoever looks whether it shows."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.ec2 = boto3.client("ec2")

    def sessions(self, ours: bool = True) -> list[dict[str, Any]]:
        """The mirror sessions that stand: ours, or other people's."""
        found = self.ec2.describe_traffic_mirror_sessions()["TrafficMirrorSessions"]
        return [it for it in found if any(tag["Key"] == OURS for tag in it["Tags"]) == ours]

    def all_stand(self) -> bool:
        metrics = self.demo.metrics()
        wanted, standing = (metrics[f'vpc_mirror_sessions{{state="{state}"}}'] for state in ("wanted", "mirrored"))
        return 0 < wanted == standing

    def make_all(self) -> None:
        eventually("everything wanted is mirrored", self.all_stand, within=120)
        self.mirror_by_hand()
        self.launch_what_cannot_be_mirrored()
        self.cut_a_session_short()
        self.ask_for_too_much()
        self.opt_out()
        self.break_the_policy()
        self.fight()
        self.let_aws_fail()

    def mirror_by_hand(self) -> None:
        """Somebody mirrors a machine of his own, which nobody replaces."""
        launched = self.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
        (interface,) = launched["NetworkInterfaces"]
        source, subnet = interface["NetworkInterfaceId"], launched["SubnetId"]
        itself = {"InstanceIds": [launched["InstanceId"]], "Filters": [{"Name": "instance-state-name", "Values": ["running"]}]}
        eventually("it runs", lambda: self.ec2.describe_instances(**itself)["Reservations"])
        sink = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        target = self.ec2.create_traffic_mirror_target(NetworkInterfaceId=sink)["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
        empty = self.ec2.create_traffic_mirror_filter()["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
        ends = {"TrafficMirrorTargetId": target, "TrafficMirrorFilterId": empty}
        self.ec2.create_traffic_mirror_session(NetworkInterfaceId=source, SessionNumber=7, **ends)

    def launch_what_cannot_be_mirrored(self) -> None:
        """A crown jewel of a type that AWS does not mirror."""
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "mirror", "Value": "crown-jewel"}, {"Key": "role", "Value": "db"}]}]
        self.ec2.run_instances(ImageId=IMAGE, InstanceType="t2.micro", MinCount=1, MaxCount=1, TagSpecifications=tags)

    def ask_for_too_much(self) -> None:
        """The policy is for more than a target takes, and a limit for less than stands."""
        subnet = self.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        small = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        (balancer,) = re.findall(r"networkLoadBalancer: (\S+)", self.demo.policy.read_text())
        self.demo.follows(POLICY.format(balancer=balancer, interface=small, room=len(self.sessions()) + TAKEN))

    def opt_out(self) -> None:
        """Somebody hides a machine that may opt out."""
        hidden = eventually("somebody may opt out", self._may_opt_out)
        self.ec2.create_tags(Resources=[hidden], Tags=[{"Key": "mirror", "Value": "off"}])

    def _may_opt_out(self) -> str | None:
        of_apps = [{"Name": "tag:role", "Values": ["app"]}, {"Name": "instance-state-name", "Values": ["running"]}]
        found = self.ec2.describe_instances(Filters=of_apps)["Reservations"]
        every = [it for reservation in found for it in reservation["Instances"]]
        return next((it["InstanceId"] for it in every if "mirror" not in {tag["Key"] for tag in it["Tags"]}), None)

    def break_the_policy(self) -> None:
        """Somebody writes a policy that is none, and puts the good one back."""
        good = self.demo.policy.read_text()
        self.demo.policy.write_text("nonsense: 1\n")
        eventually("it is refused", lambda: self.demo.metrics()["vpc_mirror_policy_good"] == 0)
        self.demo.follows(good + "# As it was.\n")

    def let_aws_fail(self) -> None:
        """AWS throttles what is asked of load balancers and security groups, fails with tags, and denies one list."""
        fault = partial(control.ask, self.demo.cloud, "POST", "faults")
        fault({"effect": "denied", "actions": ["wafv2:ListWebACLs"]})
        throttled = {"code": "RequestLimitExceeded", "message": "Request limit exceeded.", "status": 503}
        fault({"effect": {"error": throttled}, "actions": ["elasticloadbalancing:*", "DescribeSecurityGroupRules", "DescribeSubnets"]})
        failed = {"code": "InternalError", "message": "try again", "status": 500}
        fault({"effect": {"error": failed}, "actions": ["tag:GetResources"], "turn": {"everyNth": 2}})
        eventually("a list is missing", lambda: any(value == 1 for name, value in self.demo.metrics().items() if "gaps" in name))

    def cut_a_session_short(self) -> None:
        """Somebody lets a session of ours send less of each packet; it is repaired."""
        session = self._lasting()["TrafficMirrorSessionId"]
        self.ec2.modify_traffic_mirror_session(TrafficMirrorSessionId=session, PacketLength=100)

        def whole() -> bool:
            (it,) = self.ec2.describe_traffic_mirror_sessions(TrafficMirrorSessionIds=[session])["TrafficMirrorSessions"]
            return it.get("PacketLength") != 100

        eventually("it is repaired", whole)

    def delete_some(self, count: int) -> None:
        """Somebody deletes sessions of ours; they come back."""
        gone = self.sessions()[:count]
        for it in gone:
            self.ec2.delete_traffic_mirror_session(TrafficMirrorSessionId=it["TrafficMirrorSessionId"])

    def fight(self) -> None:
        """Somebody deletes the session of an interface, whenever it is back, until it is given up."""
        interface = self._lasting()["NetworkInterfaceId"]

        def given_up() -> bool:
            for it in self.sessions():
                if it["NetworkInterfaceId"] == interface:
                    self.ec2.delete_traffic_mirror_session(TrafficMirrorSessionId=it["TrafficMirrorSessionId"])
            return self.demo.metrics()["vpc_mirror_fights"] > 0

        eventually("it is left alone", given_up, within=60)

    def _lasting(self) -> dict[str, Any]:
        """A session of ours, of a crown jewel that no auto scaling group replaces."""
        jewels = self.ec2.describe_instances(Filters=[{"Name": "tag:mirror", "Values": ["crown-jewel"]}])["Reservations"]
        every = [it for reservation in jewels for it in reservation["Instances"]]
        stays = [it for it in every if "aws:autoscaling:groupName" not in {tag["Key"] for tag in it["Tags"]}]
        interfaces = {interface["NetworkInterfaceId"] for it in stays for interface in it["NetworkInterfaces"]}
        return next(it for it in self.sessions() if it["NetworkInterfaceId"] in interfaces)
