"""The examples of the pages, and what they print: ``python -m tests.refresh_pages`` writes it anew into the pages.

A fenced block is an example when a marker stands above it:

``run``     a ``rumpattern`` command; the block that is marked ``output`` follows and holds what it prints.
``try``     ``rumpattern`` commands that must end with 0, in a folder with ``definitions.json`` and ``events/``.
``python``  Python that must run in the root of the repository.
``aws``     AWS CLI commands, whose names and options must be known to botocore.
``config``  ``[tool.rumpattern]`` of a pyproject.toml.
``ignore``  the ``Metadata`` of a template.
``test``    the command that CI runs.
``setup``   a command that is for people only.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tests.support.core import without_notice

ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDERS: Final = ("*.md", ".github/*.md", "benchmarks/*.md", "fixtures/*.md", "rumpattern/**/*.md")
PAGES: Final = tuple(sorted(page for pattern in _FOLDERS for page in ROOT.glob(pattern)))
"""The pages of the repository."""
PICTURE: Final = ROOT / ".github" / "images" / "terminal.svg"
PICTURED: Final = (
    "rumpattern validate fixtures/definitions/broken.json --select RP111",
    "rumpattern replay -d fixtures/definitions/custom.json fixtures/events/logs-export.txt.gz",
)
"""The commands whose output the picture shows."""

_EXAMPLE: Final = re.compile(r"<!-- (?P<kind>\w+) -->\n```(?P<language>\w+)\n(?P<text>.*?)```\n", re.DOTALL)
_RUN: Final = re.compile(
    r"(?P<head><!-- run -->\n```\w+\n(?P<command>.*?)```\n\n<!-- output -->\n```\w+\n)(?P<output>.*?)(?=```\n)",
    re.DOTALL,
)
_COLUMNS: Final = 110
_SVG: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""The picture's frame: as rich has it, but without the fonts that it loads from an address on the web."""


@dataclass(frozen=True, slots=True)
class Example:
    """A marked block of a page: its marker, its language and its text."""

    page: Path
    kind: str
    language: str
    text: str


def examples(page: Path) -> list[Example]:
    """Return the marked blocks of a page in their order."""
    return [Example(page, *found.groups()) for found in _EXAMPLE.finditer(page.read_text(encoding="utf-8"))]


def runs(page: Path) -> list[tuple[str, str]]:
    """Return the commands of a page that are shown with their output, and that output."""
    return [(found["command"], found["output"]) for found in _RUN.finditer(page.read_text(encoding="utf-8"))]


def printed(command: str) -> str:
    """Run a command of a page and return what it prints; an installation in front of it is what CI does itself."""
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(_words(command), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + without_notice(done.stderr)


def _words(command: str) -> list[str]:
    name, *arguments = shlex.split(command.rsplit("&&", maxsplit=1)[-1])
    if Path(name).name != "rumpattern":
        raise ValueError(f"examples run rumpattern, not {name}")
    return [sys.executable, "-m", "rumpattern", *arguments]


def refreshed(page: Path) -> str:
    """Return the text of a page with what its commands print now."""
    text = page.read_text(encoding="utf-8")
    return _RUN.sub(lambda found: found["head"] + printed(found["command"]), text)


def picture() -> str:
    """Return the picture as SVG: what a terminal shows of the commands, with no time, path or machine in it."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text("\n\n").join(map(_session, PICTURED)), soft_wrap=True)
    return console.export_svg(title="rumpattern", code_format=_SVG, unique_id="terminal")


def _session(command: str) -> Text:
    return Text.assemble((f"$ {command}\n", "bold green"), Text.from_ansi(_on_terminal(command).rstrip()))


def _on_terminal(command: str) -> str:
    """Run a command on a pseudo-terminal and return what it writes there, colours included."""
    leader, follower = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
    environment |= {"COLUMNS": str(_COLUMNS), "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        _words(command), cwd=ROOT, env=environment, stdout=follower, stderr=subprocess.DEVNULL
    ) as process:
        os.close(follower)
        written = b""
        with suppress(OSError):  # Linux says so when the last program that writes has ended
            while piece := os.read(leader, 1 << 16):
                written += piece
        process.wait()
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


def main() -> None:
    """Write all pages and the picture anew, and say which have changed."""
    texts = {page: refreshed(page) for page in PAGES}
    for path, text in {**texts, PICTURE: picture()}.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)} has changed\n")


if __name__ == "__main__":
    main()
