"""The place of a finding is where its token stands: in every container and every way of writing a string."""

import json

import pytest

from rumpattern.definition.fixes import fix
from rumpattern.definition.validate import validate_text

PATTERN = '{"event_type": ["x"], "metadata": {"pageId": [{"prefx": "/"}]}}'
DEFINITION = {"Name": "m", "Namespace": "App", "EventPattern": PATTERN}
DESTINATION = {"Destination": "CloudWatch", "MetricDefinitions": [DEFINITION]}


def template(destination):
    properties = {"AppMonitorConfiguration": {"MetricDestinations": [destination]}}
    return {"Resources": {"Monitor": {"Type": "AWS::RUM::AppMonitor", "Properties": properties}}}


def plan():
    definition = {"name": "m", "namespace": "App", "event_pattern": PATTERN}
    destination = {"destination": "CloudWatch", "metric_definitions": [definition]}
    values = {"app_monitor_configuration": {"metric_destinations": [destination]}}
    return {"planned_values": {"root_module": {"resources": [{"type": "awscc_rum_app_monitor", "values": values}]}}}


def yaml(scalar):
    """Return a template in YAML whose pattern is written as a scalar."""
    return f"""\
Resources:
  Monitor:
    Type: AWS::RUM::AppMonitor
    Properties:
      AppMonitorConfiguration:
        MetricDestinations:
          - Destination: CloudWatch
            MetricDefinitions:
              - Name: m
                Namespace: App
                EventPattern: {scalar}
                UnitLabel: Count
"""


LINES = '{"event_type": ["x"],\n                   "metadata": {"pageId": [{"prefx": "/"}]}}'
IN_TEMPLATE = (
    "Resources.Monitor.Properties.AppMonitorConfiguration.MetricDestinations[0].MetricDefinitions[0].EventPattern"
)
IN_PLAN = (
    "planned_values.root_module.resources[0].values.app_monitor_configuration.metric_destinations[0]"
    ".metric_definitions[0].event_pattern"
)
CASES = {
    "definition": (json.dumps(DEFINITION), "EventPattern"),
    "list": (json.dumps([DEFINITION], indent=1), "[0].EventPattern"),
    "create request": (json.dumps({"AppMonitorName": "shop", **DESTINATION}), "MetricDefinitions[0].EventPattern"),
    "update request": (
        json.dumps({"MetricDefinition": DEFINITION, "MetricDefinitionId": "i"}, indent=2),
        "MetricDefinition.EventPattern",
    ),
    "CloudFormation in JSON": (json.dumps(template(DESTINATION), indent="\t"), IN_TEMPLATE),
    "Terraform plan": (json.dumps(plan()), IN_PLAN),
    "every character escaped": (
        json.dumps({**DEFINITION, "EventPattern": "*"}).replace("*", "".join(f"\\u{ord(c):04x}" for c in PATTERN)),
        "EventPattern",
    ),
    "single quotes": (yaml(f"'{PATTERN}'"), IN_TEMPLATE),
    "single quotes, folded": (yaml(f"'{LINES}'"), IN_TEMPLATE),
    "double quotes": (yaml(json.dumps(PATTERN)), IN_TEMPLATE),
    "double quotes, folded": (yaml('"' + LINES.replace('"', '\\"').replace("\n", "\\\n") + '"'), IN_TEMPLATE),
    "literal block": (yaml("|-\n                   " + LINES), IN_TEMPLATE),
    "folded block": (yaml(">\n                   " + LINES), IN_TEMPLATE),
    "tagged": (yaml(f"!Sub '{PATTERN}'"), IN_TEMPLATE),
    "anchored": (yaml(f"&pattern '{PATTERN}'"), IN_TEMPLATE),
    "Windows line ends": (yaml("|\n                   " + LINES).replace("\n", "\r\n"), IN_TEMPLATE),
}
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in '"prefx"')


@pytest.mark.parametrize(("text", "path"), CASES.values(), ids=CASES)
def test_places(text, path):
    (finding,) = [one for one in validate_text(text, None).diagnostics if one.severity == "error"]
    assert (finding.code, finding.where.path) == ("RP108", f"{path} → $.metadata.pageId[0].prefx")
    line = text.split("\n")[finding.where.line - 1]
    token = line[finding.where.column - 1 :]
    assert token.startswith(('"prefx"', '\\"prefx\\"', ESCAPED))
    assert fix(validate_text(text, None)) == (text, [])


@pytest.mark.parametrize("scalar", ["m", "'m'", '"m"', "|\n                 m", ">-\n                 m", "!!str m"])
def test_places_of_members(scalar):
    text = yaml(f"'{PATTERN}'").replace("UnitLabel: Count", f"UnitLabel: {scalar}")
    (finding,) = [one for one in validate_text(text, None).diagnostics if one.code == "RP314"]
    line = text.split("\n")[finding.where.line - 1]
    assert line[finding.where.column - 1 :].startswith(scalar.split("\n")[0].removeprefix("!!str "))
