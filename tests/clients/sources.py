"""Takes the simulator's sources; gives the actions that it answers and the error codes that it can answer them with.
Never keeps a list of its own: what is added there is asked for here the same day."""

import re
from functools import cache
from pathlib import Path

SIMULATOR = Path(__file__).parents[2] / "crates" / "sim" / "src"

# Where a code is said: the constructors of an error, and a switch that refuses.
SAID = re.compile(r'(?:ApiError::new|Self::new|Refused)\(\s*"([A-Z][A-Za-z.]+)"')

# What has the form of a code says that it is one, wherever it stands: in a table of codes, in a setting. A part of it
# may be put in from elsewhere: `{what}`.
ENDINGS = "NotFound|NoFound|NotFoundException|InUse|InUseException|LimitExceeded|AlreadyExists|Mismatch"
FORMED = re.compile(rf'"([A-Z][A-Za-z.{{}}]*(?:{ENDINGS}))"')

# An error in three parts: its code, its words, and the HTTP status.
IN_PARTS = re.compile(r'\(\s*"([A-Z][A-Za-z.]+)",\s*"[^"]*",\s*\d{3}\s*,?\s*\)')


def _texts() -> list[str]:
    """The sources, without those of its tests."""
    found = sorted(path for path in SIMULATOR.rglob("*.rs") if "tests" not in path.relative_to(SIMULATOR).parts)
    return [path.read_text() for path in found]


@cache
def actions() -> frozenset[str]:
    """The actions of the simulator: the variants of its request."""
    text = (SIMULATOR / "request.rs").read_text()
    (variants,) = re.findall(r"^requests! \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    return frozenset(re.findall(r"^    ([A-Z]\w+)", variants, re.MULTILINE))


@cache
def codes() -> frozenset[str]:
    """The error codes of the simulator; `*` where a part of one is put in from elsewhere."""
    found = (code for text in _texts() for form in (SAID, FORMED, IN_PARTS) for code in form.findall(text))
    return frozenset(re.sub(r"\{\w*\}", "*", code) for code in found)
