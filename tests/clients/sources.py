"""Takes the simulator's sources; gives the actions that it answers and the error codes that it can answer them with.
Never keeps a list of its own: what is added there is asked for here the same day."""

import re
from functools import cache
from pathlib import Path

import apis

SIMULATOR = Path(__file__).parents[2] / "crates" / "sim" / "src"

# The variants of a request, and what the actions of that API begin with, if with anything.
VARIANTS = re.compile(r"^requests! \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
BEGINS = re.compile(r'concat!\("([a-z0-9]+:)", stringify!')

# An API of which there is a single action.
SINGLE = re.compile(r': Action = "([a-z]+:[A-Z]\w+)"')

# Where a code is said: the constructors of an error, and a switch that refuses.
SAID = re.compile(r'(?:ApiError::new|Self::new|Refused)\(\s*"([A-Z][A-Za-z.]+)"')

# What has the form of a code says that it is one, wherever it stands: in a table of codes, in a setting. A part of it
# may be put in from elsewhere: `{what}`.
ENDINGS = "NotFound|NoFound|InUse|LimitExceeded|AlreadyExists|Mismatch|Exception"
FORMED = re.compile(rf'"([A-Z][A-Za-z.{{}}]*(?:{ENDINGS}))"')

# An error in three parts: its code, its words, and the HTTP status.
IN_PARTS = re.compile(r'\(\s*"([A-Z][A-Za-z.]+)",\s*"[^"]*",\s*\d{3}\s*,?\s*\)')


def _texts() -> list[str]:
    """The sources, without those of its tests."""
    found = sorted(path for path in SIMULATOR.rglob("*.rs") if "tests" not in path.relative_to(SIMULATOR).parts)
    return [path.read_text() for path in found]


@cache
def actions() -> frozenset[str]:
    """The actions of the simulator, as IAM writes those of other APIs than EC2 and STS: `tag:GetResources`."""
    return frozenset(action for text in _texts() for action in _variants(text) + SINGLE.findall(text))


def _variants(text: str) -> list[str]:
    found, begins = VARIANTS.search(text), BEGINS.search(text)
    before = begins[1] if begins else ""
    return [before + name for name in re.findall(r"^    ([A-Z]\w+)", found[1], re.MULTILINE)] if found else []


@cache
def codes() -> frozenset[str]:
    """The error codes of the simulator; `*` where a part of one is put in from elsewhere."""
    found = (code for text in _texts() for form in (SAID, FORMED, IN_PARTS) for code in form.findall(text))
    return frozenset(re.sub(r"\{\w*\}", "*", code) for code in found) - _reasons()


def _reasons() -> set[str]:
    """What is formed like a code and is none: why DescribeTargetHealth finds a target not healthy."""
    return set(apis.service("elbv2").shape_for("TargetHealthReasonEnum").enum)
