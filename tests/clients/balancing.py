"""Takes a bench; gives load balancers with what belongs to them, made for one test. Never waits: where something takes
its time, time passes."""

import functools
import itertools
from dataclasses import dataclass

from bench import Bench

_numbers = itertools.count(1)

# How long a load balancer is provisioned, two good health checks of ours take, and a target drains.
PROVISIONED, CHECKED, DRAINED = "2m", "10s", "5m"

OFTEN = {"HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2}
MIRRORED = {"Protocol": "UDP", "Port": 4789}
WEB = {"Protocol": "HTTP", "Port": 80}


@dataclass(frozen=True)
class Balancing:
    """What calls of ELB are tried on."""

    bench: Bench
    api: object

    @functools.cached_property
    def subnets(self) -> list[str]:
        """The default subnets, one in each zone; first the one in which the machines of the bench are."""
        found = self.bench.api.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        ids = [subnet["SubnetId"] for subnet in found]
        return sorted(ids, key=lambda subnet: subnet != self.bench.machines[0].subnet)

    @functools.cached_property
    def vpc(self) -> str:
        """Where they are."""
        (subnet,) = self.bench.api.describe_subnets(SubnetIds=self.subnets[:1])["Subnets"]
        return subnet["VpcId"]

    def load_balancer(self, kind: str = "network", **changes) -> dict:
        """Makes a load balancer that stands in two zones, unless told otherwise."""
        usual = {"Name": name(), "Type": kind, "Scheme": "internal", "Subnets": self.subnets[:2]}
        (made,) = self.api.create_load_balancer(**usual | changes)["LoadBalancers"]
        return made

    def group(self, **changes) -> str:
        """Makes a group of instances that get mirrored packets, and are often checked."""
        usual = {"Name": name(), "VpcId": self.vpc, "HealthCheckProtocol": "TCP"} | MIRRORED | OFTEN
        (made,) = self.api.create_target_group(**usual | changes)["TargetGroups"]
        return made["TargetGroupArn"]

    def listener(self, load_balancer: str, group: str, **changes) -> str:
        """Makes a listener that hears mirrored packets and forwards them to a group."""
        wish = {"LoadBalancerArn": load_balancer, "DefaultActions": forward(group)} | MIRRORED | changes
        (made,) = self.api.create_listener(**wish)["Listeners"]
        return made["ListenerArn"]

    def web(self) -> tuple[str, str, str]:
        """Makes an Application Load Balancer with a listener and a group: the ARNs of the three."""
        balancer, group = self.load_balancer("application")["LoadBalancerArn"], self.group(**WEB)
        return balancer, self.listener(balancer, group, **WEB), group

    def register(self, group: str, *targets: str) -> None:
        """Registers targets."""
        self.api.register_targets(TargetGroupArn=group, Targets=[{"Id": target} for target in targets])

    def health(self, group: str, *targets: str) -> dict[str, tuple[str, str | None]]:
        """The state of each target, with the reason if it is not healthy: of all, unless some are named."""
        named = {"Targets": [{"Id": target} for target in targets]} if targets else {}
        found = self.api.describe_target_health(TargetGroupArn=group, **named)["TargetHealthDescriptions"]
        states = [(it["Target"]["Id"], it["TargetHealth"]) for it in found]
        return {target: (health["State"], health.get("Reason")) for target, health in states}


def name() -> str:
    """A name that nothing else has."""
    return f"ours-{next(_numbers)}"


def forward(*groups: str) -> list[dict]:
    """The actions of a rule that forwards to these groups."""
    if len(groups) == 1:
        return [{"Type": "forward", "TargetGroupArn": groups[0]}]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group} for group in groups]}}]
