"""Law: any text as a document of definitions gives a report and safe edits, and never raises; places lie inside it."""

from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.definition.fixes import fix
from rumpattern.definition.validate import validate_text
from tests.support.paths import DEFINITIONS

TEXTS = [path.read_text("utf-8") for path in sorted(DEFINITIONS.rglob("*")) if path.is_file()]
_PLACES = st.integers(0, 9000)
_PUT_IN = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        ['"', "'", "\\", "{", "}", "[", "]", ",", ": ", "\n", "- ", "!Sub ", "&a ", "*a", "<<: ", "|", ">", "#"]
    ),
)


@st.composite
def documents(draw):
    """Draw a document with some of its characters cut out, moved or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(_PLACES) % (len(text) + 1)
        text = text[:start] + draw(_PUT_IN) + text[start + draw(st.integers(0, 12)) :]
    return f"{text}\n"


@given(documents())
def test_any_document(text):
    report = rp.validate(text)
    lines = report.text.split("\n")
    for finding in report.diagnostics:
        where = finding.where
        if where is not None and report.text:
            assert 1 <= where.line <= len(lines)
            assert 1 <= where.column <= len(lines[where.line - 1]) + 1
    text, fixes = fix(report)
    again = validate_text(text, None)
    assert bool(fixes) == (text != report.text)
    assert not fixes or again.text == text
    response = report.batch_response()
    assert len(response["Errors"]) + len(response["MetricDefinitions"]) == len(report.definitions)
