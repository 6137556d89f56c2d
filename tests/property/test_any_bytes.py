"""Law: any bytes are a pattern or raise PatternError; any bytes are events, rejects and blank lines, all counted."""

import json

from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from tests.support.paths import FIXTURES

CASES = [case for path in sorted((FIXTURES / "cases").glob("*.json")) for case in json.loads(path.read_text("utf-8"))]
PATTERNS = [
    (case["pattern"] if isinstance(case["pattern"], str) else json.dumps(case["pattern"])).encode()
    for case in CASES
    if "pattern" in case
]
LINES = (FIXTURES / "events" / "shop.ndjson").read_bytes().splitlines()[:40]
ENGINE = rp.compile(
    rp.load_definitions(FIXTURES / "definitions" / "extended.json")
    + rp.load_definitions(FIXTURES / "definitions" / "custom.json")
)
_PLACES = st.integers(0, 4000)
_LENGTHS = st.integers(0, 12)
_PUT_IN = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"*", b"null", b"1e400", b'{"$or":[', b'{"a":']
    ),
)


@st.composite
def mutations(draw, texts):
    """Draw a text with some of its bytes cut out, doubled or replaced."""
    data = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(_PLACES) % (len(data) + 1)
        end = start + draw(_LENGTHS)
        again = data[start:end] if draw(st.booleans()) else b""
        data = data[:start] + again + draw(_PUT_IN) + data[start + (0 if again else end - start) :]
    return data


def parsed(data):
    """Return a pattern and no findings, or None with its findings."""
    try:
        return rp.parse_pattern(data), ()
    except rp.PatternError as error:
        return None, error.diagnostics


@given(st.one_of(st.binary(max_size=200), mutations(PATTERNS)))
def test_any_bytes_as_a_pattern(data):
    pattern, findings = parsed(data)
    if pattern is None:
        assert findings
        assert all(finding.where is not None for finding in findings)
        return
    assert rp.parse_pattern(str(pattern)) == pattern
    assert pattern.equivalent(pattern)
    assert isinstance(pattern.matches(LINES[0]), bool)
    assert pattern.explain(LINES[0]).matches is pattern.matches(LINES[0])


@given(st.one_of(st.binary(max_size=200), mutations([b"\n".join(LINES[:3]), *LINES])))
def test_any_bytes_as_events(data):
    batch = ENGINE.batch(data)
    assert len(batch) + len(batch.rejects) + batch.blank == len(data.removesuffix(b"\n").split(b"\n")) * bool(data)
    matches = ENGINE.match(batch)
    for samples, count in zip(ENGINE.derive(batch, matches), matches.counts(), strict=True):
        assert samples.matched == count == samples.published + sum(samples.dropped.values())
