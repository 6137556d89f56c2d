"""What a template asks not to be told is not told, of it and of nothing else."""

import pytest

import rumpattern as rp

TEMPLATE = """
Metadata: {top}
Resources:
  Shop:
    Type: AWS::RUM::AppMonitor
    Metadata: {shop}
    Properties: &properties
      AppMonitorConfiguration:
        MetricDestinations:
        - Destination: Evidently
          DestinationArn: arn:aws:evidently:eu-west-1:1:project/x
          MetricDefinitions:
          - {{Name: m, Namespace: App, UnitLabel: count}}
  Shop2:
    Type: AWS::RUM::AppMonitor
    Properties: *properties
"""
ALL = [(name, code) for name in ("Shop", "Shop2") for code in ("RP314", "RP335", "RP342")]


def found(top="{}", shop="{}"):
    report = rp.validate(TEMPLATE.format(top=top, shop=shop))
    return sorted((one.where.path.split(".")[1], one.code) for one in report.diagnostics)


@pytest.mark.parametrize(
    ("top", "shop", "hidden"),
    [
        ("{}", "{}", []),
        ("{rumpattern: {ignore: [RP335]}}", "{}", [("Shop", "RP335"), ("Shop2", "RP335")]),
        ("{}", "{rumpattern: {ignore: RP335}}", [("Shop", "RP335")]),
        ("{rumpattern: {ignore: [rp342]}}", "{rumpattern: {ignore: [RP31, RP335]}}", [*ALL[:3], ALL[5]]),
        ("{other: {ignore: [RP335]}}", "text", []),
        ("{rumpattern: {ignore: []}}", "[rumpattern]", []),
    ],
)
def test_hidden_findings(top, shop, hidden):
    assert found(top, shop) == [one for one in ALL if one not in hidden]


def test_what_is_no_code():
    report = rp.validate(TEMPLATE.format(top="{rumpattern: {ignore: [RP999, RP335, 5]}}", shop="{}"))
    assert [str(one) for one in report.diagnostics if one.code == "RP348"] == [
        f"<text>:2:{column} Metadata.rumpattern.ignore[{index}]: {what} is neither a code nor a prefix of "
        "codes [RP348]  hint: write a code such as RP206"
        for column, index, what in ((34, 0, 'the string "RP999"'), (48, 2, "the number 5"))
    ]


def test_plain_definitions_have_no_metadata():
    source = {"Metadata": {"rumpattern": {"ignore": ["RP335"]}}, "Name": "m", "Namespace": "App"}
    assert {one.code for one in rp.validate(source).diagnostics} == {"RP303", "RP335"}


def test_what_has_no_effect():
    for top, message in (
        ("{rumpattern: [RP335]}", "must be an object, not an array"),
        ("{rumpattern: {ignorez: 5}}", "ignorez"),
    ):
        (finding,) = [
            one for one in rp.validate(TEMPLATE.format(top=top, shop="{}")).diagnostics if one.code == "RP349"
        ]
        assert message in finding.message
    left = [one for one in ALL if one[1] != "RP335"]
    assert found("{rumpattern: {ignore: [RP335], reason: x}}") == [*left, ("rumpattern", "RP349")]


def test_another_document_of_the_file_is_another_template():
    one = TEMPLATE.format(top="{}", shop="{}")
    other = TEMPLATE.format(top="{}", shop="{rumpattern: {ignore: [RP3]}}")
    for text in (f"{other}---{one}", f"{one}---{other}"):
        assert len(rp.validate(text).diagnostics) == len(ALL) + len(ALL) // 2


def test_resources_of_loops():
    monitor = {"Destination": "CloudWatch", "MetricDefinitions": [{"Name": "m", "Namespace": "App"}]}
    properties = {"AppMonitorConfiguration": {"MetricDestinations": [monitor]}}
    resource = {"Type": "AWS::RUM::AppMonitor", "Properties": properties}
    for metadata, codes in (({}, ["RP335"]), ({"rumpattern": {"ignore": "RP335"}}, [])):
        loop = {"Fn::ForEach::L": ["X", ["a"], {"M${X}": {**resource, "Metadata": metadata}}]}
        assert [one.code for one in rp.validate({"Resources": loop}).diagnostics] == codes
