"""JSONTestSuite (https://github.com/nst/JSONTestSuite) as event lines: what must be accepted is, what must not is not.

Either reader reads each file as a line, and as a member of an event that is asked for, and that is not.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

import rumpattern as rp
from rumpattern.columns.readers import Reader
from rumpattern.engine import Engine
from rumpattern.input.lines import TextLines
from tests.support.core import READERS
from tests.support.paths import JSON_TEST_SUITE

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = (b'{"event_type":"t","a":%b}', b'{"event_type":"t","z":%b}')
LARGE = "a number that no double stands for: kept as its text, which no pattern's number equals"
HALF = "half of a character: kept as it is written"
NO_UTF8 = "RP014"
EITHER_WAY = {
    "i_number_double_huge_neg_exp": LARGE,
    "i_number_huge_exp": LARGE,
    "i_number_neg_int_huge_exp": LARGE,
    "i_number_pos_double_huge_exp": LARGE,
    "i_number_real_neg_overflow": LARGE,
    "i_number_real_pos_overflow": LARGE,
    "i_number_real_underflow": LARGE,
    "i_number_too_big_neg_int": LARGE,
    "i_number_too_big_pos_int": LARGE,
    "i_number_very_big_negative_int": LARGE,
    "i_object_key_lone_2nd_surrogate": HALF,
    "i_string_1st_surrogate_but_2nd_missing": HALF,
    "i_string_1st_valid_surrogate_2nd_invalid": HALF,
    "i_string_UTF-16LE_with_BOM": NO_UTF8,
    "i_string_UTF-8_invalid_sequence": NO_UTF8,
    "i_string_UTF8_surrogate_U+D800": NO_UTF8,
    "i_string_incomplete_surrogate_and_escape_valid": HALF,
    "i_string_incomplete_surrogate_pair": HALF,
    "i_string_incomplete_surrogates_escape_valid": HALF,
    "i_string_invalid_lonely_surrogate": HALF,
    "i_string_invalid_surrogate": HALF,
    "i_string_invalid_utf-8": NO_UTF8,
    "i_string_inverted_surrogates_U+1D11E": HALF,
    "i_string_iso_latin_1": NO_UTF8,
    "i_string_lone_second_surrogate": HALF,
    "i_string_lone_utf8_continuation_byte": NO_UTF8,
    "i_string_not_in_unicode_range": NO_UTF8,
    "i_string_overlong_sequence_2_bytes": NO_UTF8,
    "i_string_overlong_sequence_6_bytes": NO_UTF8,
    "i_string_overlong_sequence_6_bytes_null": NO_UTF8,
    "i_string_truncated-utf-8": NO_UTF8,
    "i_string_utf16BE_no_BOM": NO_UTF8,
    "i_string_utf16LE_no_BOM": NO_UTF8,
    "i_structure_500_nested_arrays": "within the 1,000 levels that are read",
    "i_structure_UTF-8_BOM_empty_object": "RP010: the mark may stand at the start of a file, and nowhere else",
}
"""What the suite leaves open, as a member of an event: the code of its reject, or why it is accepted."""

pytestmark = pytest.mark.skipif(not JSON_TEST_SUITE.is_dir(), reason="JSONTestSuite is not at ../shared/data")


def files(kind: str) -> list[Path]:
    return sorted(JSON_TEST_SUITE.glob(f"{kind}_*.json"))


@pytest.fixture(scope="module", params=map(Reader, READERS))
def engine(request: pytest.FixtureRequest) -> Engine:
    pattern = rp.parse_pattern('{"event_type": ["t"], "a": [{"exists": true}]}')
    return Engine([rp.MetricDefinition("m", pattern=pattern)], event_type_required=True, reader=request.param)


def read(engine: Engine, text: bytes) -> tuple[int, Counter[str], int]:
    """Return how many events a text has, the codes of its rejects, and how many blank lines."""
    batch = engine.decode(TextLines(text))
    found = len(batch), Counter(reject.code for reject in batch.rejects), batch.blank
    ends = text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))
    assert batch.line_count == ends == found[0] + found[1].total() + found[2]
    return found


def test_what_is_json_is_accepted(engine: Engine) -> None:
    for path in files("y"):
        text = path.read_bytes().strip().replace(b"\n", b" ")
        code = "RP012" if text.startswith(b"{") else "RP011"
        assert read(engine, text) == (0, {code: 1}, 0), path.name
        assert [read(engine, member % text) for member in MEMBERS] == [(1, Counter(), 0)] * 2, path.name


def test_what_is_no_json_is_rejected(engine: Engine) -> None:
    blank = {"n_single_space", "n_structure_UTF8_BOM_no_data", "n_structure_no_data"}
    for path in files("n"):
        text = path.read_bytes()
        for line in (text, *(member.replace(b"%b", text) for member in MEMBERS)):
            evaluated, codes, _ = read(engine, line)
            assert evaluated == 0, path.name
            assert codes or (line == text and path.stem in blank), path.name
            # RP011: of a file of several lines, one may be JSON that is no event
            assert codes.keys() <= {"RP010", "RP011", "RP014", "RP015"}, path.name


def test_what_is_left_open_is_as_the_table_says(engine: Engine) -> None:
    assert {path.stem for path in files("i")} == EITHER_WAY.keys()
    for path in files("i"):
        for member in MEMBERS:
            evaluated, codes, _ = read(engine, member.replace(b"%b", path.read_bytes()))
            said = EITHER_WAY[path.stem]
            expected = (0, [said[:5]]) if said.startswith("RP") else (1, [])
            assert (evaluated, [*codes]) == expected, path.name
