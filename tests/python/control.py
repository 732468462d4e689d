"""Takes the address of an embedded cloud and a wish; tells it to the control endpoint there. Never makes a call of an
API of AWS's."""

import json
import urllib.request


def ask(cloud: str, method: str, path: str, wish: object = None) -> dict:
    """What the control endpoint answers."""
    body = None if wish is None else json.dumps(wish).encode()
    request = urllib.request.Request(f"{cloud}/_sim/{path}", body, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def judge(cloud: str, interface: str, direction: str) -> dict:
    """Which session mirrors a packet between an interface and a peer far away, with its target; or why none does. What
    comes in is an answer, so that no security group keeps it out."""
    ours, peer = "10.0.0.4", "192.0.2.7"
    source, destination = (peer, ours) if direction == "ingress" else (ours, peer)
    ends = {"source": source, "destination": destination, "sourcePort": 443, "destinationPort": 443}
    packet = {"interface": interface, "direction": direction, "answers": direction == "ingress"}
    return ask(cloud, "POST", "packet", packet | {"content": {"ip": {"protocol": 6} | ends}})
