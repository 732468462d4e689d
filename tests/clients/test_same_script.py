"""Two clouds that different people wrote, asked the same: where their answers differ, a file says so, with the reason
why ours says what it does, and its source. A difference that nobody has looked at fails, and one that is listed and
gone."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from other_cloud import Moto
from same_script import Script, ran
from simulator import Simulator

FILE = Path(__file__).with_name("differences.toml")


def listed() -> list[dict]:
    """The entries of the file: one for each field, where it names several."""
    found = []
    for entry in tomllib.loads(FILE.read_text())["difference"]:
        fields = entry.get("field", "*")
        found.extend(entry | {"field": field} for field in ([fields] if isinstance(fields, str) else fields))
    return found


LISTED = listed()

ABSENT = "absent"


class Difference(NamedTuple):
    """A field of an answer, or how a call ended, and its form in both clouds."""

    call: str
    field: str
    ours: str
    moto: str

    def is_like(self, entry: dict) -> bool:
        """Whether an entry of the file is about this."""
        parts = {"call": self.call, "field": self.field, "ours": self.ours, "moto": self.moto}
        return all(fnmatchcase(part, entry.get(name, "*").replace("[", "[[]")) for name, part in parts.items())


def differences(ours: Script, theirs: Script):
    """What came otherwise there than here. Where only one cloud answered, its fields say nothing about the other."""
    for call, came in ours.came.items():
        other = theirs.came[call]
        if came[""] != other[""]:
            yield Difference(call, "outcome", came[""], other[""])
            continue
        for path in sorted(came.keys() | other.keys()):
            here, there = came.get(path, ABSENT), other.get(path, ABSENT)
            if here != there:
                yield Difference(call, path, here, there)


@pytest.fixture(scope="module")
def found(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> list[Difference]:
    with Moto(tmp_path_factory.mktemp("moto")) as moto:
        theirs = ran(moto.client(), lambda: None)
    return list(differences(ran(simulator.client(), simulator.passes), theirs))


def test_every_difference_is_listed_with_its_reason(found: list[Difference]):
    unlisted = [difference for difference in found if not any(difference.is_like(entry) for entry in LISTED)]
    assert unlisted == []


def test_every_listed_difference_is_one(found: list[Difference]):
    gone = [entry for entry in LISTED if not any(difference.is_like(entry) for difference in found)]
    assert gone == []


def test_every_listed_difference_has_a_reason_and_a_source():
    assert [entry for entry in LISTED if not (entry.get("why") and entry.get("source"))] == []
