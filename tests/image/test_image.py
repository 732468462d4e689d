"""The image is one static binary and the roots of public CAs; it runs the demo, finds AWS by name, and believes only whom a CA vouches
for."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import aws
from image import NAME, REVISION, Image
from waiting import eventually

POLICY = """
apiVersion: vpc-mirror/v1
kind: Policy
owner: image
sensors: {{sta: {{targets: [{{networkLoadBalancer: "{sensor}"}}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}}}]
"""
KEYS = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo", "AWS_REGION": "eu-west-1"}
# Two thirds are code, nearly all of it the SDK of EC2; the rest is the names of functions, for backtraces. What is far above that has
# something in it that nobody needs.
LARGEST = 65_000_000


def test_it_has_one_program_the_roots_of_public_cas_and_a_place_for_temporary_files(made: Image) -> None:
    assert made.files() == {
        "/usr/local/bin/vpc-mirror": 0o755,
        "/etc/ssl/certs/ca-certificates.crt": 0o644,
        "/tmp": 0o1777,
    }


def test_it_is_one_layer_that_is_not_root_and_says_what_it_is(made: Image) -> None:
    assert made.config["User"] == "65532:65532"
    assert len(made.layers) == 1
    labels = made.config["Labels"]
    assert labels["org.opencontainers.image.revision"] == REVISION and labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    print(f"{NAME}: {made.size() / 1e6:.1f} MB, user {made.config['User']}, {len(made.layers)} layer")
    assert made.size() < LARGEST


def test_made_again_in_another_place_and_later_it_is_the_same_to_the_last_byte(
    made: Image, binary: Path, tool: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    again = Image(binary, tool, tmp_path)
    assert again.id == made.id and len(made.id) == 64


def test_the_program_needs_no_library_of_the_image(made: Image) -> None:
    program = made.root / "usr/local/bin/vpc-mirror"
    asked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    assert re.search("statically linked|not a dynamic executable", asked.stdout + asked.stderr), asked
    said = subprocess.run(made.command("--version"), capture_output=True, text=True, check=True)
    assert said.stdout == f"vpc-mirror {made.config['Labels']['org.opencontainers.image.version']}\n"


def test_no_folder_of_whoever_built_it_is_named_in_it(made: Image) -> None:
    text = (made.root / "usr/local/bin/vpc-mirror").read_bytes()
    named = re.findall(rb"[\w./-]*(?:/\.cargo|/usr/local/cargo)/[\w./-]*", text)
    assert not named, named[:3]


def test_the_demo_runs_in_it_and_everything_that_is_wanted_stands(made: Image) -> None:
    command = made.command("demo", "--port", "0", "--listen", "127.0.0.1:0", "--for", "6s")
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=made_of(made))
    assert ran.returncode == 0, ran.stderr
    wanted, stand = re.search(r"(\d+) sessions wanted, (\d+) of them stand", ran.stdout).groups()
    assert int(wanted) > 5 and "every wanted session stood" in ran.stdout, ran.stdout
    print(re.search(r"\d+ network interfaces.*", ran.stdout)[0])


def made_of(made: Image, **more: str) -> dict[str, str]:
    """The environment of a container: the image's, and what it is told."""
    return dict(it.split("=", 1) for it in made.config["Env"]) | more


@dataclass
class Cloud:
    """AWS's names, and who answers to them."""

    front: aws.Front
    authority: Path
    sensor: str


@pytest.fixture(scope="module")
def cloud(made: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    authority, certificate = aws.certified(folder)
    out = folder / "stdout"
    with out.open("w") as file:
        sim = subprocess.Popen(made.command("sim", "--port", "0"), stdout=file, stderr=subprocess.STDOUT, env=made_of(made))

    def greeting() -> tuple[str, str] | None:
        assert sim.poll() is None, out.read_text()
        found = re.search(r"answers at http://[\d.]+:(\d+)[^$]*? sensor is (\S+)\.\n", out.read_text())
        return (found[1], found[2]) if found else None

    try:
        port, sensor = eventually("the simulator says how to use it", greeting)
        front, names = aws.Front(certificate, int(port)), aws.names()
        made.mount({
            "/etc/resolv.conf": "nameserver 127.0.0.1\noptions attempts:1 timeout:2\n",
            "/etc/vpc-mirror/policy.yaml": POLICY.format(sensor=sensor),
            "/etc/vpc-mirror/ca.crt": authority,
        })
        yield Cloud(front, authority, sensor)
        names.shutdown()
        front.close()
    finally:
        sim.send_signal(signal.SIGTERM)
        sim.wait(timeout=15)


def planned(made: Image, **environment: str) -> subprocess.CompletedProcess:
    command = made.command("plan", "--policy", "/etc/vpc-mirror/policy.yaml", "--output", "json")
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=made_of(made, **KEYS, **environment))


def test_it_finds_aws_by_name_and_believes_whom_the_ca_vouches_for(made: Image, cloud: Cloud) -> None:
    plan = planned(made, SSL_CERT_FILE="/etc/vpc-mirror/ca.crt")
    assert plan.returncode == 2, plan.stderr + plan.stdout
    steps = json.loads(plan.stdout)["steps"]
    assert any(it["action"] == "CreateTrafficMirrorTarget" for it in steps), steps
    assert cloud.front.carried and set(cloud.front.carried) <= {"TLSv1.2", "TLSv1.3"}, cloud.front.carried


def test_it_believes_nobody_for_whom_none_of_its_own_cas_vouches(made: Image, cloud: Cloud) -> None:
    carried = len(cloud.front.carried)
    plan = planned(made)
    assert plan.returncode == 1
    said = plan.stdout + plan.stderr
    assert "certificate" in said.lower() or "UnknownIssuer" in said, said
    assert len(cloud.front.carried) == carried, "not one call is made"


def test_its_own_cas_are_those_that_vouch_for_aws(made: Image) -> None:
    text = (made.root / "etc/ssl/certs/ca-certificates.crt").read_text()
    # Source: "Amazon Trust Services repository": the roots of AWS's endpoints.
    parts = re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
    subjects = [
        subprocess.run(["openssl", "x509", "-noout", "-subject"], input=it, capture_output=True, text=True, check=True).stdout for it in parts
    ]
    for root in (f"Amazon Root CA {number}" for number in (1, 2, 3, 4)):
        assert any(root in it for it in subjects), root
