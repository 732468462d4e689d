"""Takes a CloudFormation template and parameters; gives what CloudFormation would make of them. Never asks AWS."""

import functools
import json
from pathlib import Path

import yaml

from places import ACCOUNT

PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "eu-west-1", "AWS::URLSuffix": "amazonaws.com"}
NOTHING = object()


class Loader(yaml.SafeLoader):
    """YAML, with CloudFormation's short forms as the long ones."""


def _long(loader: Loader, suffix: str, node: yaml.Node) -> dict:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".", 1) if suffix == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _long)


@functools.cache
def load(path: Path | str) -> dict:
    """A template as it is written. Nobody changes it."""
    text = path.read_text() if isinstance(path, Path) else path
    return yaml.load(text, Loader)


class Stack:
    """A template with values for its parameters. What is not given has its default."""

    def __init__(self, template: dict, **given: object):
        self.template, self.values = template, dict(PSEUDO)
        for name, parameter in template["Parameters"].items():
            value = given.pop(name, parameter.get("Default", NOTHING))
            assert value is not NOTHING, f"{name} has no value"
            if parameter["Type"] == "CommaDelimitedList":
                value = value.split(",") if isinstance(value, str) else value
            self.values[name] = value
        assert not given, f"no such parameters: {given}"

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        return self.fill(self.template["Conditions"][condition])

    def resources(self, kind: str | None = None) -> dict[str, dict]:
        """The resources that are made, by name, with their properties."""
        made = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if kind in (None, resource["Type"]) and ("Condition" not in resource or self.holds(resource["Condition"]))
        }
        return {name: self.fill(resource.get("Properties", {})) for name, resource in made.items()}

    def resource(self, kind: str) -> dict:
        """The properties of the only one of a kind."""
        (properties,) = self.resources(kind).values()
        return properties

    def complaints(self) -> list[str]:
        """What the rules of the template say of the values."""
        found = []
        for rule in self.template.get("Rules", {}).values():
            if self.fill(rule["RuleCondition"]):
                found += [it["AssertDescription"] for it in rule["Assertions"] if not self.fill(it["Assert"])]
        return found

    def fill(self, value: object) -> object:
        """A value without functions."""
        if isinstance(value, list):
            return [it for it in map(self.fill, value) if it is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, of), = value.items()
            if function == "Ref":
                return NOTHING if of == "AWS::NoValue" else self.values.get(of, f"<{of}>")
            if function == "Condition" and isinstance(of, str):
                return self.holds(of)
            if function.startswith("Fn::"):
                return getattr(self, "_" + function[4:].lower())(of)
        return {key: it for key, it in ((key, self.fill(it)) for key, it in value.items()) if it is not NOTHING}

    def _if(self, of: list) -> object:
        condition, then, otherwise = of
        return self.fill(then if self.holds(condition) else otherwise)

    def _equals(self, of: list) -> bool:
        left, right = self.fill(of)
        return left == right

    def _not(self, of: list) -> bool:
        (it,) = self.fill(of)
        return not it

    def _and(self, of: list) -> bool:
        return all(self.fill(of))

    def _join(self, of: list) -> str:
        between, parts = self.fill(of)
        return between.join(parts)

    def _split(self, of: list) -> list[str]:
        between, text = self.fill(of)
        return text.split(between)

    def _select(self, of: list) -> object:
        index, among = self.fill(of)
        return among[int(index)]

    def _getatt(self, of: list) -> str:
        return f"<{'.'.join(of)}>"

    def _sub(self, of: str | list) -> str:
        text, more = (of, {}) if isinstance(of, str) else of
        for name, value in {**self.values, **self.fill(more)}.items():
            if isinstance(value, str):
                text = text.replace(f"${{{name}}}", value)
        assert "${" not in text, text
        return text


def document(value: object) -> dict:
    """An IAM document, which CloudFormation takes as text, too."""
    return json.loads(value) if isinstance(value, str) else value
