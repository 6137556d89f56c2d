"""The on-disk cache of compiled code: a folder for each version of the package's source."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


@cache
def cache_folder() -> Path | None:
    """Return the folder of the source as it is now, None where there is no place for one.

    numba itself looks only at the file of each function, and would keep what was compiled from other files' old text,
    and the constants that compiled code has taken from anywhere in the package.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    try:
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        home = named if named.is_absolute() else Path.home() / ".cache"  # XDG Base Directory: ignore relative paths
        folder = home / "rumpattern" / digest.hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def is_compiled() -> bool:
    """Tell whether an earlier run has left compiled code."""
    folder = cache_folder()
    return folder is not None and any(folder.rglob("*.scan_lines-*.nbc"))
