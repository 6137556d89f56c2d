"""Broken JSON: every slip once, nothing that only follows from one, and what stands around it is still read."""

import pytest

import rumpattern as rp
from rumpattern.jsontext import parse
from rumpattern.pattern.recover import parse_with_faults
from tests.support.cpu_time import cpu_seconds_below


def places(text):
    """Return line:column, path and code of every finding."""
    with pytest.raises(rp.PatternError) as caught:
        rp.parse_pattern(text)
    return [f"{f.where.line}:{f.where.column} {f.where.path} {f.code}" for f in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":[1,],"b":[1],}', ["1:9 $ RP100", "1:19 $ RP100"]),
        ('{"a":[1 2],"b":[{"prefx":"x"}]}', ["1:9 $ RP100", "1:18 $.b[0].prefx RP108"]),
        ('{"a":[1]"b":[2]}', ["1:9 $ RP100"]),
        ('{"a" [1],"b":{}}', ["1:6 $ RP100", "1:14 $.b RP102"]),
        ('{"a"=[1],"b":{}}', ["1:5 $ RP100", "1:14 $.b RP102"]),
        ("{'a':['x',{'prefix':5}]}", [
            "1:2 $ RP100", "1:7 $ RP100", "1:12 $ RP100", "1:21 $.a[1].prefix RP118",
        ]),
        ("{a:[1],b:[]}", ["1:2 $ RP100", "1:8 $ RP100", "1:10 $.b RP103"]),
        ('{"a":[yes,no,True],"b":[]}', ["1:7 $ RP100", "1:11 $ RP100", "1:14 $ RP100", "1:24 $.b RP103"]),
        ('{"a":[yes]}', ["1:7 $ RP100"]),
        ('{"a":yes}', ["1:6 $ RP100"]),
        ('{"a":}', ["1:6 $ RP100"]),
        ('{"a":[,1,,2]}', ["1:7 $ RP100", "1:10 $ RP100"]),
        ('{"a":[01,+2,.5,0x1F,NaN]}', [f"1:{column} $ RP100" for column in (7, 10, 13, 17, 21)]),
        ('{"a":["\\x","\\u12",{"wildcard":"\\*"}]}', ["1:8 $ RP100", "1:13 $ RP100", "1:32 $ RP100"]),
        ('{"a":["x\ty"],"b":[]}', ["1:9 $ RP100", "1:18 $.b RP103"]),
        ('{"a":[{"numeric":[">",01]}]}', ["1:23 $ RP100"]),
        ('{"a":[{"anything-but":["x",01,2]}]}', ["1:28 $ RP100", "1:32 $.a[0].anything-but RP126"]),
        ('{"$or":[{"a":[1]},oops]}', ["1:19 $ RP100"]),
        ('{"$or":oops}', ["1:8 $ RP100"]),
        ('{"a":[1}', ["1:8 $ RP100"]),
        ('{"a":[1}}', ["1:8 $ RP100"]),
        ('{"a":[{"prefix":"x"]}', ["1:20 $ RP100"]),
        ('{"a":[{"prefix":["x"}]}', ["1:17 $.a[0].prefix RP118", "1:21 $ RP100"]),
        ('{"a":[1]]', ["1:9 $ RP100"]),
        ('{"a":[1]}}', ["1:10 $ RP100"]),
        ('{"a":[]}}', ["1:6 $.a RP103", "1:9 $ RP100"]),
        ('{"a":[1],"b":[1]', ["1:17 $ RP100"]),
        ('{"a":[1,],"b":[1]', ["1:9 $ RP100", "1:18 $ RP100"]),
        ('{"a":[{"prefix":"x"', ["1:20 $ RP100"]),
        ('{"a":[{"numeric":[">",1', ["1:24 $ RP100"]),
        ('{"a":[{"anything-but":', ["1:23 $ RP100"]),
        ('{"a":[', ["1:7 $ RP100"]),
        ('{"a"', ["1:5 $ RP100"]),
        ("{", ["1:2 $ RP100"]),
        ("", ["1:1 $ RP100"]),
        ('{"a":[],"b":["x]}', ["1:6 $.a RP103", "1:18 $ RP100"]),
        ('{"a":["x],\n"b":[1]}', ["1:11 $ RP100"]),
        ('{"a":[1];"b":[]}', ["1:9 $ RP100"]),
        ('{"a":[1;],"b":[]}', ["1:8 $ RP100", "1:15 $.b RP103"]),
        ('{"a":[1],,"b":[]}', ["1:10 $ RP100", "1:15 $.b RP103"]),
        ('{"a":[1],"b":[}', ["1:15 $ RP100"]),
        ('{"not": closed mark"', ["1:9 $ RP100"]),
        ("this is no JSON", ["1:1 $ RP100"]),
        ("}", ["1:1 $ RP100"]),
        ("{'a", ["1:2 $ RP100"]),
        ('{"\\x":[1]}', ["1:3 $ RP100"]),
        ("{,}", ["1:2 $ RP100"]),
    ],
)  # fmt: skip
def test_findings(text, expected):
    assert places(text) == expected


def test_strict_parser_agrees_on_the_first_fault():
    for text in ('{"a":[1,]}', "{'a':[1]}", '{"a":[01]}', '{"a" 1}', '{"a":[1}', '{"a":["x', '{"a":[1]}]', "[yes]"):
        _, faults = parse_with_faults(text)
        with pytest.raises(ValueError, match=r"\w") as caught:
            parse(text)
        assert (faults[0].message, faults[0].offset, faults[0].service_message) == (
            caught.value.message,
            caught.value.offset,
            caught.value.service_message,
        )


def test_faults_are_limited():
    assert len(places('{"a":[' + "01," * 5000 + "1]}")) == 100


@pytest.mark.parametrize(
    "part", ["[}", "'", "{,", "\\x", "[1}", '{"a":', "yes ", '"', '"a" ', "]", "[", ",", "\n", '{"$or":[']
)
def test_garbage_takes_no_time(part):
    with cpu_seconds_below(10):
        assert places('{"a":[' + part * 20_000)
