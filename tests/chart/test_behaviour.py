"""What the chart makes fits together, and fits the daemon: who elects by which Lease, what is followed while it runs, who may be reached."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import CASES, CHART, Helm, case
from manifests import Object, containers, environment
from rights import of_the_daemon

EACH_CASE = pytest.mark.parametrize("values", CASES, ids=lambda it: it.stem.removesuffix("-values"))


def chooses(selector: Object, labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.parametrize("named", [{}, {"leaderElection": {"leaseName": "prod-mirror"}}, {"fullnameOverride": "mirror"}], ids=str)
def test_the_lease_that_the_role_grants_is_the_one_that_the_daemon_elects_by(helm: Helm, named: dict[str, Any]) -> None:
    made = helm.render(case("irsa"), named)
    assert made.the("Role")["rules"] == of_the_daemon(environment(made.daemon())["VPC_MIRROR_LEASE_NAME"])


@EACH_CASE
def test_the_role_grants_a_lease_and_events_in_its_own_namespace_and_nothing_else(one_helm: Helm, values: Path) -> None:
    made = one_helm.render(values)
    granted = {resource for role in made.all("Role") for rule in role["rules"] for resource in rule["resources"]}
    assert granted <= {"leases", "events"}
    assert not made.all("ClusterRole") and not made.all("ClusterRoleBinding")
    for binding in made.all("RoleBinding"):
        (_, daemon), *_ = made.pods()
        assert [it["name"] for it in binding["subjects"]] == [daemon["serviceAccountName"]]
        assert binding["roleRef"]["name"] == made.the("Role")["metadata"]["name"]


def test_one_that_elects_nobody_has_no_rights_and_no_lease(one_helm: Helm) -> None:
    made = one_helm.render(case("single"))
    said = environment(made.daemon())
    assert said["VPC_MIRROR_LEADER_ELECTION"] == "off" and "VPC_MIRROR_LEASE_NAME" not in said
    assert not made.all("Role") and not made.all("PodDisruptionBudget")


@EACH_CASE
def test_the_policy_is_mounted_as_a_folder_that_follows_its_config_map(one_helm: Helm, values: Path) -> None:
    """By subPath a changed policy would never arrive."""
    for name, pod in one_helm.render(values).pods():
        for container in containers(pod):
            mounts = {it["name"]: it for it in container["volumeMounts"]}
            assert not any("subPath" in it or "subPathExpr" in it for it in mounts.values()), name
            policy = environment(container)["VPC_MIRROR_POLICY"]
            (volume,) = [it for it in pod["volumes"] if it["name"] == "policy"]
            assert f"{mounts['policy']['mountPath']}/{volume['configMap']['items'][0]['path']}" == policy, name


def test_a_changed_policy_replaces_no_pod_unless_it_is_for_another_owner(one_helm: Helm) -> None:
    policy = yaml.safe_load(case("irsa").read_text())["policy"]
    template = lambda text: one_helm.render(case("irsa"), {"policy": text}).the("Deployment")["spec"]["template"]
    assert template(policy) == template(policy + "paused: true\n")
    assert template(policy) != template(policy.replace("owner: prod", "owner: staging")), "whom a running daemon does not take"


def test_another_version_of_the_chart_alone_replaces_no_pod(one_helm: Helm, tmp_path: Path) -> None:
    later = shutil.copytree(CHART, tmp_path / "vpc-mirror")
    chart = later / "Chart.yaml"
    chart.write_text(chart.read_text().replace("version: 0.1.0", "version: 0.1.1", 1))
    now, then = (one_helm.render(case("irsa"), chart=it).the("Deployment") for it in (CHART, later))
    assert now["metadata"] != then["metadata"] and now["spec"] == then["spec"]


def test_the_policy_arrives_byte_for_byte(helm: Helm) -> None:
    """Numbers too: Helm would print a VNI of seven digits as 4.242424e+06."""
    policy = "# Ours.\napiVersion: vpc-mirror/v1\nkind: Policy\nowner: 'prod'\nsensors: {sta: {vni: 4242424, targets: []}}\nodd: \"{{ . }}\\t\"\n"
    assert helm.render(case("irsa"), {"policy": policy}).the("ConfigMap", "-policy")["data"] == {"policy.yaml": policy}


@EACH_CASE
def test_the_service_finds_the_daemon_and_neither_the_test_nor_the_teardown(one_helm: Helm, values: Path) -> None:
    made = one_helm.render(values)
    service, daemon = made.the("Service"), made.the("Deployment")["spec"]
    assert chooses(service["spec"]["selector"], daemon["template"]["metadata"]["labels"])
    assert daemon["selector"]["matchLabels"] == service["spec"]["selector"]
    others = [made.hook("Pod", "test")] + [it["spec"]["template"] for it in made.all("Job")]
    assert not any(chooses(service["spec"]["selector"], it["metadata"]["labels"]) for it in others)
    ports = {it["name"] for it in made.daemon()["ports"]}
    assert {it["targetPort"] for it in service["spec"]["ports"]} == ports
    for monitor in made.all("ServiceMonitor"):
        assert chooses(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
        assert {it["port"] for it in monitor["spec"]["endpoints"]} == {it["name"] for it in service["spec"]["ports"]}
    for budget in made.all("PodDisruptionBudget"):
        assert budget["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]


@EACH_CASE
def test_the_daemon_listens_where_probes_and_scrapes_come_from(one_helm: Helm, values: Path) -> None:
    daemon = one_helm.render(values).daemon()
    (port,) = daemon["ports"]
    address, _, listens = environment(daemon)["VPC_MIRROR_LISTEN"].rpartition(":")
    assert (address, int(listens)) in {("0.0.0.0", port["containerPort"]), ("[::]", port["containerPort"])}
    probes = {daemon[it]["httpGet"]["path"]: daemon[it]["httpGet"]["port"] for it in ("livenessProbe", "readinessProbe")}
    assert probes == {"/livez": port["name"], "/readyz": port["name"]}


@EACH_CASE
def test_no_pod_is_told_of_services_in_variables_that_look_like_settings(one_helm: Helm, values: Path) -> None:
    """A Service named vpc-mirror would set VPC_MIRROR_PORT."""
    assert all(pod["enableServiceLinks"] is False for _, pod in one_helm.render(values).pods())


def test_a_new_pod_has_read_everything_before_an_old_one_goes(one_helm: Helm) -> None:
    strategy = one_helm.render(case("irsa")).the("Deployment")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_pods_that_are_to_end_first_are_not_told_how_to_roll(one_helm: Helm) -> None:
    """The API server refuses both at once, and the chart's own rollingUpdate is still among the values."""
    strategy = one_helm.render(case("irsa"), {"strategy": {"type": "Recreate"}}).the("Deployment")["spec"]["strategy"]
    assert strategy == {"type": "Recreate"}


def test_the_pods_are_spread_over_zones_and_nodes_by_their_own_labels(one_helm: Helm) -> None:
    made = one_helm.render(case("irsa")).the("Deployment")["spec"]
    spread = made["template"]["spec"]["topologySpreadConstraints"]
    assert [it["topologyKey"] for it in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert all(it["labelSelector"] == made["selector"] for it in spread)
    own = one_helm.render(case("everything")).the("Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert own[1]["labelSelector"] == {"matchLabels": {"team": "security"}}, "which somebody gave"


def test_without_instance_metadata_a_pod_cannot_act_as_its_node(one_helm: Helm) -> None:
    for values, allowed in (("irsa", False), ("everything", True)):
        made = one_helm.render(case(values), {"networkPolicy": {"enabled": True}})
        blocks = {to["ipBlock"]["cidr"] for rule in made.the("NetworkPolicy")["spec"]["egress"] for to in rule.get("to", []) if "ipBlock" in to}
        assert (environment(made.daemon()).get("AWS_EC2_METADATA_DISABLED") == "true") is not allowed
        assert ("169.254.169.254/32" in blocks) is allowed


def test_the_network_policy_lets_out_to_names_aws_and_the_agent_and_in_to_metrics(one_helm: Helm) -> None:
    made = one_helm.render(case("pod-identity"))
    policy = made.the("NetworkPolicy")["spec"]
    assert all(chooses(policy["podSelector"]["matchLabels"], it["metadata"]["labels"]) for it in
               (made.the("Deployment")["spec"]["template"], made.hook("Pod", "test")))  # fmt: skip
    assert [[port["port"] for port in it["ports"]] for it in policy["ingress"]] == [[9898]]
    assert [[port["port"] for port in it["ports"]] for it in policy["egress"]] == [[53, 53], [443], [80]]
    assert policy["egress"][2]["to"][0]["ipBlock"]["cidr"] == "169.254.170.23/32"


def test_the_sampling_key_is_random_long_enough_and_drawn_once_for_each_rendering(helm: Helm) -> None:
    draw = lambda number: helm.render(case("irsa"), {"podLabels": {"drawn": str(number)}}).the("Secret")["data"]["sample-key"]
    keys = {base64.b64decode(draw(number)) for number in range(2)}
    assert len(keys) == 2 and all(len(base64.b64decode(it)) == 32 for it in keys)
    assert helm.render(case("irsa")).the("Secret")["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_somebody_elses_policy_and_sampling_key_are_mounted_and_none_is_made(one_helm: Helm) -> None:
    made = one_helm.render(case("pod-identity"))
    assert not made.all("Secret") and not made.all("ConfigMap")
    for name, pod in made.pods():
        volumes = {it["name"]: it for it in pod["volumes"]}
        assert volumes["policy"]["configMap"] == {"name": "mirroring", "items": [{"key": "prod.yaml", "path": "policy.yaml"}]}, name
        secret = volumes["sample-key"]["secret"]
        assert (secret["secretName"], secret["items"]) == ("mirroring", [{"key": "key", "path": "sample-key"}]), name


def test_the_sampling_key_is_read_by_the_daemons_group_alone(one_helm: Helm) -> None:
    (_, pod), *_ = one_helm.render(case("irsa")).pods()
    (volume,) = [it for it in pod["volumes"] if it["name"] == "sample-key"]
    assert volume["secret"]["defaultMode"] == 0o440 and pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]


def test_uninstalling_leaves_the_sessions_unless_it_is_told_otherwise(one_helm: Helm) -> None:
    assert not one_helm.render(case("irsa")).all("Job")


def test_a_teardown_runs_after_the_daemon_is_deleted_and_with_what_it_needs(helm: Helm) -> None:
    """Before it, a daemon that still runs would make everything again; and what the daemon had is deleted by then."""
    made = helm.render(case("teardown"))
    hooks = {kind: made.hook(kind, "post-delete") for kind in ("Job", "ServiceAccount", "ConfigMap")}
    pod = hooks["Job"]["spec"]["template"]["spec"]
    assert [it["args"] for it in containers(pod)] == [["teardown", "--yes"]] * 2
    assert hooks["ConfigMap"]["data"] == made.the("ConfigMap", "-policy")["data"]
    for kind in ("ServiceAccount", "ConfigMap"):
        ends = "-policy" if kind == "ConfigMap" else ""
        assert hooks[kind]["metadata"]["name"] == made.the(kind, ends)["metadata"]["name"]
        assert int(hooks[kind]["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0, "before the Job"


def test_a_teardown_has_the_role_that_the_daemon_had(one_helm: Helm) -> None:
    made = one_helm.render(case("everything"))
    role = lambda it: it["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role(made.hook("ServiceAccount", "post-delete")) == role(made.the("ServiceAccount"))
    assert {pod["serviceAccountName"] for _, pod in made.pods()} == {made.the("ServiceAccount")["metadata"]["name"]}


def test_the_test_checks_the_policy_and_then_reads_all_that_it_asks_about(one_helm: Helm) -> None:
    pod = one_helm.render(case("irsa")).hook("Pod", "test")["spec"]
    assert [it["args"] for it in containers(pod)] == [["check", "/etc/vpc-mirror/policy/policy.yaml"], ["sources"]]
    alone = one_helm.render(case("single")).hook("Pod", "test")["spec"]
    assert [it["args"] for it in containers(alone)] == [["check", "/etc/vpc-mirror/policy/policy.yaml"]]


def test_alerts_come_as_they_are_and_ones_of_your_own_beside_them(helm: Helm) -> None:
    groups = helm.render(case("everything")).the("PrometheusRule")["spec"]["groups"]
    own = yaml.safe_load(case("everything").read_text())["prometheusRule"]["additionalRules"]
    assert groups[:-1] == yaml.safe_load((CHART / "files/alerts.yaml").read_text())["groups"]
    assert groups[-1]["rules"] == own
    only = helm.render(case("everything"), {"prometheusRule": {"builtIn": False}}).the("PrometheusRule")["spec"]["groups"]
    assert only == groups[-1:]


def test_each_alert_links_to_its_runbook_where_those_are_read(helm: Helm) -> None:
    wish = {"prometheusRule": {"runbooks": "https://wiki.example/runbooks/"}}
    groups = helm.render(case("everything"), wish).the("PrometheusRule")["spec"]["groups"]
    links = [rule["annotations"]["runbook_url"] for rule in groups[0]["rules"]]
    assert links and all(link.startswith("https://wiki.example/runbooks/") and link.count("//") == 1 for link in links)


def test_each_dashboard_in_the_chart_is_a_config_map_for_grafanas_sidecar(helm: Helm, tmp_path: Path) -> None:
    chart = shutil.copytree(CHART, tmp_path / "vpc-mirror")
    shutil.rmtree(chart / "files/dashboards", ignore_errors=True)
    titled = lambda made: {key: it for it in made.all("ConfigMap") for key in it["data"] if key.endswith(".json")}
    assert titled(helm.render(case("everything"), chart=chart)) == {}
    (chart / "files/dashboards").mkdir()
    for name in ("coverage", "operations"):
        (chart / f"files/dashboards/{name}.json").write_text(json.dumps({"title": name, "legend": "{{ region }}"}, indent=2))
    found = titled(helm.render(case("everything"), chart=chart))
    assert sorted(found) == ["coverage.json", "operations.json"]
    for key, it in found.items():
        assert it["metadata"]["labels"]["grafana_dashboard"] == "1" and it["metadata"]["namespace"] == "monitoring"
        assert it["data"][key] == (chart / "files/dashboards" / key).read_text(), "and never as a template"


@EACH_CASE
def test_every_object_is_in_the_releases_namespace_or_where_it_was_told_to_be(one_helm: Helm, values: Path) -> None:
    for it in one_helm.render(values):
        watched = it["kind"] in {"ServiceMonitor", "PrometheusRule"} or "grafana_dashboard" in it["metadata"]["labels"]
        told = {"monitoring"} if watched else set()
        assert it["metadata"]["namespace"] in {"security"} | told, it["kind"]
