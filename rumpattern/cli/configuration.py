"""Options that a project sets: the table ``[tool.rumpattern]`` of its pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FILE: Final = "pyproject.toml"
_OPTIONS: Final = {
    "profile": "profile",
    "destination": "destination",
    "select": "select",
    "ignore": "ignore",
    "fail-on": "fail_on",
    "format": "form",
}
"""Keys of the table, which are those of the command line, to parameters of ``validate``."""
_LISTS: Final = ("select", "ignore")


def configured(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Take defaults of the command's options from the named file, or from the nearest one that has the table.

    Raises:
        click.BadParameter: the file cannot be read, or holds what is no option.
    """
    from pathlib import Path  # noqa: PLC0415 - --help and completion need none of it

    file = Path(value) if value is not None else None
    names = [file] if file else [folder / _FILE for folder in (Path.cwd(), *Path.cwd().parents)]
    for name in names:
        table = _table(name) if file or name.is_file() else None
        if table is not None:
            ctx.default_map = {_OPTIONS[key]: entry for key, entry in _checked(name, table).items()}
            return
    if file:
        raise click.BadParameter(f"{file} has no table [tool.rumpattern]", param_hint="--config")


def _table(file: Path) -> Mapping[str, Any] | None:
    import tomllib  # noqa: PLC0415 - most folders have no such file

    try:
        with file.open("rb") as stream:
            tool = tomllib.load(stream).get("tool", {})
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror or error}", param_hint="--config") from None
    except ValueError as error:
        raise click.BadParameter(f"{file} is not a valid pyproject.toml: {error}", param_hint="--config") from None
    except RecursionError:
        raise click.BadParameter(f"{file} is nested too deep", param_hint="--config") from None
    if not isinstance(tool, dict):
        raise click.BadParameter(f"{file} is not a valid pyproject.toml: tool is not a table", param_hint="--config")
    table = tool.get("rumpattern")
    if table is not None and not isinstance(table, dict):
        raise click.BadParameter(f"{file}: tool.rumpattern is not a table", param_hint="--config")
    return table


def _checked(file: Path, table: Mapping[str, Any]) -> dict[str, str]:
    checked = {}
    for key, entry in table.items():
        if key not in _OPTIONS:
            from rumpattern.diagnostics.wording import did_you_mean  # noqa: PLC0415 - nearly every key is known

            hint = did_you_mean(key, list(_OPTIONS)) or f"known keys: {', '.join(_OPTIONS)}"
            raise click.BadParameter(f'{file}: tool.rumpattern has no "{key}": {hint}', param_hint="--config")
        is_list = key in _LISTS and isinstance(entry, list) and all(isinstance(one, str) for one in entry)
        if not is_list and not isinstance(entry, str):
            wanted = "a list of strings" if key in _LISTS else "a string"
            raise click.BadParameter(f"{file}: tool.rumpattern.{key} is not {wanted}", param_hint="--config")
        checked[key] = ",".join(entry) if is_list else entry
    return checked
