"""Takes the name of a Lease; gives the rules of the Role that the chart makes for it, for whoever runs the daemon without the chart."""

Rule = dict[str, list[str]]

OF_EVENTS: Rule = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]}


def of_the_lease(name: str) -> list[Rule]:
    """What electing by it takes."""
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    return [leases | {"resourceNames": [name], "verbs": ["get", "update"]}, leases | {"verbs": ["create"]}]


def of_the_daemon(lease: str) -> list[Rule]:
    """All of them."""
    return [*of_the_lease(lease), OF_EVENTS]
