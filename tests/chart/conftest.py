"""Gives each test both Helms, one after the other: who uses EKS is still on 3."""

import pytest

from helm import Helm


@pytest.fixture(params=["helm-3", "helm-4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    return Helm(request.param)


@pytest.fixture
def one_helm() -> Helm:
    """One of them, for what the other would only show again: `test_both_helms_make_the_same` holds that."""
    return Helm("helm-3")
