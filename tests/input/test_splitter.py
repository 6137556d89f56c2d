"""Streams of JSON documents to records, whatever the sizes of the chunks."""

import pytest

from rumpattern.input.splitter import SplitError, Splitter

SIZES = (1, 2, 3, 7, 10_000)


def chunked(text, size):
    return [text[start : start + size] for start in range(0, len(text), size)]


def split(text, member, size=10_000):
    """The records of a text and, if it cannot be split to its end, the code of that."""
    records, code = [], None
    try:
        records.extend(Splitter(member).split(chunked(text, size)))
    except SplitError as error:
        code = error.code
    return [(record.text, record.offset, record.line) for record in records], code


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("text", "member", "records"),
    [
        (b"", None, []),
        (b" \n\t", None, []),
        (b'{"a":1}', None, [b'{"a":1}']),
        (b'{"a":1}{"a":2}\n{"a":3}', None, [b'{"a":1}', b'{"a":2}', b'{"a":3}']),
        (b'[{"a":[1,2]}, {"a":{}} ]', None, [b'{"a":[1,2]}', b'{"a":{}}']),
        (b'[1,"x",null,[2]]', None, [b"1", b'"x"', b"null", b"[2]"]),
        (b'"x" 1 true', None, [b'"x"', b"1", b"true"]),
        (b"[][[]]", None, [b"[]"]),
        (b'{"a":"}]\\"{","b":"\\\\"}', None, [b'{"a":"}]\\"{","b":"\\\\"}']),
        ('{"é":"\U0001f600"}[]'.encode(), None, ['{"é":"\U0001f600"}'.encode()]),
        (b'{"events":[{"m":1},{"m":2}],"next":null}', "events", [b'{"m":1}', b'{"m":2}']),
        (b'{"x":{"events":[0]},"events":[1]}', "events", [b"1"]),
        (b'{"x":[[{"events":[0]}]],"events":[1]}', "events", [b"1"]),
        (b'{"next":"events","events":[1]}\n{"events":["a"]}', "events", [b"1", b'"a"']),
        (b'[{"events":[1,2]},{"events":[3]}]', "events", None),
        (b'{"events":[]}', "events", []),
        (b'{"events":["[","{"]}', "events", [b'"["', b'"{"']),
    ],
)
def test_records(text, member, records, size):
    found, code = split(text, member, size)
    if records is None:
        assert found == split(text, member)[0]
        return
    assert code is None
    assert [record for record, _, _ in found] == records
    for record, offset, line in found:
        assert text[offset:].startswith(record)
        assert line == text.count(b"\n", 0, offset) + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("text", "member", "records", "code"),
    [
        (b'{"a":1}{"a":', None, [b'{"a":1}'], "RP020"),
        (b'[{"a":1},', None, [b'{"a":1}'], "RP020"),
        (b'[{"a":1}', None, [b'{"a":1}'], "RP020"),
        (b'{"events":[{"m":1}', "events", [b'{"m":1}'], "RP020"),
        (b'{"events":[{"m":1}]', "events", [b'{"m":1}'], "RP020"),
        (b'{"a":1}"x', None, [b'{"a":1}'], "RP020"),
        (b'{"a":1}}', None, [b'{"a":1}'], "RP004"),
        (b'{"a":1]', None, [], "RP004"),
        (b'[{"a":1}}', None, [b'{"a":1}'], "RP004"),
        (b'{"events":[1],}', "events", [b"1"], "RP004"),
        (b'{"events":[1]:2}', "events", [b"1"], "RP004"),
        (b'{"events":[1],"x"}', "events", [b"1"], "RP004"),
        (b'{"events":[1],"x":}', "events", [b"1"], "RP004"),
        (b'{"events":[1],"x":nothing}', "events", [b"1"], "RP004"),
        (b'{"events":[1],"x":[2] 3}', "events", [b"1"], "RP004"),
        (b'[{"events":[1],"x" garbage nonsense}]', "events", [b"1"], "RP004"),
    ],
)
def test_what_cannot_be_split(text, member, records, code, size):
    found, fault = split(text, member, size)
    assert ([record for record, _, _ in found], fault) == (records, code)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("text", "records"),
    [
        (b'{"other":[1]}', [b'{"other":[1]}']),
        (b'{}{"events":[1]}', [b"{}", b"1"]),
        (b'{"events":{"m":1}}', [b'{"events":{"m":1}}']),
        (b'{"events":[1]}\n{"next":"x"}\n{"events":[2,3]}', [b"1", b'{"next":"x"}', b"2", b"3"]),
        (b'[{"events":[1]},{"a":[9],"events":[2],"z":[9]},{"n":1}] {"events":[3]}', [b"1", b"2", b'{"n":1}', b"3"]),
        (b'{"a":{"events":[9]},"events":[[1,[2]],"]"],"b":{"events":[9]}}', [b"[1,[2]]", b'"]"']),
        (b'{"events":[1],"a":-1.5e3,"b":[true,{}],"events":[2,3],"c":"x"}', [b"1", b"2", b"3"]),
    ],
)
def test_a_document_without_its_member_is_a_record(text, records, size):
    found, fault = split(text, "events", size)
    assert ([record for record, _, _ in found], fault) == (records, None)


@pytest.mark.parametrize("size", SIZES)
def test_what_follows_the_member_and_cannot_stand_there_is_told_of_where_it_is(size):
    text = b'{"events":[{"m":1}]\n {"m":2},{"m":3}]}'
    with pytest.raises(SplitError, match=r"^expected a comma or the end of the document, found \{$") as caught:
        list(Splitter("events").split(chunked(text, size)))
    assert (caught.value.record.offset, caught.value.record.line) == (21, 2)
    assert text[21:].startswith(caught.value.record.text)


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_open_brackets_take_little_memory(monkeypatch, size):
    monkeypatch.setattr("rumpattern.input.splitter._MAX_DEPTH", 5_000)
    assert len(list(Splitter(None).split(chunked(b"[" * 5_000 + b"]" * 5_000, size)))) == 1
    with pytest.raises(SplitError, match="more than 5,000 brackets are open") as caught:
        list(Splitter(None).split(chunked(b"1 " + b"[" * 6_000, size)))
    assert caught.value.code == "RP015"


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_one_token_that_is_too_large(monkeypatch, size):
    monkeypatch.setattr("rumpattern.input.splitter.MAX_RECORD", 100)
    monkeypatch.setattr("rumpattern.input.splitter._MAX_TOKEN", 50)
    text = b'{"events":[\n"%b",%b, 2]}' % (b"x" * 500, b"7" * 500)
    records = list(Splitter("events").split(chunked(text, size)))
    assert [(record.offset, record.line, record.is_cut) for record in records] == [
        (12, 2, True),
        (515, 2, True),
        (1017, 2, False),
    ]
    assert [record.text for record in records] == [b'"' + b"x" * 49, b"7" * 50, b"2"]


def test_lines_of_records_over_many_chunks():
    text = b"\n".join(b'\n{"n":\n%d}' % i for i in range(50))
    for size in SIZES:
        found, _ = split(text, None, size)
        assert [line for _, _, line in found] == [3 * i + 2 for i in range(50)]


@pytest.fixture(autouse=True)
def _scan_every_chunk(monkeypatch):
    monkeypatch.setattr("rumpattern.input.splitter._MIN_SCAN", 1)


def test_a_record_that_is_too_large(monkeypatch):
    monkeypatch.setattr("rumpattern.input.splitter.MAX_RECORD", 100)
    monkeypatch.setattr("rumpattern.input.splitter._MAX_TOKEN", 50)
    long = b'{"a":["\\"' + b"x" * 300 + b'\\\\"],"b":' + b"5" * 200 + b',"k":{"events":[1]}}'
    for size in SIZES:
        records = list(Splitter(None).split(chunked(b"[1,\n" + long + b",\n2," + long + b"]{}", size)))
        assert [(r.text, r.offset, r.line) for r in records if not r.is_cut] == [
            (b"1", 1, 1),
            (b"2", len(long) + 6, 3),
            (b"{}", 2 * len(long) + 9, 3),
        ]
        cut = [record for record in records if record.is_cut]
        assert [(r.offset, r.line) for r in cut] == [(4, 2), (len(long) + 8, 3)]
        assert all(long.startswith(record.text) for record in cut)


def test_what_is_no_record_may_be_large(monkeypatch):
    monkeypatch.setattr("rumpattern.input.splitter.MAX_RECORD", 100)
    monkeypatch.setattr("rumpattern.input.splitter._MAX_TOKEN", 20)
    large = b'{"a":["' + b"x" * 5_000 + b'","events"],' + b" " * 500 + b'"%s":1,"events":[1,2]}'
    for size in SIZES:
        for name in (b"x" * 300 + b"events", b"events" + b"x" * 300):
            records = list(Splitter("events").split(chunked(large % name, size)))
            assert [(record.text, record.is_cut) for record in records] == [(b"1", False), (b"2", False)]


def test_a_record_that_is_too_large_and_does_not_end(monkeypatch):
    monkeypatch.setattr("rumpattern.input.splitter.MAX_RECORD", 100)
    with pytest.raises(SplitError) as caught:
        list(Splitter(None).split(chunked(b'{"a":"' + b"x" * 5_000, 10)))
    assert (caught.value.code, caught.value.record.offset, caught.value.record.is_cut) == ("RP020", 0, True)


def test_the_rest_of_a_broken_stream():
    splitter = Splitter(None)
    with pytest.raises(SplitError) as caught:
        list(splitter.split([b'{"a":1}\n  {"b":', b"\n[2"]))
    record = caught.value.record
    assert (record.text, record.offset, record.line) == (b'{"b":\n[2', 10, 2)
