"""Takes a folder; puts Prometheus, promtool and Alertmanager there, as Debian packs them. Never downloads what is there already."""

import sys
from pathlib import Path

import debian

TEMPLATES = "usr/share/prometheus/alertmanager"
PACKAGES = {
    "prometheus": {"usr/bin/prometheus": "prometheus", "usr/bin/promtool": "promtool"},
    "prometheus-alertmanager": {
        "usr/bin/prometheus-alertmanager": "alertmanager",
        f"{TEMPLATES}/default.tmpl": "default.tmpl",
        f"{TEMPLATES}/email.tmpl": "email.tmpl",
    },
}
# Where Debian's Alertmanager looks for its templates, wherever it is itself. Of the same length: the folder that it is started in.
INSTALLED = f"/{TEMPLATES}".encode()
STARTED = b"./" * (len(INSTALLED) // 2)


def main(folder: Path) -> None:
    for package, files in PACKAGES.items():
        if not debian.take(package, files, folder):
            return
    binary = folder / "alertmanager"
    held = binary.read_bytes()
    if INSTALLED in held:
        part = folder / "alertmanager.part"
        part.write_bytes(held.replace(INSTALLED, STARTED))
        part.chmod(0o755)
        part.rename(binary)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
