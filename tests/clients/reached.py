"""Takes calls that were made, and what came of them; counts both, by action and outcome. Never makes a call."""

from collections import Counter

from botocore.client import BaseClient

import apis

OK = "OK"

# By client, action and outcome: the code of the error, or OK.
REACHED: Counter[tuple[str, str, str]] = Counter()


def note(client: str, action: str, outcome: str) -> None:
    """Counts a call."""
    REACHED[client, action, outcome] += 1


def listen(client: BaseClient) -> BaseClient:
    """The same client of boto3, whose calls are counted from now on."""

    def after_call(model, parsed, **_) -> None:
        action = apis.BEFORE[model.service_model.service_name] + model.name
        note("boto3", action, parsed.get("Error", {}).get("Code", OK))

    client.meta.events.register("after-call", after_call)
    return client


def actions(client: str, outcome: str = OK) -> set[str]:
    """The actions that had this outcome when this client called them."""
    return {action for by, action, came in REACHED if by == client and came == outcome}


def codes() -> set[str]:
    """The error codes that any client has got."""
    return {outcome for _, _, outcome in REACHED} - {OK}


def summary() -> list[str]:
    """What has been reached, in lines: how much of everything, then each code with the actions that had it."""
    pairs = {(action, outcome) for _, action, outcome in REACHED}
    lines = [
        f"{REACHED.total()} calls: {len({action for action, _ in pairs})} actions, {len(codes())} error codes, "
        f"{len(pairs)} pairs of an action and what came of it"
    ]
    for code in sorted(codes()):
        lines.append(f"  {code}: {', '.join(sorted(action for action, outcome in pairs if outcome == code))}")
    return lines
