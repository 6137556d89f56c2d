"""What tests of input files share."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def failing_device(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Give a function after which a file can be opened only so many times."""

    def fail_after(failing: Path, good: int) -> None:
        opened: list[object] = []

        def checked(real: Callable[..., Any]) -> Callable[..., Any]:
            def opens(path: object, *arguments: Any, **options: Any) -> Any:
                if path == failing:
                    opened.append(path)
                    if len(opened) > good:
                        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                return real(path, *arguments, **options)

            return opens

        monkeypatch.setattr(Path, "open", checked(Path.open))
        monkeypatch.setattr(os, "open", checked(os.open))

    return fail_after
