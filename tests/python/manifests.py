"""Takes what a Helm prints; gives the objects in it, and the pods that they make. A second key of one mapping is a mistake, and not the last
word as YAML has it: an API server refuses it, or quietly drops one."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Object = dict[str, Any]


class _Strict(yaml.CSafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} twice"
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Manifests:
    """Objects, in the order in which they were printed."""

    objects: list[Object]

    @classmethod
    def parse(cls, text: str) -> "Manifests":
        return cls([it for it in yaml.load_all(text, _Strict) if it])

    def __iter__(self) -> Iterator[Object]:
        return iter(self.objects)

    def all(self, kind: str) -> list[Object]:
        return [it for it in self.objects if it["kind"] == kind]

    def the(self, kind: str, ends: str = "") -> Object:
        """The only one of that kind, of those whose name ends so, hooks aside."""
        whole = [it for it in self.all(kind) if "helm.sh/hook" not in it["metadata"].get("annotations", {})]
        (found,) = [it for it in whole if it["metadata"]["name"].endswith(ends)]
        return found

    def hook(self, kind: str, hook: str) -> Object:
        (found,) = [it for it in self.all(kind) if it["metadata"].get("annotations", {}).get("helm.sh/hook") == hook]
        return found

    def without_chance(self) -> list[Object]:
        """All of them, but for the key that is drawn each time."""
        return [{k: v for k, v in it.items() if k != "data"} if it["kind"] == "Secret" else it for it in self.objects]

    def pods(self) -> list[tuple[str, Object]]:
        """What makes pods, by name, and the specification of those."""
        named = lambda it: f"{it['kind']} {it['metadata']['name']}"
        templates = [(named(it), it["spec"]["template"]["spec"]) for it in self.objects if "template" in it.get("spec", {})]
        return templates + [(named(it), it["spec"]) for it in self.all("Pod")]

    def daemon(self) -> Object:
        """The container that the daemon runs in."""
        return next(it for it in self.the("Deployment")["spec"]["template"]["spec"]["containers"] if it["name"] == "vpc-mirror")


def containers(pod: Object) -> list[Object]:
    return pod.get("initContainers", []) + pod["containers"]


def environment(container: Object) -> dict[str, str]:
    names = [it["name"] for it in container["env"]]
    assert len(names) == len(set(names)), f"twice in {names}"
    return {it["name"]: it["value"] for it in container["env"]}
