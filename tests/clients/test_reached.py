"""What all tests together have reached of the simulator. They run after all others."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import apis
import reached
import sources

# These two look back at all the others.
pytestmark = pytest.mark.looks_back

UNREACHED = tomllib.loads(Path(__file__).with_name("unreached.toml").read_text())


# An API whose actions are no longer found in the sources would be an API that nobody has to call.
def test_every_api_of_the_simulator_has_actions():
    assert {apis.client_of(action) for action in sources.actions()} == set(apis.BEFORE)


@pytest.mark.parametrize("client", ["boto3", "cli"])
def test_every_action_of_the_simulator_has_been_called(client: str):
    listed = {action for group in UNREACHED.values() for action in group.get("actions", [])}
    assert sources.actions() - reached.actions(client) == listed, "not listed, or listed and called all the same"


def test_every_error_code_of_the_simulator_has_been_got_or_is_listed_with_its_reason():
    listed = {code for group in UNREACHED.values() for code in group.get("codes", [])}
    unreached = {code for code in sources.codes() if not any(fnmatchcase(got, code) for got in reached.codes())}
    assert listed - sources.codes() == set(), "listed, and the simulator does not have it"
    assert listed - unreached == set(), "listed, and a client has got it"
    assert unreached - listed == set(), "not listed, and no client has got it"
