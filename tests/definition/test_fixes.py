"""Safe edits: each fixes what it is meant for, in every way that a string can be written, and changes nothing else."""

import json
import re

import pytest

import rumpattern as rp
from rumpattern.definition.fixes import fix
from rumpattern.definition.validate import validate_text
from tests.support.cpu_time import cpu_seconds_below


def fixed(text, name=None):
    """Return a text after all its safe edits, and the codes of what they fixed."""
    codes = []
    while True:
        text, done = fix(validate_text(text, name))
        if not done:
            return text, codes
        codes += [finding.code for finding in done]


def request(**members):
    return json.dumps({"Name": "m", "Namespace": "App", "EventPattern": '{"event_type":["e"]}', **members}, indent=1)


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ('{"event_type":["e"],}', '{"event_type":["e"]}', ["RP100"]),
        ('{"event_type":["e" , ]}', '{"event_type":["e"  ]}', ["RP100"]),
        ('{"event_type":["e",],"metadata":{"x":[1],},}', '{"event_type":["e"],"metadata":{"x":[1]}}', ["RP100"] * 3),
        ('{"event_type":"e"}', '{"event_type":["e"]}', ["RP104"]),
        ('{"event_type":"é\\u0041","metadata":{"x":1.50}}', '{"event_type":["é\\u0041"],"metadata":{"x":[1.50]}}', 2),
        ('{"event_type":"e",}', '{"event_type":["e"]}', 2),
        ('{"a":[{"numeric":["=>",1,"=<",2]}]}', '{"a":[{"numeric":[">=",1,"<=",2]}]}', ["RP111", "RP111"]),
        ('{"a":[{"numeric":["==",1]}]}', '{"a":[{"numeric":["=",1]}]}', ["RP111"]),
        ('{"a":[{"numeric":[">",1,"=>",2]}]}', '{"a":[{"numeric":[">",1,"=>",2]}]}', []),
        ('{"a":[{"numeric":["\\u003d>",1]}]}', '{"a":[{"numeric":["\\u003d>",1]}]}', []),
        ('{"a":{"b":}}', '{"a":{"b":}}', []),
    ],
)
def test_patterns(before, after, codes):
    text, fixes = fixed(request(EventPattern=before))
    assert json.loads(text) == json.loads(request(EventPattern=after))
    assert fixes == codes or len(fixes) == codes
    assert text == request(EventPattern=after)


@pytest.mark.parametrize(
    ("member", "before", "after"),
    [
        ("UnitLabel", "count", "Count"),
        ("UnitLabel", "Millisecond", "Milliseconds"),
        ("UnitLabel", "bytes/second", "Bytes/Second"),
        ("UnitLabel", "ms", "ms"),
        ("Namespace", "RUM/CustomMetrics/Shop", "Shop"),
        ("Namespace", "RUM/CustomMetrics//Shop/", "Shop/"),
        ("Namespace", "RUM/CustomMetrics/", "RUM/CustomMetrics/"),
        ("Namespace", "RUM/CustomMetrics/AWS/RUM", "RUM/CustomMetrics/AWS/RUM"),
    ],
)
def test_members(member, before, after):
    text, fixes = fixed(request(**{member: before}))
    assert text == request(**{member: after})
    assert len(fixes) == (before != after)


def test_a_document_with_commas_too_many():
    text = '[\r\n {"Name":"m","Namespace":"App","EventPattern":"{}",},\r\n]'
    after, fixes = fixed(text)
    assert after == '[\r\n {"Name":"m","Namespace":"App","EventPattern":"{}"}\r\n]'
    assert fixes == ["RP004", "RP004"]


STYLES = {
    "single": """'{"event_type": "l''e",
    "a": [{"numeric": ["=>", 5]}],}' # "x",}""",
    "double": r'''"{\"event_type\": \"l'e\", \
    \"a\": [{\"numeric\": [\"=>\", 5]}], }"''',
    "literal": """|
                {
                  "event_type": "l'e",
                  "a": [{"numeric": ["=>", 5]}],
                }""",
    "folded": """>-
                {"event_type": "l'e",
                "a":

                  [{"numeric": ["=>", 5]}],
                }""",
    "sub": """!Sub '{"event_type": "l''e", "a": [{"numeric": ["=>", 5]}],}'""",
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_styles_of_yaml(style):
    template = f"""# a comment, ]
Resources:
  Monitor:
    Type: AWS::RUM::AppMonitor
    Properties: {{AppMonitorConfiguration: {{MetricDestinations: !If [A, [&x {{Destination: CloudWatch}}], []]}}}}
  Other:
    Type: AWS::RUM::AppMonitor
    Properties:
      AppMonitorConfiguration:
        MetricDestinations:
        - Destination: CloudWatch
          MetricDefinitions:
          - Name:   m
            Namespace: RUM/CustomMetrics/App   # ours
            UnitLabel: 'count'
            EventPattern: {style}
"""
    after, fixes = fixed(template)
    expected = template.replace("RUM/CustomMetrics/", "").replace("'count'", "'Count'").replace("=>", ">=")
    expected = re.sub(r'(\\?"l.*?e\\?")', r"[\1]", expected)
    expected = re.sub(r"\],(\s*\}[\"']?(?: #.*)?$)", r"]\1", expected)
    assert after == expected
    assert sorted(fixes) == ["RP100", "RP104", "RP111", "RP314", "RP337"]
    assert [one.code for one in rp.validate(after).diagnostics if one.fix] == []


def test_an_edit_that_yaml_would_read_as_something_else_is_left_out():
    text = 'Name: m\nNamespace: RUM/CustomMetrics/12\nUnitLabel: count\nEventPattern: \'{"event_type":["e"]}\'\n'
    after, fixes = fixed(text)
    assert after == text.replace("count", "Count")
    assert fixes == ["RP314"]


def test_a_text_that_two_definitions_share_is_edited_once():
    text = '- &a {Name: m, Namespace: App, UnitLabel: count, EventPattern: \'{"event_type":["e"],}\'}\n- *a\n'
    after, fixes = fixed(text)
    assert after == text.replace("count", "Count").replace("],}", "]}")
    assert sorted(fixes) == ["RP100", "RP314"]


def test_plans_are_left_to_the_tool_that_makes_them():
    definition = {"name": "m", "namespace": "App", "event_pattern": '{"event_type":["e"],}'}
    values = {"app_monitor_configuration": {"metric_destinations": [{"metric_definitions": [definition]}]}}
    resource = {"type": "awscc_rum_app_monitor", "values": values}
    plan = json.dumps({"planned_values": {"root_module": {"resources": [resource]}}})
    assert "RP100" in {finding.code for finding in validate_text(plan, None).diagnostics}
    assert fixed(plan) == (plan, [])


@pytest.mark.parametrize(
    ("before", "operator"),
    [
        ('{"metadata":{"browserName":{"prefix":"Chr"}}}', '{"prefix": "Chr"}'),
        ('{"metadata":{"pageId":{"exists":true}}}', '{"exists": true}'),
        ('{"metadata":{"pageId":{"prefx":"é"}}}', '{"prefix": "é"}'),
        ('{"metadata":{"pageId":{"anything_but":5}}}', '{"anything-but": 5}'),
    ],
)
def test_an_operator_without_its_array_is_not_made_a_field(before, operator):
    text = request(EventPattern=before)
    assert fixed(text) == (text, [])
    hints = [one.hint for one in rp.validate(text).diagnostics if one.code == "RP104"]
    assert hints == [f"put the operator in an array: [{operator}]"]


def test_a_text_that_stands_elsewhere_too_is_left_alone():
    text = (
        "Resources:\n  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Namespace: &ns RUM/CustomMetrics/Shop}}\n"
        "  M:\n    Type: AWS::RUM::AppMonitor\n    Properties:\n      AppMonitorConfiguration:\n"
        "        MetricDestinations:\n        - Destination: CloudWatch\n          MetricDefinitions:\n"
        '          - {Name: m, Namespace: *ns, UnitLabel: count, EventPattern: \'{"event_type":["e"]}\'}\n'
    )
    assert fixed(text) == (text.replace("count", "Count"), ["RP314"])


def many(namespaces, unit="count"):
    line = '- {{Name: m{}, Namespace: {}, UnitLabel: {}, EventPattern: \'{{"event_type":"e"}}\'}}\n'
    return "".join(line.format(index, name, unit) for index, name in enumerate(namespaces))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [1, 150, 300])
def test_edits_that_are_left_out_cost_little(wrong):
    good = ["RUM/CustomMetrics/Shop"] * (300 - wrong)
    text = many([*good, *["RUM/CustomMetrics/12"] * wrong])
    report = validate_text(text, None)
    with cpu_seconds_below(15):
        after, done = fix(report)
    assert after.count("Shop") == after.count(" Shop") == len(good)
    assert after.count("RUM/CustomMetrics/12") == wrong
    assert len(done) == 900 - wrong


@pytest.mark.slow
def test_many_commas_are_mended_in_one_go():
    text = "[" + ",".join(request(Name=f"m{index}")[:-1] + ",}" for index in range(2_000)) + ",]"
    report = validate_text(text, None)
    assert [one.code for one in report.diagnostics] == ["RP004"] * 2_001
    after, done = fix(report)
    assert (len(done), validate_text(after, None).diagnostics) == (2_001, ())
    broken = validate_text('{"Name":"m","ValueKey":"a",,"EventPattern":"{}",}', None).diagnostics
    assert [(one.code, bool(one.fix)) for one in broken] == [("RP004", False)]
    mixed = validate_text('[{"Name":"m",},{"Name":"n" "b":5},]', None).diagnostics
    assert [(one.code, bool(one.fix)) for one in mixed] == [("RP004", True), ("RP004", False)]


def test_an_edit_that_leaves_no_namespace_is_not_offered():
    assert fixed(request(Namespace="RUM/CustomMetrics/*x"))[1] == []
    text = 'Name: m\nNamespace: RUM/CustomMetrics/#x\nEventPattern: \'{"event_type":["e"]}\'\n'
    assert fixed(text) == (text, [])
