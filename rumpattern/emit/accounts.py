"""The accounts of a replay as one JSON document: every line and every matched event."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from typing import BinaryIO

    from rumpattern.job.accounts import DefinitionAccount, FileAccount
    from rumpattern.job.collect import ReplayResult


def write(result: ReplayResult, stream: BinaryIO) -> None:
    """Write the accounts of files and definitions with the names that they have in ``Accounting``, and the warnings."""
    accounting = result.accounting
    total = {
        "files": len(accounting.files),
        "bytes": sum(file.bytes for file in accounting.files),
        "lines": accounting.lines,
        "evaluated": accounting.evaluated,
        "rejected": accounting.rejected,
        "blank": accounting.blank,
        "odd": sum(file.odd for file in accounting.files),
        "rejects": sum((file.rejects for file in accounting.files), Counter()),
        "synthesised": sum((file.synthesised for file in accounting.files), Counter()),
    }
    document = {
        "total": total,
        "files": [
            {"rejected": file.rejected, "broke_off": file.truncated, **_members(file)} for file in accounting.files
        ],
        "definitions": [_members(definition) for definition in accounting.definitions],
        "warnings": [{"code": one.code, "message": one.message, "hint": one.hint} for one in result.warnings],
    }
    stream.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _members(account: DefinitionAccount | FileAccount) -> dict[str, object]:
    return {field.name: getattr(account, field.name) for field in fields(account)}
