"""Takes the static binary and a folder; makes the image there that deploy/Dockerfile makes of it, and runs its program as a container would:
with its files for a root folder, its user, and nothing else. Never pulls anything."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import debian

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy/Dockerfile"
# Where Debian keeps its roots of public CAs: what the first stage copies.
ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
NAME = "localhost/vpc-mirror:try"
REVISION = "0123456789abcdef0123456789abcdef01234567"
# What buildah needs beside it that a small Debian lacks.
LIBRARIES = {
    "libgpgme11": "usr/lib/{}/libgpgme.so.11",
    "libassuan0": "usr/lib/{}/libassuan.so.0",
    "libdevmapper1.02.1": "lib/{}/libdevmapper.so.1.02.1",
    "libsubid4": "usr/lib/{}/libsubid.so.4",
    "libseccomp2": "usr/lib/{}/libseccomp.so.2",
}


def buildah(folder: Path) -> tuple[Path, dict[str, str]] | None:
    """Where it is, and the environment that it needs: the machine's own, or Debian's."""
    if found := shutil.which("buildah"):
        return Path(found), {}
    triplet = sysconfig.get_config_var("MULTIARCH")
    taken = debian.take("buildah", {"usr/bin/buildah": "buildah"}, folder)
    for package, library in LIBRARIES.items():
        inside = library.format(triplet)
        taken = taken and debian.take(package, {inside: Path(inside).name}, folder)
    return (folder / "buildah", {"LD_LIBRARY_PATH": str(folder)}) if taken else None


def _stage() -> str:
    """The last stage of the Dockerfile, from the folder that the first one leaves. The first one needs a base image, which nobody can
    pull here: what it does is done below."""
    last = DOCKERFILE.read_text().partition("\nFROM scratch\n")[2]
    assert last, "the last stage begins from nothing"
    copied, times = re.subn(r"(?m)^COPY --from=build /image/ /$", "COPY --from=build / /", last)
    assert times == 1, "it copies what the first stage leaves in /image, and nothing else"
    return f"FROM scratch\n{copied}"


def _leave(binary: Path, folder: Path) -> None:
    """What the first stage leaves: each line here is one there."""
    text = DOCKERFILE.read_text()
    for line, done in {
        'release/vpc-mirror" /image/usr/local/bin/vpc-mirror;': ("usr/local/bin/vpc-mirror", binary, 0o755),
        f"--mode=0644 {ROOTS} /image{ROOTS};": (str(ROOTS).lstrip("/"), ROOTS, 0o644),
    }.items():
        assert line in text, f"the first stage has no line any more with: {line}"
        name, source, mode = done
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        (folder / name).chmod(mode)
    assert "install --directory --mode=1777 /image/tmp;" in text
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)


class Image:
    """The image, and a container of it."""

    def __init__(self, binary: Path, tool: tuple[Path, dict[str, str]], folder: Path):
        self._tool, self._environment = tool[0], os.environ | tool[1]
        self._store = ["--root", folder / "store", "--runroot", folder / "run", "--storage-driver", "vfs"]
        left, anything = folder / "left", folder / "policy.json"
        left.mkdir()
        _leave(binary, left)
        (folder / "Dockerfile").write_text(_stage())
        anything.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        how = ["--isolation", "chroot", "--signature-policy", anything, "--timestamp", "1700000000"]
        made = [f"--build-context=build={left}", f"--build-arg=REVISION={REVISION}", "--file", folder / "Dockerfile"]
        self._run("bud", *how, *made, "--tag", NAME, folder)
        self.description = json.loads(self._run("inspect", "--type", "image", NAME))
        container = self._run("from", "--signature-policy", anything, NAME).strip()
        self.root = Path(self._run("mount", container).strip())

    def _run(self, command: str, *words: str | Path) -> str:
        ran = subprocess.run(
            [self._tool, *self._store, command, *words], env=self._environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    @property
    def config(self) -> dict:
        """How a container of it is run."""
        return self.description["OCIv1"]["config"]

    @property
    def layers(self) -> list[str]:
        return self.description["OCIv1"]["rootfs"]["diff_ids"]

    @property
    def id(self) -> str:
        """The digest of its configuration, which names the digests of its layers."""
        return self.description["FromImageID"]

    def size(self) -> int:
        """The bytes of its files."""
        files = (it for it in self.root.rglob("*") if it.is_file() and not it.is_symlink())
        return sum(it.stat().st_size for it in files)

    def files(self) -> dict[str, int]:
        """Each file and empty folder, with its mode."""
        found = [it for it in self.root.rglob("*") if not it.is_dir() or not any(it.iterdir())]
        return {f"/{it.relative_to(self.root)}": it.stat().st_mode & 0o7777 for it in found}

    def mount(self, files: dict[str, str | Path]) -> None:
        """Puts files there, as Kubernetes does with a resolv.conf and with volumes."""
        for name, content in files.items():
            path = self.root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.read_text() if isinstance(content, Path) else content)

    def command(self, *words: str) -> list[str]:
        """The command that runs its program with these words, as its user, and sees no other files than its own."""
        inside = dict(it.split("=", 1) for it in self.config["Env"])["PATH"]
        program, *rest = self.config["Entrypoint"]
        # Where a runtime would look it up: by the PATH that the image has.
        found = next(place for place in inside.split(":") if (self.root / place.lstrip("/") / program).is_file())
        return [shutil.which("chroot"), f"--userspec={self.config['User']}", str(self.root), f"{found}/{program}", *rest, *words]


if __name__ == "__main__":
    buildah(Path(sys.argv[1]))
