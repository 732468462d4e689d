"""Takes IAM documents and what a call needs; says whether it is allowed, as "Policy evaluation logic", IAM User Guide, has it. Never guesses:
an operator or an element that it does not know is an error."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """To do this with that, where this is known."""

    action: str
    resource: str
    keys: dict[str, list[str]] = field(default_factory=dict)


def like(pattern: str, text: str, *, caseless: bool = False) -> bool:
    """Whether a text fits a pattern with `*` and `?`."""
    expression = "".join({"*": ".*", "?": "."}.get(it, re.escape(it)) for it in pattern)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if caseless else 0)) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Each of the six parts of an ARN for itself."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) and all(like(*both) for both in zip(patterns, parts))


TESTS = {"StringEquals": lambda wanted, value: wanted == value, "StringLike": like, "ArnLike": arn_like, "ArnEquals": arn_like}


def several(value: object) -> list:
    return value if isinstance(value, list) else [value]


def holds(operator: str, key: str, wanted: object, known: dict[str, list[str]]) -> bool:
    """Whether a condition holds. Condition keys have no case."""
    values = {name.lower(): it for name, it in known.items()}.get(key.lower(), [])
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        name = name.removesuffix("IfExists")
        if not values:
            return True
    negated = "Not" in name
    test = TESTS[name.replace("Not", "")]
    fits = [any(test(it, value) for it in several(wanted)) != negated for value in values]
    if quantifier == "ForAllValues":
        return all(fits)
    if quantifier == "ForAnyValue":
        return any(fits)
    assert not quantifier and len(values) <= 1, (operator, key, values)
    return fits[0] if fits else negated


def applies(statement: dict, need: Need) -> bool:
    """Whether a statement is about this."""
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}, statement
    if not any(like(it, need.action, caseless=True) for it in several(statement["Action"])):
        return False
    # A statement about everything is about what has no resource of its own; one about ARNs is not.
    if not any(it == "*" or (need.resource != "*" and arn_like(it, need.resource)) for it in several(statement["Resource"])):
        return False
    conditions = statement.get("Condition", {})
    return all(holds(it, key, wanted, need.keys) for it, keys in conditions.items() for key, wanted in keys.items())


def effects(documents: list[dict], need: Need) -> set[str]:
    """What they say of it: Allow, Deny, both or nothing."""
    return {it["Effect"] for document in documents for it in document["Statement"] if applies(it, need)}


def denied(control: dict, principal: str, needs: list[Need]) -> bool:
    """Whether a service control policy denies it to a principal, whatever is granted there."""
    known = [Need(it.action, it.resource, {**it.keys, "aws:PrincipalArn": [principal]}) for it in needs]
    return any("Deny" in effects([control], need) for need in known)


def allowed(documents: list[dict], needs: list[Need]) -> bool:
    """Whether documents of a principal allow all of it."""
    return all(effects(documents, need) == {"Allow"} for need in needs)
