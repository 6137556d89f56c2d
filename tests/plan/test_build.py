"""What a plan reads and tests."""

import pytest

import rumpattern as rp
from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.build import build_plan

ALWAYS = ("application_name", "event_timestamp", "event_type")


def definition(pattern=None, **members):
    return rp.MetricDefinition("m", pattern=None if pattern is None else rp.parse_pattern(pattern), **members)


def test_no_definitions():
    plan = build_plan([])
    assert (plan.paths, plan.predicates, plan.planned, plan.paths_by_type()) == (ALWAYS, (), (), {})


def test_equal_predicates_are_shared():
    plan = build_plan(
        [
            definition('{"a":{"b":["x"]},"c":[1]}'),
            definition('{"c":[1.0],"d":[1]}'),
            definition('{"a.b":["x"]}'),
            definition('{"a.b":["x","y"]}'),
        ]
    )
    assert [predicate.path for predicate in plan.predicates] == ["a.b", "c", "d", "a.b"]
    assert [planned.branches for planned in plan.planned] == [((0, 1),), ((1, 2),), ((0,),), ((3,),)]
    assert plan.predicates[0].elements == (StringEquals("x"),)


def test_branches_share_predicates():
    (planned,) = build_plan([definition('{"a":[1],"$or":[{"b":[1]},{"c":[1]},{"a":[2]}]}')]).planned
    assert planned.branches == ((0, 1), (0, 2), (3,))
    assert {"a", "b", "c"} <= planned.paths


def test_paths_are_those_of_patterns_values_and_dimensions():
    plan = build_plan(
        [
            definition('{"b":[1]}', value_key="v.w", dimension_keys=(("d", "D"), ("b", "B"))),
            definition(value_key="v.w"),
        ]
    )
    assert plan.paths == tuple(sorted((*ALWAYS, "b", "d", "v.w")))
    assert [planned.definition for planned in plan.planned] == list(plan.definitions)


@pytest.mark.parametrize(
    ("path", "other"), [("sessionId", "user_details.sessionId"), ("user_details.userId", "userId")]
)
def test_a_derived_field_reads_its_other_place(path, other):
    assert {path, other} <= set(build_plan([definition(value_key=path)]).paths)


@pytest.mark.parametrize(
    ("patterns", "types"),
    [
        (['{"event_type":["t"]}'], {"t"}),
        (['{"event_type":["t","u"],"a":[1]}', '{"a":[1],"event_type":["v"]}'], {"t", "u", "v"}),
        (['{"event_type":["t"]}', '{"a":[1]}'], None),
        (['{"event_type":["t"]}', None], None),
        (['{"event_type":["t",{"exists":false}]}'], None),
        (['{"event_type":["t",null]}'], None),
        (['{"event_type":{"x":["t"]}}'], None),
        (['{"event_type":[{"exactly":"t"}]}'], {"t"}),
        (['{"event_type":[{"prefix":"t"}]}'], None),
        (['{"event_type":[{"anything-but":"t"}]}'], None),
        (['{"$or":[{"event_type":["t"]},{"event_type":["u"],"a":[1]}]}'], {"t", "u"}),
        (['{"$or":[{"event_type":["t"]},{"a":[1]}]}'], None),
        (['{"event_type":["t"],"$or":[{"b":[1]},{"a":[1]}]}'], {"t"}),
    ],
)
def test_event_types(patterns, types):
    by_type = build_plan(map(definition, patterns)).paths_by_type()
    assert types == (None if by_type is None else set(by_type))


def test_paths_by_type_are_those_of_the_definitions_that_can_match_it():
    plan = build_plan(
        [definition('{"event_type":["t","u"],"a":[1]}'), definition('{"event_type":["u"]}', value_key="b")]
    )
    assert plan.paths_by_type() == {"t": {*ALWAYS, "a"}, "u": {*ALWAYS, "a", "b"}}
