"""A plan as text."""

import rumpattern as rp

EXPLAINED = """\
columns (8)
  application_name
  event_details.duration
  event_timestamp
  event_type
  metadata.browserName
  sessionId
  user_details.sessionId
  x
predicates (3)
  p0  event_type in ["com.amazon.rum.performance_navigation_event"]  used by 2
  p1  event_details.duration in [{"numeric":[">=",2000,"<",8000]}]  used by 1
  p2  x in ["\\u00e9", 1, null, {"exists":false}]  used by 1
definitions (3)
  d0  AWS/RUM Tolerated
      event types  com.amazon.rum.performance_navigation_event
      matches      p0 and p1
      value        1 for each event  unit None
      dimensions   Browser = metadata.browserName, application_name = added by RUM
  d1  RUM/CustomMetrics/shop Duration
      event types  com.amazon.rum.performance_navigation_event
      matches      p2 and p0
      value        event_details.duration  unit Milliseconds
      dimensions   application_name = sessionId
  d2  AWS/RUM Everything
      event types  any
      matches      every event
      value        1 for each event  unit None
      dimensions   application_name = added by RUM
matching
  up to 3 branches of a type: a mask for each predicate
  more: classes of values; up to 2,097,152 combinations of classes have a table, else sets of
        branches are intersected row by row
  over 4,096: the strings that branches ask for are looked up, and the few branches found are tested
  any type: 1 definition, 1 branch: masks
  com.amazon.rum.performance_navigation_event: 2 definitions, 2 branches: masks"""


def test_alternatives_are_explained():
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern('{"$or":[{"a":[1],"b":[2]},{"c":[3]}]}'))])
    assert "matches      p0 and p1 or p2" in engine.explain()
    assert "p2  c in [3]  used by 1" in engine.explain()


def test_forms_are_explained():
    def explained(*patterns):
        engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])
        return engine.explain().splitlines()[-1]

    strings = [{"event_type": ["t"], "a": [f"v{i}"], "b": [{"exists": i % 2 > 0}]} for i in range(20)]
    assert explained(*strings) == "  t: 20 definitions, 20 branches: 21+ x 2 classes of a, b: table"
    ranges = [{path: [{"numeric": [">", i]}] for path in "abcd"} for i in range(50)]
    assert (
        explained(*ranges)
        == "  any type: 50 definitions, 50 branches: 51 x 51 x 51 x 51 classes of a, b, c, d: row by row"
    )


def test_explain():
    navigation = '"event_type":["com.amazon.rum.performance_navigation_event"]'
    tolerated = f'{{{navigation},"event_details":{{"duration":[{{"numeric":[">=",2000,"<",8000]}}]}}}}'
    engine = rp.compile(
        rp.load_definitions(
            [
                {"Name": "Tolerated", "EventPattern": tolerated, "DimensionKeys": {"metadata.browserName": "Browser"}},
                {
                    "Name": "Duration",
                    "Namespace": "shop",
                    "EventPattern": f'{{"x":["é",1.0,null,{{"exists":false}}],{navigation}}}',
                    "ValueKey": "event_details.duration",
                    "UnitLabel": "Milliseconds",
                    "DimensionKeys": {"sessionId": "application_name"},
                },
                {"Name": "Everything"},
            ]
        )
    )
    assert engine.explain() == EXPLAINED
