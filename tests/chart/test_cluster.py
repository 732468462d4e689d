"""On a real API server the chart is installed, upgraded, rolled back and removed; what must outlive that does, and what must go is gone."""

import subprocess
from collections.abc import Iterator

import pytest

import api_server
from cluster import NAMED as DEPLOYMENT
from cluster import PATIENCE, Cluster, Release
from helm import Helm, case
from waiting import eventually

KEY = f"{DEPLOYMENT}-sample-key"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    assets = api_server.found()
    if not assets:
        pytest.skip(f"{api_server.MISSING}: nothing was installed on a real API server")
    with Cluster(assets, tmp_path_factory.mktemp("cluster")) as running:
        yield running


def test_the_sampling_key_outlives_upgrade_rollback_and_reinstallation(helm: Helm, cluster: Cluster) -> None:
    release = Release(cluster, helm.binary, f"kept-{helm.binary}", case("irsa"))
    notes = release.install()
    assert f"rollout status deploy/{DEPLOYMENT}" in notes and "keeps the Secret" in notes
    key = lambda: (release.get("secret", KEY) or {})["data"]["sample-key"]
    resync = lambda: next(
        it["value"] for it in (release.get("deployment", DEPLOYMENT) or {})["spec"]["template"]["spec"]["containers"][0]["env"]
        if it["name"] == "VPC_MIRROR_RESYNC"
    )  # fmt: skip
    first = key()
    release.upgrade("--set", "resync=5m")
    assert (resync(), key()) == ("5m", first)
    release.do("rollback", "mirroring", "1")
    assert (resync(), key()) == ("60s", first)

    release.do("uninstall", "mirroring")
    for kind, name in (("deployment", DEPLOYMENT), ("serviceaccount", DEPLOYMENT), ("role", DEPLOYMENT), ("configmap", f"{DEPLOYMENT}-policy")):
        assert release.get(kind, name) is None, kind
    assert key() == first
    release.install()
    assert key() == first, "and so the same interfaces are sampled"


def test_the_service_account_may_elect_by_its_lease_and_by_no_other(helm: Helm, cluster: Cluster) -> None:
    release = Release(cluster, helm.binary, f"rights-{helm.binary}", case("irsa"))
    release.install()
    assert all(release.may(verb, f"leases.coordination.k8s.io/{DEPLOYMENT}") for verb in ("get", "update"))
    assert release.may("create", "leases.coordination.k8s.io")
    refused = [("update", "leases.coordination.k8s.io/another"), ("delete", f"leases.coordination.k8s.io/{DEPLOYMENT}"),
               ("list", "leases.coordination.k8s.io"), ("get", f"secrets/{KEY}"), ("get", "pods"), ("list", "events")]  # fmt: skip
    assert [it for it in refused if release.may(*it)] == []


def test_a_teardown_begins_when_the_deployment_is_gone_and_leaves_nothing_of_its_own(helm: Helm, cluster: Cluster) -> None:
    release = Release(cluster, helm.binary, f"removed-{helm.binary}", case("irsa"))
    release.install("--set", "uninstall.keepSessions=false")
    job = f"{DEPLOYMENT}-teardown"
    assert release.get("job", job) is None
    going = subprocess.Popen(
        release.command("uninstall", "mirroring"), env=cluster.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        eventually("the teardown's Job is made", lambda: release.get("job", job) is not None, within=PATIENCE)
        assert release.get("deployment", DEPLOYMENT) is None and going.poll() is None
        account, policy = release.get("serviceaccount", DEPLOYMENT), release.get("configmap", f"{DEPLOYMENT}-policy")
        assert account and "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]
        assert policy and release.get("secret", KEY), "what the Job mounts"
        # There is no controller that would run it: it is said to have succeeded.
        done = '{"status": {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}}'
        patch = ["kubectl", "--namespace", release.namespace, "patch", "job", job, "--subresource=status", "--type=merge", "--patch", done]
        patched = cluster.run(*patch)
        assert patched.returncode == 0, patched.stderr
        said, _ = going.communicate(timeout=60)
        assert going.returncode == 0, said
    finally:
        going.kill()
    for kind, name in (("job", job), ("serviceaccount", DEPLOYMENT), ("configmap", f"{DEPLOYMENT}-policy")):
        eventually(f"the {kind} is gone", lambda kind=kind, name=name: release.get(kind, name) is None, within=PATIENCE)
