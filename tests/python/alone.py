"""Takes nothing; gives tests an environment in which nothing of the caller's is left."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def forgotten(home: Path) -> Iterator[pytest.MonkeyPatch]:
    """Forgets the caller's environment: a profile, a proxy or a log level in it would change what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - {"PATH"}:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("LC_ALL", "C.UTF-8")
        yield patch
