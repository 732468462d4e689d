"""Takes files of one of Debian's packages; puts them into a folder. Never installs the package: that would start a server for everybody."""

import subprocess
import sys
import tempfile
from pathlib import Path


def take(package: str, files: dict[str, str], folder: Path) -> bool:
    """Whether they are there, each under the name that is given for its path in the package. What is there already is not downloaded; where
    there is no Debian, there is none of it."""
    if all((folder / name).exists() for name in files.values()):
        return True
    with tempfile.TemporaryDirectory() as unpacked:
        commands = [["apt-get", "download", "--quiet", "--quiet", package], ["sh", "-c", "dpkg -x ./*.deb ."]]
        try:
            for command in commands:
                subprocess.run(command, cwd=unpacked, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"no {package}: {error}", file=sys.stderr)
            return False
        folder.mkdir(parents=True, exist_ok=True)
        for inside, name in files.items():
            part = folder / f"{name}.part"
            part.write_bytes((Path(unpacked) / inside).read_bytes())
            part.chmod(0o755)
            part.rename(folder / name)
    return True
