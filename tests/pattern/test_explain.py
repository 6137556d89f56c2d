"""Explanations as a person reads them: every kind of miss, and the places of values in arrays."""

import pytest

import rumpattern as rp
from rumpattern.pattern.misses import Miss


def explain(pattern, event):
    return rp.parse_pattern(pattern).explain(event)


def test_a_whole_explanation():
    pattern = """{
        "event_type": ["com.amazon.rum.http_event"],
        "event_details": {"response": {"status": [{"numeric": [">=", 400, "<", 500]}, 200]}, "ok": [true]},
        "metadata": {"browserName": ["Chrome", {"prefix": "Fire"}]}
    }"""
    event = {
        "event_type": "com.amazon.rum.http_event",
        "event_details": {"response": {"status": "404"}},
        "metadata": {"browserName": "chrome"},
    }
    assert str(explain(pattern, event)) == (
        """\
no match: 3 of 4 fields fail
  ok    event_type
          wanted  "com.amazon.rum.http_event"
          found   string "com.amazon.rum.http_event"
  fails event_details.response.status
          wanted  {"numeric":[">=",400,"<",500]} or 200
          found   string "404"
          why     "404" is not the number 404: {"numeric":[">=",400,"<",500]} matches numbers only
  fails event_details.ok
          wanted  true
          found   nothing
          why     absent (an empty object or array counts as absent)
  fails metadata.browserName
          wanted  "Chrome" or {"prefix":"Fire"}
          found   string "chrome"
          why     "chrome" differs only in case"""
    )


def test_a_match():
    assert str(explain({"a": [1]}, {"a": [0, 1]})) == (
        "match\n  ok    a\n          wanted  1\n          found   number 0 at a[0], number 1 at a[1]"
    )


def test_branches():
    explanation = explain({"$or": [{"a": [1], "b": [1]}, {"c": ["x"]}]}, {"a": 2, "b": 2, "c": "y"})
    assert str(explanation).splitlines()[:2] == ["no match: none of 2 branches", "branch 1 of 2: no match"]
    assert [field.path for field in explanation.nearest.failing] == ["c"]


def test_different_array_elements():
    people = [{"first": "Anna", "last": "Smith"}, {"first": "John", "last": "Jones"}]
    explanation = explain({"p": {"first": ["Anna"], "last": ["Jones"]}}, {"p": people})
    assert not explanation.matches
    assert explanation.nearest.failing == ()
    assert str(explanation.nearest.reason) == (
        "each field matches, but in different array elements: p[0].first, p[1].last"
    )


REASONS = [
    ('"200"', 200, Miss.TYPE, '200 is not "200": "200" matches strings only'),
    ("200", "200", Miss.TYPE, '"200" is not the number 200: 200 matches numbers only'),
    ("200", "2e2", Miss.TYPE, '"2e2" is not the number 2e2: 200 matches numbers only'),
    ("true", "true", Miss.TYPE, '"true" is not true without quotes'),
    ("null", "null", Miss.TYPE, '"null" is not null without quotes'),
    ("true", 1, Miss.OTHER_TYPE, "1 is not true"),
    ("null", False, Miss.VALUE, "false is not null"),
    ('{"prefix":"4"}', 404, Miss.TYPE, '404 is not "404": {"prefix":"4"} matches strings only'),
    ('"Chrome"', "CHROME", Miss.CASE, '"CHROME" differs only in case'),
    ('{"suffix":".JS"}', "a.js", Miss.CASE, '"a.js" differs only in case'),
    ('{"wildcard":"*/Cart/*"}', "/cart/1", Miss.CASE, '"/cart/1" differs only in case'),
    ('"x"', " x", Miss.SPACE, '" x" differs only in leading or trailing white space'),
    ('{"numeric":[">=",2000]}', 1999.5, Miss.RANGE, "1999.5 is below 2000 by 0.5"),
    ('{"numeric":[">",0,"<",10]}', 10, Miss.RANGE, "10 is the bound, which is excluded"),
    ('{"numeric":["<",10]},{"numeric":[">",100]}', 90, Miss.RANGE, "90 is below 100 by 10"),
    ("5", 6, Miss.VALUE, "6 is a different value"),
    ('"com.amazon.rum.js_error_event"', "com.amazon.rum.js_errors_event", Miss.SIMILAR,
     '"com.amazon.rum.js_errors_event" is similar to "com.amazon.rum.js_error_event"'),
    ('" x"', "x", Miss.SPACE, '"x" differs only in leading or trailing white space'),
    ('{"wildcard":"foo*Bar"}', "Foobar", Miss.CASE, '"Foobar" differs only in case'),
    ("9007199254740992", "9007199254740993", Miss.OTHER_TYPE, '"9007199254740993" is a string'),
    ('"Zürich"', "zürich", Miss.CASE, '"zürich" differs only in case'),
    ('"\\u65e5\\u672c"', "日本語", Miss.VALUE, '"日本語" is a different value'),
    ('"x"', "y", Miss.VALUE, '"y" is a different value'),
    ('"x"', None, Miss.OTHER_TYPE, "null is a literal"),
    ('{"cidr":"10.0.0.0/8"}', "11.0.0.1", Miss.VALUE, '"11.0.0.1" is a different value'),
    ('{"anything-but":"x"}', "x", Miss.EXCLUDED, '"x" is excluded'),
    ('{"exists":false}', None, Miss.PRESENT, "null is present, and the field must be absent"),
]  # fmt: skip


@pytest.mark.parametrize(("elements", "value", "kind", "text"), REASONS)
def test_reasons(elements, value, kind, text):
    (field,) = explain(f'{{"a":[{elements}]}}', {"a": value}).nearest.fields
    assert (field.reason.kind, str(field.reason)) == (kind, text)


def test_a_number_that_no_double_stands_for():
    (field,) = explain('{"a":[9007199254740992]}', '{"a":9007199254740993}').nearest.fields
    assert field.reason.kind is Miss.INEXACT


@pytest.mark.parametrize(
    ("path", "event", "kind", "text"),
    [
        ("a", {"a": {"b": 1, "c": 2}}, Miss.OBJECT, "an object with the members b, c"),
        ("a.status", {"a": {"response": {"status": 1}}}, Miss.OTHER_PATH, "absent, but a.response.status is present"),
        ("a.pageID", {"a": {"pageId": 1}}, Miss.OTHER_PATH, "absent, but a.pageId is present"),
        ("a.b", {"a": "x"}, Miss.ABSENT, "absent: a is not an object"),
        ("a", {"b": 1}, Miss.ABSENT, "absent (an empty object or array counts as absent)"),
        ("a", {"a": []}, Miss.ABSENT, "absent (an empty object or array counts as absent)"),
    ],
)
def test_absent_fields(path, event, kind, text):
    (field,) = explain({path: ["x"]}, event).nearest.fields
    assert (field.reason.kind, str(field.reason)) == (kind, text)


def test_a_field_that_may_be_absent_is_not_blamed_for_another():
    event = {"d": [{"a": 1}, {"b": 2}], "z": 1}
    explanation = explain({"d": {"a": [1], "b": [{"exists": False}]}, "z": [9]}, event)
    assert [field.path for field in explanation.nearest.failing] == ["z"]
    explanation = explain({"d": {"a": [1], "b": [{"exists": False}]}, "z": [1]}, {"d": [{"a": 1, "b": 2}], "z": 1})
    assert [field.path for field in explanation.nearest.failing] == ["d.b"]


def test_of_many_branches_the_nearest_is_shown():
    alternatives = [{"a": [number], "b": [number]} for number in range(20)]
    text = str(explain({"$or": alternatives}, {"a": 7, "b": 100}))
    assert text.splitlines()[:2] == ["no match: none of 20 branches", "branch 8 of 20: no match"]
    assert len(text.splitlines()) == 9


def test_long_values_are_cut_and_control_characters_spelled_out():
    text = str(explain({"a": [str(number) for number in range(50)]}, {"a": "\x1b[31m" + "y" * 100, "b": 1}))
    assert '"0" or "1" or "2" or "3" or "4" and 45 more' in text
    assert "\x1b" not in text
    assert "\\u001b[31myyyy" in text
    assert "y" * 60 not in text
