"""Takes nothing; gives the calls of Traffic Mirroring with what AWS asks permission for: those of the daemon, on what is its own, and the
same on what is a stranger's.

Source: "Actions, resources, and condition keys for Amazon EC2", Service Authorization Reference; of tags at creation: "Grant permission to
tag Amazon EC2 resources during creation", Amazon EC2 User Guide."""

from iam import Need
from places import ACCOUNT, OWNER

OURS = {"vpc-mirror/owner": OWNER, "vpc-mirror/key": "sta", "vpc-mirror/proof": "0123"}
THEIRS = {"team": "red"}

READS = ["Sessions", "Filters", "FilterRules", "Targets"]


def arn(kind: str, name: str = "0123456789abcdef0") -> str:
    return f"arn:aws:ec2:eu-west-1:{ACCOUNT}:{kind}/{name}"


def requested(tags: dict[str, str] | None) -> dict[str, list[str]]:
    """What is known of the tags in a request."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": [value] for key, value in tags.items()} | {"aws:TagKeys": list(tags)}


def standing(tags: dict[str, str] | None) -> dict[str, list[str]]:
    """What is known of the tags of what is there."""
    return {f"aws:ResourceTag/{key}": [value] for key, value in (tags or {}).items()}


def made(kind: str, tags: dict[str, str] | None, *others: Need) -> list[Need]:
    """What making something needs, and tagging it with that."""
    action = "CreateTrafficMirror" + {"session": "Session", "filter": "Filter", "target": "Target", "filter-rule": "FilterRule"}[kind]
    thing = arn(f"traffic-mirror-{kind}", "*")
    tagging = [Need("ec2:CreateTags", thing, requested(tags) | {"ec2:CreateAction": [action]})] if tags else []
    return [Need(f"ec2:{action}", thing, requested(tags)), *others, *tagging]


def on(action: str, kind: str, tags: dict[str, str] | None, **keys: list[str]) -> Need:
    return Need(f"ec2:{action}", arn(f"traffic-mirror-{kind}"), standing(tags) | keys)


def session(tags: dict | None, through: dict | None, to: dict | None) -> list[Need]:
    """A session with these tags, through a filter and to a target with those."""
    action = "CreateTrafficMirrorSession"
    interface = Need(f"ec2:{action}", arn("network-interface"), {"ec2:Vpc": [arn("vpc")]})
    return made("session", tags, interface, on(action, "filter", through), on(action, "target", to))


def rule(action: str, tags: dict | None) -> list[Need]:
    """What is done with a rule of a filter with these tags."""
    name = f"{action}TrafficMirrorFilterRule"
    return [on(name, "filter", tags), on(name, "filter-rule", None)]


def writes(tags: dict | None) -> dict[str, list[Need]]:
    """What the daemon does, on things with these tags."""
    modify = "ModifyTrafficMirrorSession"
    return {
        "makes a filter": made("filter", tags),
        "makes a target": made("target", tags),
        "makes a session": session(tags, tags, tags),
        "makes a rule": rule("Create", tags),
        "deletes a rule": rule("Delete", tags),
        "switches a filter's services": [on("ModifyTrafficMirrorFilterNetworkServices", "filter", tags)],
        "changes how long a session's packets are": [on(modify, "session", tags)],
        "gives a session another filter": [on(modify, "session", tags), on(modify, "filter", tags)],
        "gives a session another target": [on(modify, "session", tags), on(modify, "target", tags)],
        "deletes a session": [on("DeleteTrafficMirrorSession", "session", tags)],
        "deletes a filter": [on("DeleteTrafficMirrorFilter", "filter", tags)],
        "deletes a target": [on("DeleteTrafficMirrorTarget", "target", tags)],
    }


def others() -> dict[str, list[Need]]:
    """What the daemon never does, and a stranger could do to what is ours."""
    taken = {"aws:TagKeys": ["vpc-mirror/owner"]}
    name = {"Name": "x"}
    found = {
        "changes a rule": rule("Modify", OURS),
        "sends a session of his own to our target": session(THEIRS, THEIRS, OURS),
        "sends a session of his own through our filter": session(THEIRS, OURS, THEIRS),
        "turns a session of his own to our target": [
            on("ModifyTrafficMirrorSession", "session", THEIRS), on("ModifyTrafficMirrorSession", "target", OURS)
        ],
    }
    for kind in ("session", "filter", "target"):
        thing = arn(f"traffic-mirror-{kind}")
        tag = lambda action, tags, wish: [Need(f"ec2:{action}", thing, standing(tags) | wish)]  # noqa: E731
        found |= {
            f"takes the owner's tag from a {kind}": tag("DeleteTags", OURS, taken),
            # Without a key all go, and aws:TagKeys is not there.
            f"takes all tags from a {kind}": tag("DeleteTags", OURS, {}),
            f"renames the owner of a {kind}": tag("CreateTags", OURS, requested({"vpc-mirror/owner": "mine"})),
            f"names a {kind} of ours": tag("CreateTags", OURS, requested(name)),
            f"puts our tags on a {kind} of his": tag("CreateTags", THEIRS, requested(OURS)),
            f"puts the owner's tag alone on a {kind} of his": tag("CreateTags", None, requested({"vpc-mirror/owner": OWNER})),
            f"makes a {kind} in our name": session(OURS, None, None) if kind == "session" else made(kind, OURS),
        }
    found["makes a rule in our name"] = [*made("filter-rule", {"vpc-mirror/owner": OWNER}), on("CreateTrafficMirrorFilterRule", "filter", THEIRS)]
    return found


def reads() -> dict[str, list[Need]]:
    return {f"lists {kind}": [Need(f"ec2:DescribeTrafficMirror{kind}", "*")] for kind in READS}


def unrelated() -> dict[str, list[Need]]:
    """What everybody does all day."""
    instance, interface = arn("instance"), arn("network-interface")
    role = f"arn:aws:iam::{ACCOUNT}:role/web"
    plain = {
        "ec2:DescribeInstances": "*", "ec2:DescribeNetworkInterfaces": "*", "ec2:DescribeTags": "*", "ec2:TerminateInstances": instance,
        "ec2:CreateTags": instance, "ec2:DeleteTags": interface, "ec2:CreateNetworkInterface": arn("network-interface", "*"),
        "ec2:DeleteNetworkInterface": interface, "s3:GetObject": "arn:aws:s3:::logs/x", "iam:PassRole": role, "iam:CreateRole": role,
        "iam:PutRolePolicy": role, "iam:CreatePolicyVersion": f"arn:aws:iam::{ACCOUNT}:policy/web",
    }
    found = {f"{action} on {resource}": [Need(action, resource)] for action, resource in plain.items()}
    found["tags his instance mirror=off"] = [Need("ec2:CreateTags", instance, requested({"mirror": "off"}))]
    return found
