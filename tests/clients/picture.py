"""Takes the binary as --binary PATH; draws docs/demo.svg anew, from what a demo on its usual ports really prints and the AWS CLI asks of it.
Leaves out of each line the date, the place and the action, and cuts it where the picture ends. Needs the package rich beside the others.
"""

import argparse
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from waiting import eventually

SVG = Path(__file__).resolve().parents[2] / "docs/demo.svg"
WIDTH = 165
BINARY = "cargo run --bin vpc-mirror --"
FIRST, SAID = 8, "every wanted session stands"
COLOUR = r"(?:\x1b\[[0-9;]*m)*"
LEFT_OUT = [
    rf"\d{{4}}-\d\d-\d\dT(?=\d)|\.\d+Z(?={COLOUR} )",
    rf"{COLOUR}place{COLOUR}{{.*?}}{COLOUR}:{COLOUR} ",
    rf" {COLOUR}action{COLOUR}={COLOUR}\"\w+\"",
]


class Terminal:
    """A program that believes that somebody watches: it prints in colours."""

    def __init__(self, command: list[str | Path], folder: str):
        ours, theirs = pty.openpty()
        self._text, self._ours = b"", ours
        self._process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=os.environ | {"TMPDIR": folder})
        os.close(theirs)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while said := os.read(self._ours, 1 << 16):
                self._text += said
        except OSError:
            # So a terminal says that nobody writes to it any more.
            pass

    def lines(self) -> list[str]:
        # What has come until now may end within a letter.
        return self._text.decode(errors="ignore").replace("\r", "").split("\n")

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=15)


def short(line: str) -> str:
    for left_out in LEFT_OUT:
        line = re.sub(left_out, "", line)
    return line


def scene(binary: Path, folder: str) -> Iterator[str]:
    """The lines of the picture."""
    demo = Terminal([binary, "demo"], folder)
    try:
        eventually("all sessions stand", lambda: any(SAID in line for line in demo.lines()))
        lines = demo.lines()
        log = [line for line in lines if " INFO" in line]
        yield f"[bold]$ {BINARY} demo"
        yield from lines[:2]
        yield from log[:FIRST]
        stands = next(at for at, line in enumerate(log) if SAID in line)
        yield f"  … {stands - FIRST} more"
        yield log[stands]

        exported = next(line.strip() for line in lines if "export AWS_" in line)
        environment = os.environ | dict(it.split("=", 1) for it in shlex.split(exported)[1:])
        run = next(line.strip() for line in lines if "run-instances" in line)
        yield f"[bold]$ {run}"
        made = subprocess.run(shlex.split(run), env=environment, capture_output=True, text=True, check=True)
        instance = json.loads(made.stdout)["Instances"][0]
        interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
        wanted = f"mirror {interface}"
        eventually("it is mirrored", lambda: any(wanted in line for line in demo.lines()))
        yield next(line for line in demo.lines() if wanted in line)

        explain = next(line.strip() for line in lines if "vpc-mirror explain" in line).replace("i-…", instance["InstanceId"])
        yield f"[bold]$ {explain}"
        command = [binary, *shlex.split(explain)[1:]]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        yield from said.stdout.rstrip().split("\n")
    finally:
        demo.end()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", type=Path, required=True)
    binary = arguments.parse_args().binary.resolve(strict=True)
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder:
        # The policy of the demo is where whoever tries it finds it.
        for line in scene(binary, folder):
            line = line.replace(f"{folder}/", "/tmp/")
            text = Text(line.removeprefix("[bold]"), style="bold") if line.startswith("[bold]") else Text.from_ansi(short(line))
            console.print(text, no_wrap=True, overflow="ellipsis")
    svg = console.export_svg(title="vpc-mirror demo")
    # Whoever looks at it fetches nothing from anywhere.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    SVG.write_text(svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"))


if __name__ == "__main__":
    main()
