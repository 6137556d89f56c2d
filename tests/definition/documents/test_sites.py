"""Where definitions stand: in every container, with their paths, members and destinations, and places in patterns."""

import json

import pytest

import rumpattern as rp
from rumpattern.definition.documents.document import parse_document, read_document
from rumpattern.definition.documents.sites import Origin, find_sites
from rumpattern.jsontext import JsonObject, JsonString, Unknown, to_python
from rumpattern.pattern.parse import parse_located
from tests.support.cpu_time import cpu_seconds_below
from tests.support.paths import DEFINITIONS, OUTSIDE_DATA

TEMPLATES = DEFINITIONS / "templates"
SCHEMA = OUTSIDE_DATA / "cfn-AWS-RUM-AppMonitor.schema.json"
MONITOR = "Resources.Monitor.Properties.AppMonitorConfiguration.MetricDestinations"
ONE = {"Name": "PageViewCount"}


def plain(node):
    """Return a node as plain values; what is unknown by the name of its function."""
    match node:
        case Unknown(what=what):
            return f"<{what}>"
        case JsonObject(members=members):
            return {key.value: plain(value) for key, value in members}
        case _:
            return to_python(node)


def members(site):
    return {name: plain(node) for name, node in site.members.items()}


def paths(source):
    return [site.path for site in find_sites(read_document(source))]


def template(properties, kind="AWS::RUM::AppMonitor"):
    return {"Resources": {"M": {"Type": kind, "Properties": properties}}}


def monitor(definitions, **destination):
    return {"AppMonitorConfiguration": {"MetricDestinations": [destination | {"MetricDefinitions": definitions}]}}


# --- definitions and requests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "origin", "expected"),
    [
        (ONE, Origin.DEFINITION, [""]),
        ({"EventPattern": "{}"}, Origin.DEFINITION, [""]),
        ([ONE, ONE], Origin.DEFINITION, ["[0]", "[1]"]),
        ([5, ONE, {}], Origin.DEFINITION, ["[0]", "[1]", "[2]"]),
        ({"MetricDefinitions": [ONE, 5]}, Origin.CREATE_REQUEST, ["MetricDefinitions[0]", "MetricDefinitions[1]"]),
        ({"MetricDefinitions": ONE}, Origin.CREATE_REQUEST, ["MetricDefinitions"]),
        ({"MetricDefinition": [ONE]}, Origin.CREATE_REQUEST, ["MetricDefinition[0]"]),
        ({"MetricDefinition": ONE, "MetricDefinitionId": "x"}, Origin.UPDATE_REQUEST, ["MetricDefinition"]),
        ({"MetricDefinition": ONE, "MetricDefinitions": [ONE]}, Origin.CREATE_REQUEST, ["MetricDefinitions[0]"]),
        ({"MetricDefinitions": [], "Errors": []}, Origin.CREATE_REQUEST, []),
    ],
)
def test_definitions_and_requests(source, origin, expected):
    sites = find_sites(read_document(source))
    assert [site.path for site in sites] == expected
    assert {site.origin for site in sites} <= {origin}


def test_a_request():
    arn = "arn:aws:evidently:eu-central-1:111122223333:project/shop"
    wanted = {"Name": "n", "Namespace": None, "MetricDefinitionId": "i", "DimensionKeys": {"a": "B"}}
    request = {"Destination": "Evidently", "DestinationArn": arn, "MetricDefinitions": [wanted | {"Other": 1}]}
    (site,) = find_sites(read_document(request))
    assert members(site) == wanted
    assert (site.destination, site.arn) == ("Evidently", arn)
    assert (site.holder.path, to_python(site.holder.node)) == ("", request)


@pytest.mark.parametrize(
    "source",
    [
        {},
        [],
        [5, "x", {}],
        {"name": "package", "version": "1.0"},
        {"Resources": {}},
        {"Resources": {"M": 5, "N": {"Type": 5}, "O": {"Type": "AWS::RUM::AppMonitor"}}},
        template(monitor([ONE]), "AWS::S3::Bucket"),
        template(5),
        template({"AppMonitorConfiguration": []}),
        template({"AppMonitorConfiguration": {"MetricDestinations": None}}),
        template({"AppMonitorConfiguration": {"MetricDestinations": [5, {"Destination": "CloudWatch"}]}}),
        template({"Ref": "Properties"}),
        template({"AppMonitorConfiguration": {"Ref": "Configuration"}}),
        {"values": {"root_module": {}}},
        {"planned_values": {"root_module": {"resources": [5], "child_modules": [5]}}},
        "Description:\n  - nothing\n",
        "just\ntext",
    ],
)
def test_documents_without_a_site(source):
    assert paths(source) == []


def test_a_definition_in_yaml():
    (site,) = find_sites(read_document("Name: x\nEventPattern: !Sub '{}'\nValueKey: !Sub ${A}\nUnitLabel: {Ref: x}\n"))
    assert members(site) == {"Name": "x", "EventPattern": "{}", "ValueKey": "<Fn::Sub>", "UnitLabel": {"Ref": "x"}}


def test_every_document_is_looked_at():
    assert paths("Name: x\n---\n- Name: x\n- Name: y\n---\n{MetricDefinition: {Name: z}}\n") == [
        *("", "[0]", "[1]"),
        "MetricDefinition",
    ]


# --- templates -------------------------------------------------------------------------------------------------------


def test_a_template_in_json():
    sites = find_sites(read_document(TEMPLATES / "monitor.json"))
    assert [site.path.removeprefix(MONITOR) for site in sites] == [
        "[0].MetricDefinitions[0]",
        "[0].MetricDefinitions[1]",
        "[0].MetricDefinitions[2]",
        "[1].MetricDefinitions.Fn::If[1][0]",
        "[1].MetricDefinitions.Fn::If[2][0]",
    ]
    assert {site.origin for site in sites} == {Origin.CLOUDFORMATION}
    assert members(sites[1]) == {
        "Name": "HttpErrorCount",
        "EventPattern": "<Fn::Sub>",
        "DimensionKeys": {"metadata.pageId": "<Fn::If>"},
    }
    assert members(sites[2])["EventPattern"].endswith('["/${page}", "/café"]}}')
    assert [site.destination for site in sites[:3]] == ["CloudWatch"] * 3
    assert plain(sites[3].destination) == "<Ref>"
    assert sites[4].arn.startswith("arn:aws:evidently:")
    assert [site.holder.path for site in sites[2:4]] == [f"{MONITOR}[0]", f"{MONITOR}[1]"]


def test_a_template_in_yaml():
    sites = find_sites(read_document(TEMPLATES / "styles.yaml"))
    assert [site.path.removeprefix(f"{MONITOR}[0].MetricDefinitions") for site in sites] == [
        *("[0]", "[1]", "[2]", "[3]", "[4]"),
        "[5].Fn::If[1]",
    ]
    patterns = [json.loads(members(site)["EventPattern"]) for site in sites]
    assert patterns[1]["metadata"]["pageId"] == [{"prefix": "/l'atelier"}]
    assert patterns[2]["metadata"]["countryCode"] == ["NO", "DE"]
    assert members(sites[1])["DimensionKeys"] == {
        "metadata.browserName": "BrowserName",
        "metadata.pageId": "PageId",
    }
    assert members(sites[5])["Namespace"] == "<Fn::Sub>"


def test_what_cdk_writes():
    first, second = find_sites(read_document(TEMPLATES / "ShopStack.template.json"))
    path = "Resources.ShopMonitor5A1C7F2E.Properties.AppMonitorConfiguration.MetricDestinations[0].MetricDefinitions"
    assert (first.path, second.path) == (f"{path}[0]", f"{path}[1]")
    assert members(first)["UnitLabel"] == "Count"
    assert members(second) == {"EventPattern": "<Fn::Join>", "Name": "Signups", "Namespace": "Shop/Newsletter"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (5, 5),
        (None, None),
        ({"Ref": "X"}, "<Ref>"),
        ({"Condition": "X"}, "<Condition>"),
        ({"Fn::Any": []}, "<Fn::Any>"),
        ({"Fn::Sub": "a${b}"}, "<Fn::Sub>"),
        ({"Fn::Sub": "a$b {c}"}, "a$b {c}"),
        ({"Fn::Sub": "a${!b}${!c}"}, "a${b}${c}"),
        ({"Fn::Sub": "a${!b}${c}"}, "<Fn::Sub>"),
        ({"Fn::Sub": ["a", {"x": "y"}]}, "a"),
        ({"Fn::Sub": ["a${x}", {"x": "y"}]}, "<Fn::Sub>"),
        ({"Fn::Sub": []}, "<Fn::Sub>"),
        ({"Ref": "X", "Other": 1}, {"Ref": "X", "Other": 1}),
        ({"a": {"Ref": "X"}}, {"a": {"Ref": "X"}}),
        ([{"Ref": "X"}], [{"Ref": "X"}]),
    ],
)
def test_functions(value, expected):
    (site,) = find_sites(read_document(template(monitor([{"EventPattern": value}], Destination=value))))
    assert members(site) == {"EventPattern": expected}
    known = expected if isinstance(expected, str) else None
    assert (plain(site.destination) if isinstance(site.destination, Unknown) else site.destination) == known


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "X"}, "<Ref>"),
        ({"Fn::If": ["X", {"a": "B"}, {"Ref": "AWS::NoValue"}]}, "<Fn::If>"),
        ({"Condition": "X"}, {"Condition": "X"}),
        ({"a": {"Ref": "X"}, "b": {"Ref": "AWS::NoValue"}, "c": {"Fn::Sub": "D"}}, {"a": "<Ref>", "c": "D"}),
        ([{"Key": "a"}], [{"Key": "a"}]),
    ],
)
def test_functions_among_the_dimensions(value, expected):
    (site,) = find_sites(read_document(template(monitor([{"DimensionKeys": value}]))))
    assert members(site) == {"DimensionKeys": expected}


def test_no_value_is_absent():
    absent = {"Ref": "AWS::NoValue"}
    source = template(monitor([{"Name": "x", "UnitLabel": absent}, absent], Destination=absent, DestinationArn=absent))
    (site,) = find_sites(read_document(source))
    assert (members(site), site.arn) == ({"Name": "x"}, None)
    assert site.holder.destination is None


def test_branches():
    def choice(*branches):
        return {"Fn::If": ["C", *branches]}

    source = template(
        {
            "AppMonitorConfiguration": choice(
                {"MetricDestinations": choice([choice({"MetricDefinitions": [choice(ONE, choice(ONE, ONE))]}, 5)], [])},
                {"MetricDestinations": {"Ref": "X"}},
            )
        }
    )
    start = "Resources.M.Properties.AppMonitorConfiguration.Fn::If[1].MetricDestinations.Fn::If[1][0].Fn::If[1]"
    assert [path.removeprefix(f"{start}.MetricDefinitions[0]") for path in paths(source)] == [
        ".Fn::If[1]",
        ".Fn::If[2].Fn::If[1]",
        ".Fn::If[2].Fn::If[2]",
    ]


def test_destinations_beside_the_configuration():
    properties = {"MetricDestinations": [{"MetricDefinitions": [ONE]}]}
    assert paths(template(properties)) == ["Resources.M.Properties.MetricDestinations[0].MetricDefinitions[0]"]


def test_members_are_those_of_the_schema():
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA} is not there")
    definitions = json.loads(SCHEMA.read_text())["definitions"]
    names = [*definitions["MetricDefinition"]["properties"]]
    (site,) = find_sites(read_document(template(monitor([dict.fromkeys(names, "x")]))))
    assert sorted(site.members) == sorted(names)
    assert "MetricDestinations" in definitions["AppMonitorConfiguration"]["properties"]
    assert {"Destination", "DestinationArn", "MetricDefinitions"} < {*definitions["MetricDestination"]["properties"]}


# --- Terraform -------------------------------------------------------------------------------------------------------


def test_a_plan():
    sites = find_sites(read_document(TEMPLATES / "plan.json"))
    end = "values.app_monitor_configuration.metric_destinations[0].metric_definitions"
    assert [site.path for site in sites] == [
        f"planned_values.root_module.resources[1].{end}[0]",
        f"planned_values.root_module.resources[1].{end}[1]",
        f"planned_values.root_module.child_modules[0].resources[0].{end}[0]",
    ]
    assert [members(site)["Name"] for site in sites] == [
        "WebVitalsCumulativeLayoutShift",
        "SlowMoments",
        "JsErrorCount",
    ]
    assert sorted(members(sites[0])) == ["DimensionKeys", "EventPattern", "Name", "ValueKey"]
    assert sorted(members(sites[1])) == ["EventPattern", "Name", "Namespace", "UnitLabel"]
    assert (sites[0].origin, sites[0].destination, sites[0].arn) == (Origin.TERRAFORM, "CloudWatch", None)


def test_a_state():
    plan = json.loads((TEMPLATES / "plan.json").read_text())
    assert [path.partition(".")[0] for path in paths({"values": plan["planned_values"]})] == ["values"] * 3


# --- places inside patterns ------------------------------------------------------------------------------------------

PATTERN = '{"a": [{"prefx": "é"}],\n "b": [{"numeric": ["=>", 5]}], "c": {}}'
ONE_LINE = PATTERN.replace("\n", "")
TOKENS = ['"prefx"', '"=>"', "{}"]


def in_template(scalar):
    return f"""\
Resources:
  M:
    Type: AWS::RUM::AppMonitor
    Properties:
      AppMonitorConfiguration:
        MetricDestinations:
          - MetricDefinitions:
              - Name: x
                EventPattern: {scalar}
                UnitLabel: Count
"""


def block(header, text):
    return header + "".join(f"\n                  {line}" for line in text.splitlines())


def quoted(text):
    return json.dumps(text)


RESOURCE = {
    "type": "awscc_rum_app_monitor",
    "values": {"metric_destinations": [{"metric_definitions": [{"event_pattern": PATTERN}]}]},
}
CONTAINERS = {
    "object": quoted({"Name": "x", "EventPattern": PATTERN}),
    "list": json.dumps([ONE, {"EventPattern": PATTERN}], indent=2),
    "create": quoted({"MetricDefinitions": [{"EventPattern": PATTERN}]}),
    "update": quoted({"MetricDefinition": {"EventPattern": PATTERN}}),
    "json template": json.dumps(template(monitor([{"EventPattern": PATTERN}])), indent=1, ensure_ascii=False),
    "json sub": quoted(template(monitor([{"EventPattern": {"Fn::Sub": PATTERN.replace("é", "${!é}")}}]))),
    "plan": quoted({"planned_values": {"root_module": {"resources": [RESOURCE]}}}),
    "single": in_template("'" + ONE_LINE + "'"),
    "single folded": in_template("'" + PATTERN.replace("\n", "\n\n                 ") + "'"),
    "double": in_template(quoted(PATTERN)),
    "double folded": in_template(quoted(PATTERN).replace("\\n", "\\\n                  \\n")),
    "literal": in_template(block("|", PATTERN)),
    "literal keep": in_template(block("|2+ # comment", PATTERN)),
    "folded": in_template(block(">", PATTERN)),
    "folded strip": in_template(block(">-", PATTERN)),
    "sub": in_template(block("!Sub |-", PATTERN.replace("é", "${!é}"))),
    "flow": in_template("!Sub [ " + quoted(PATTERN) + ", {} ]"),
    "windows": in_template(block("|", PATTERN)).replace("\n", "\r\n"),
}


def findings(document, site):
    node = site.members["EventPattern"]
    with pytest.raises(rp.PatternError) as caught:
        parse_located(node.value, lambda index: document.locate(document.offset_in_string(node, index)), "$")
    return caught.value.diagnostics


@pytest.mark.parametrize("container", CONTAINERS)
def test_findings_in_patterns_stand_at_their_tokens(container):
    document = parse_document(CONTAINERS[container])
    site = find_sites(document)[-1]
    lines = document.text.split("\n")
    tokens = [quoted(token)[1:-1] if '\\"prefx' in document.text else token for token in TOKENS]
    found = findings(document, site)
    assert [finding.code for finding in found] == ["RP108", "RP111", "RP102"]
    for finding, token in zip(found, tokens, strict=True):
        assert lines[finding.where.line - 1][finding.where.column - 1 :].startswith(token)


def test_a_plain_pattern_is_a_mapping_or_wrong_from_its_start():
    (site,) = find_sites(parse_document(in_template('{"a": [1]}')))
    assert members(site)["EventPattern"] == {"a": [1]}
    document = parse_document(in_template("pattern\n                  x"))
    (site,) = find_sites(document)
    (finding,) = findings(document, site)
    assert (finding.code, finding.where.line, finding.where.column) == ("RP100", 9, 31)


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_patterns_of_the_fixtures(path):
    document = read_document(path)
    for site in find_sites(document):
        node = site.members["EventPattern"]
        if isinstance(node, JsonString):
            rp.parse_pattern(node.value)
            offset = document.offset_in_string(node, node.value.index("event_type"))
            assert document.text.startswith("event_type", offset)


# --- aliases ---------------------------------------------------------------------------------------------------------


def test_aliases_give_their_sites_under_every_path():
    text = in_template("'{}'").replace("AppMonitorConfiguration:", "AppMonitorConfiguration: &a")
    text += "  N:\n    Type: AWS::RUM::AppMonitor\n    Properties: {AppMonitorConfiguration: *a}\n"
    first, second = find_sites(parse_document(text))
    assert first.node is second.node
    assert (first.path[:11], second.path[:11]) == ("Resources.M", "Resources.N")


@pytest.mark.slow
@pytest.mark.parametrize("leaf", ["[{Name: x}]", "!Ref X", "[]"])
def test_branches_that_multiply_are_refused(leaf):
    lines = [f"a0: &a0 {leaf}"] + [f"a{i}: &a{i} !If [C, *a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    monitors = "Resources: {M: {Type: AWS::RUM::AppMonitor, Properties: {AppMonitorConfiguration: {MetricDestinations: "
    text = "\n".join([*lines, monitors + "[{MetricDefinitions: *a59}]}}}}\n"])
    fault = "its aliases expand to more nodes than the limit allows"
    with cpu_seconds_below(20), pytest.raises(rp.DefinitionError, match=fault):
        find_sites(parse_document(text))


@pytest.mark.slow
def test_ten_thousand_definitions():
    document = read_document(template(monitor([ONE | {"DimensionKeys": {"a": "B"}}] * 10_000)))
    assert len(find_sites(document)) == 10_000
