"""``pip install`` with every kind of compiler and with none: it ends well, and the fixtures replay to the same bytes.

Each case makes an environment of its own, which takes half a minute. CI runs three: the wheel where no compiler is, a
source without a compiler, and what the sdist holds. ``RUMPATTERN_INSTALLS=1`` runs all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the paths of tools are those of POSIX systems"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what is installed is what git has"),
]
all_installs = pytest.mark.skipif(
    os.environ.get("RUMPATTERN_INSTALLS") != "1", reason="RUMPATTERN_INSTALLS=1 runs all kinds of installation"
)
REPLAY = ["replay", "-d", "fixtures/definitions/extended.json", "fixtures/events", "--format", "json"]
BROKEN = "#error this source does not compile\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a copy of what git has of the project."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, files.decode().split("\0")):
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, path)
    return tmp_path / "source"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Return an empty virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "environment"], check=True)
    return tmp_path / "environment"


def not_required() -> dict[str, str]:
    """Return the variables of a process that goes on where the core cannot be built."""
    return {name: value for name, value in os.environ.items() if name not in {"CC", "RUMPATTERN_NATIVE_REQUIRED"}}


def without_compiler(**variables: str) -> dict[str, str]:
    """Return the variables of a process that finds no compiler, and no other tool."""
    return {**not_required(), "PATH": "/nowhere", **variables}


def with_compiler(compiler: str) -> dict[str, str]:
    """Return the variables of a process that has a compiler."""
    return {**os.environ, "CC": compiler, "RUMPATTERN_NATIVE_REQUIRED": "1"}


def install(environment: Path, variables: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Install something in an environment."""
    pip = [environment / "bin" / "python", "-m", "pip", "install", "-q", "-c", ROOT / "requirements.lock"]
    return subprocess.run([*pip, *arguments], env=variables, capture_output=True, text=True, check=False)


def replayed(environment: Path) -> tuple[bytes, str, str]:
    """Return what the fixtures replay to in an environment, what is said meanwhile, and which reader it has."""
    shutil.copytree(ROOT / "fixtures", environment / "fixtures")
    python = environment / "bin" / "python"
    done = subprocess.run([python, "-m", "rumpattern", *REPLAY], cwd=environment, capture_output=True, check=True)
    ask = "from rumpattern.columns.readers import Reader; print(Reader.AUTO.choose())"
    asked = subprocess.run([python, "-c", ask], cwd=environment, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr.decode(), asked.stdout.strip()


@pytest.fixture(scope="module")
def expected() -> bytes:
    """Return what the fixtures replay to here."""
    command = [sys.executable, "-m", "rumpattern", *REPLAY]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def build(source: Path, *arguments: str) -> Path:
    """Build one distribution of a source, and return its file."""
    command = [sys.executable, "-m", "build", *arguments, "--outdir", source.parent / "dist", source]
    variables = {**os.environ, "RUMPATTERN_NATIVE_REQUIRED": "1"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (source.parent / "dist").iterdir()
    return path


@pytest.mark.skipif(shutil.which(os.environ.get("CC", "cc")) is None, reason="there is no C compiler")
def test_the_wheel_works_where_no_compiler_is(source: Path, environment: Path, expected: bytes) -> None:
    wheel = build(source, "--wheel")
    assert wheel.name.startswith("rumpattern-")
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert sum("librumpattern" in name for name in names) == 1
    assert not [name for name in names if name.endswith((".c", ".h")) or "CMake" in name or name.startswith("tests")]
    assert "rumpattern/diagnostics/rulebook.toml" in names
    done = install(environment, without_compiler(), wheel)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "scan")


def test_a_source_without_a_compiler_is_read_by_orjson(source: Path, environment: Path, expected: bytes) -> None:
    done = install(environment, without_compiler(), source)
    assert done.returncode == 0, done.stderr
    output, said, reader = replayed(environment)
    assert (output, reader) == (expected, "orjson")
    assert "reading with orjson, which is slower: the compiled core is absent: it was not built" in said


@all_installs
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_with_a_compiler(source: Path, environment: Path, expected: bytes, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    done = install(environment, with_compiler(compiler), source)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "scan")


@all_installs
def test_with_a_compiler_that_is_not_there(source: Path, environment: Path, expected: bytes) -> None:
    done = install(environment, {**not_required(), "CC": "/nonexistent"}, source)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "orjson")


@all_installs
def test_with_a_source_that_does_not_compile(source: Path, environment: Path, expected: bytes) -> None:
    (source / "rumpattern" / "native" / "match.c").write_text(BROKEN)
    done = install(environment, not_required(), source)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "orjson")


@all_installs
def test_editable(source: Path, environment: Path, expected: bytes) -> None:
    done = install(environment, with_compiler("cc"), "-e", source)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "scan")


@all_installs
def test_from_the_sdist(source: Path, environment: Path, expected: bytes) -> None:
    sdist = build(source, "--sdist")
    done = install(environment, with_compiler("cc"), sdist)
    assert done.returncode == 0, done.stderr
    output, _, reader = replayed(environment)
    assert (output, reader) == (expected, "scan")


@all_installs
def test_a_core_that_is_required_and_cannot_be_built_fails(source: Path, environment: Path) -> None:
    done = install(environment, without_compiler(RUMPATTERN_NATIVE_REQUIRED="1"), source)
    assert done.returncode != 0
    assert "CMAKE_C_COMPILER" in done.stderr


def test_the_sdist_holds_every_tracked_file(source: Path) -> None:
    sdist = build(source, "--sdist")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    tracked = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    assert tracked - held == set()
