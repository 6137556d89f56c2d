from rumpattern.columns.fields import Kind
from rumpattern.derive.policy import REASONS
from rumpattern.native import layout
from rumpattern.rum import limits


def test_kinds_are_those_of_columns():
    kinds = {kind.name: int(kind) for kind in Kind if kind is not Kind.AMBIGUOUS}
    assert {name: getattr(layout, name) for name in kinds} == kinds
    assert len(Kind) == layout.KINDS
    assert Kind.AMBIGUOUS not in kinds.values()


def test_limits_are_those_of_cloudwatch():
    assert layout.MAX_VALUE == limits.MAX_VALUE
    assert layout.MAX_TIMESTAMP_MS == limits.MAX_TIMESTAMP_MS


def test_reasons_are_those_of_the_policy():
    assert REASONS[layout.OUT_OF_RANGE] == "value_out_of_range"
    assert REASONS[layout.TOO_LATE] == "timestamp_out_of_range"
