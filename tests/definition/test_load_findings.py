"""Whole texts of what is wrong with definitions, with places that lead into the string of an EventPattern."""

import json

import pytest

import rumpattern as rp


def findings(source):
    with pytest.raises(rp.DefinitionError) as caught:
        rp.load_definitions(source)
    return str(caught.value).splitlines()


FILE = r"""{
  "AppMonitorName": "shop",
  "MetricDefinitions": [
    {
      "Name": "Fine",
      "EventPattern": "{\"event_type\": [\"x\"]}"
    },
    {
      "Name": "Wrong",
      "EventPattern": "{\"event_type\": [\"x\"], \"event_details\": {\"status\": [{\"prefx\": \"5\"}]}}"
    },
    {
      "Name": "Two lines",
      "EventPattern": "{\n  \"\u00fc\ud83d\ude00\": [\"y\"],\n  \"a\": [{\"numeric\": [\"=>\", 5]}, {}]\n}"
    },
    {
      "Name": "Broken",
      "EventPattern": "{\"a\": [1],}",
      "UnitLabel": 5
    },
    {"name": "x"}
  ]
}
"""


PLACES = [  # line, the text that stands at the column, the rest of the finding
    (
        10,
        r"\"prefx",
        (
            '[1].EventPattern → $.event_details.status[0].prefx: unknown operator "prefx" [RP108]'
            '  hint: did you mean "prefix"?'
        ),
    ),
    (
        14,
        r"\"=>",
        '[2].EventPattern → $.a[0].numeric[0]: unknown numeric operator "=>" [RP111]  hint: did you mean ">="?',
    ),
    (14, "{}", "[2].EventPattern → $.a[1]: an operator object must have one key [RP107]"),
    (
        18,
        '}"',
        (
            '[3].EventPattern → $: the pattern is not valid JSON: expected a member name in double quotes, found "}"'
            " (trailing comma) [RP100]"
        ),
    ),
    (19, "5", "[3].UnitLabel: UnitLabel must be a string, not the number 5 [RP302]"),
    (21, '{"name"', "[4]: a metric definition needs a Name [RP301]"),
    (21, '"name"', '[4].name: unknown member "name" [RP303]  hint: did you mean "Name"?'),
]


def test_places_in_a_file(tmp_path):
    path = tmp_path / "definitions.json"
    path.write_text(FILE)
    lines = FILE.splitlines()
    assert findings(path) == [
        f"{path}:{line}:{lines[line - 1].index(at) + 1} MetricDefinitions{rest}" for line, at, rest in PLACES
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "{",
            "<text>:1:2 $: not valid JSON: expected a member name in double quotes, found the end of the text [RP004]",
        ),
        (
            '{"Name": "x",\n}',
            (
                '<text>:2:1 $: not valid JSON: expected a member name in double quotes, found "}"'
                " (trailing comma) [RP004]"
            ),
        ),
        ("[]", "<text>:1:1 $: the document has no metric definitions [RP300]"),
        ('{"MetricDefinitions": []}', "<text>:1:1 $: the document has no metric definitions [RP300]"),
        (
            '{"MetricDefinitions": "x"}',
            (
                "<text>:1:23 MetricDefinitions: MetricDefinitions must be an array of definitions,"
                ' not the string "x" [RP302]'
            ),
        ),
        ("{}", "<text>:1:1 $: the document has no metric definitions [RP300]"),
        ("[5]", "<text>:1:1 $: the document has no metric definitions [RP300]"),
        ('{"Name": 5}', "<text>:1:10 Name: Name must be a string, not the number 5 [RP302]"),
        ('{"Name": ""}', "<text>:1:10 Name: Name has 0 characters; it must have 1 to 255 [RP304]"),
        (
            '{"Name": "x", "EventPattern": {"a": [1]}}',
            (
                "<text>:1:31 EventPattern: EventPattern must be a string, not an object [RP302]"
                "  hint: the API takes the pattern as a string of JSON: json.dumps(pattern)"
            ),
        ),
        (
            '{"Name": "x", "EventPattern": "[]"}',
            "<text>:1:32 EventPattern → $: a pattern must be a JSON object, not an array [RP101]",
        ),
        (
            '{"Name": "x", "DimensionKeys": [{"Key": "a", "Value": "b"}]}',
            (
                "<text>:1:32 DimensionKeys: DimensionKeys must be a JSON object, not an array [RP305]"
                '  hint: write {"metadata.browserName": "BrowserName"}: field path to dimension name'
            ),
        ),
        (
            '{"Name": "x", "DimensionKeys": {"a": 5}}',
            "<text>:1:38 DimensionKeys.a: a dimension name must be a string, not the number 5 [RP305]",
        ),
        (
            '{"Name": "x", "DimensionKeys": {"a": ":b"}}',
            "<text>:1:38 DimensionKeys.a: a dimension name must not start with a colon or be blank [RP305]",
        ),
        (
            '{"Name": "x", "DimensionKeys": {"a": " "}}',
            "<text>:1:38 DimensionKeys.a: a dimension name must not start with a colon or be blank [RP305]",
        ),
        (
            '{"Name": "x", "DimensionKeys": {"": "b"}}',
            "<text>:1:33 DimensionKeys.: a dimension's field path has 0 characters; it must have 1 to 280 [RP304]",
        ),
        (
            '{"Name": "x", "DimensionKeys": {"a": "D", "b": "D"}}',
            '<text>:1:32 DimensionKeys: more than one dimension key has the dimension name "D" [RP306]',
        ),
        (
            '{"Name": "x", "Namespaces": "n"}',
            '<text>:1:15 Namespaces: unknown member "Namespaces" [RP303]  hint: did you mean "Namespace"?',
        ),
        (
            '{"MetricDefinitions": [{"Name": "x"}], "AppMonitor": "n"}',
            '<text>:1:40 AppMonitor: unknown member "AppMonitor" [RP303]  hint: did you mean "AppMonitorName"?',
        ),
        (
            '{"Name": "x", "zzz": 1}',
            (
                '<text>:1:15 zzz: unknown member "zzz" [RP303]  hint: known members: Name, Namespace, ValueKey,'
                " UnitLabel, EventPattern, DimensionKeys, MetricDefinitionId"
            ),
        ),
    ],
)
def test_whole_text(source, text):
    assert findings(source) == [text]


@pytest.mark.parametrize(
    ("member", "length", "limit"),
    [
        ("Name", 256, "1 to 255"),
        ("Namespace", 238, "1 to 237"),
        ("ValueKey", 281, "1 to 280"),
        ("UnitLabel", 257, "1 to 256"),
        ("EventPattern", 4001, "0 to 4000"),
    ],
)
def test_too_long(member, length, limit):
    (line,) = findings({"Name": "x"} | {member: " " * length})
    assert line.endswith(f"{member}: {member} has {length} characters; it must have {limit} [RP304]")


def test_thirty_dimensions():
    (line,) = findings({"Name": "x", "DimensionKeys": {f"k{i}": f"D{i}" for i in range(30)}})
    assert line.endswith("DimensionKeys has 30 entries; it must have 0 to 29 [RP305]")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("no such file.json", "RP001"),
        ("", "RP001"),
        (".", "RP001"),
        ({"Name": {1, 2}}, "RP300"),
        ({"Name": float("nan")}, "RP300"),
    ],
)
def test_what_cannot_be_read(source, code):
    with pytest.raises(rp.DefinitionError) as caught:
        rp.load_definitions(source)
    assert [finding.code for finding in caught.value.diagnostics] == [code]


def test_a_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.json"
    path.write_bytes('{"Name": "für"}'.encode("latin-1"))
    assert findings(path) == [f"{path}: byte 0xfc at offset 11 is not UTF-8 (invalid start byte) [RP014]"]


def test_findings_of_all_definitions_at_once_in_order():
    lines = findings(
        json.dumps([{"Name": "x", "EventPattern": "{}"}, {"Name": 5}, {"Name": "y", "ValueKey": ""}], indent=1)
    )
    assert [line[line.index("[RP") :][:7] for line in lines] == ["[RP102]", "[RP302]", "[RP304]"]
