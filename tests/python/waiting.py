"""Takes a question; asks it again and again until the answer is yes, or the time is up. Never waits for nothing."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Far longer than anything here takes on an idle machine: what is slow is not what is tested.
PATIENCE = 30.0


def eventually(what: str, ask: Callable[[], T], within: float = PATIENCE, every: float = 0.2) -> T:
    """The first answer of `ask` that is true as `if` sees it; an error that says `what` after `within` seconds. Between
    two questions `every` seconds pass."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}; the last answer is {answer!r}")
        time.sleep(every)
