"""Takes an event pattern and an event; says whether EventBridge matches them. Never guesses: an operator that it does not know is an error.

Source: "Creating Amazon EventBridge event patterns", "Comparison operators for use in event patterns", EventBridge User Guide."""

from iam import like

ABSENT = object()


def _value(wanted: object, value: object) -> bool:
    """Whether one thing that a pattern asks for fits one value, or the absence of any."""
    if not isinstance(wanted, dict):
        return wanted == value
    ((operator, of),) = wanted.items()
    if operator == "exists":
        return (value is not ABSENT) == of
    if value is ABSENT:
        return False
    if operator == "anything-but":
        return value not in of if isinstance(of, list) else value != of
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(of)
    if operator == "wildcard":
        assert "?" not in of
        return isinstance(value, str) and like(of, value)
    raise AssertionError(f"unknown operator {operator}")


def matches(pattern: dict, event: object) -> bool:
    """Every field of the pattern; in an event, of the things in a list one is enough."""
    if isinstance(event, list):
        return any(matches(pattern, it) for it in event)
    event = event if isinstance(event, dict) else {}
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(it, event) for it in wanted):
                return False
            continue
        value = event.get(name, ABSENT)
        if isinstance(wanted, dict):
            if not matches(wanted, {} if value is ABSENT else value):
                return False
        elif not any(_value(one, it) for one in wanted for it in (value if isinstance(value, list) else [value])):
            return False
    return True
