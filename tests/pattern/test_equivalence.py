"""Patterns that mean the same though they are spelled differently, and near ones that do not."""

import pytest

import rumpattern as rp

SAME = [
    ('{"a":[1,2]}', '{"a":[2.0,1,2e0]}'),
    ('{"a":{"b":["x"]},"c":[1]}', '{"c":[1],"a.b":["x","x"]}'),
    ('{"a":[{"numeric":["=",5]}]}', '{"a":[5]}'),
    ('{"a":[{"numeric":[">=",0,"<",2000]},{"numeric":[">=",2000,"<",8000]}]}', '{"a":[{"numeric":[">=",0,"<",8000]}]}'),
    ('{"a":[{"numeric":[">",5]},5]}', '{"a":[{"numeric":[">=",5]}]}'),
    ('{"a":[{"numeric":[">",0]},{"numeric":[">",5]}]}', '{"a":[{"numeric":[">",0]}]}'),
    ('{"a":["10.0.0.1"]}', '{"a":["010.0.0.1"]}'),
    ('{"a":[{"exists":true},1,"x"]}', '{"a":[{"exists":true}]}'),
    ('{"a":[{"anything-but":"x"},{"anything-but":"y"}]}', '{"a":[{"exists":true}]}'),
    ('{"a":[{"anything-but":["x","y"]},"x"]}', '{"a":[{"anything-but":"y"}]}'),
    ('{"a":[{"anything-but":5},5]}', '{"a":[{"exists":true}]}'),
    ('{"a":[{"anything-but":{"wildcard":"*"}}]}', '{"a":[{"anything-but":{"wildcard":"*"}},null]}'),
    ('{"a":[{"prefix":""},"x"]}', '{"a":[{"suffix":""}]}'),
    ('{"a":[{"wildcard":"x*"}]}', '{"a":[{"prefix":"x"}]}'),
    ('{"a":[{"wildcard":"*x"}]}', '{"a":[{"suffix":"x"}]}'),
    ('{"a":[{"wildcard":"x"}]}', '{"a":["x"]}'),
    ('{"a":[{"equals-ignore-case":"/1/"}]}', '{"a":["/1/"]}'),
    ('{"a":[{"prefix":{"equals-ignore-case":"/1/"}}]}', '{"a":[{"prefix":"/1/"}]}'),
    ('{"$or":[{"a":[1]},{"a":["x"]}]}', '{"a":["x",1]}'),
    ('{"$or":[{"a":[1],"b":[1]},{"a":[2],"b":[1]}]}', '{"b":[1],"a":[1,2]}'),
    ('{"$or":[{"a":[1]},{"b":[1]}]}', '{"$or":[{"b":[1]},{"a":[1]}]}'),
]
DIFFERENT = [
    ('{"a":[1]}', '{"a":["1"]}'),
    ('{"a":[1]}', '{"b":[1]}'),
    ('{"a":[1]}', '{"a":[true]}'),
    ('{"a":[{"numeric":[">",5]}]}', '{"a":[{"numeric":[">=",5]}]}'),
    ('{"a":[{"numeric":[">",0,"<",5]},{"numeric":[">",5]}]}', '{"a":[{"numeric":[">",0]}]}'),
    ('{"a":["10.0.0.1"]}', '{"a":[{"exactly":"10.0.0.1"}]}'),
    ('{"a":[{"exists":true}]}', '{"a":[{"exists":false}]}'),
    ('{"a":[{"anything-but":"x"}]}', '{"a":[{"exists":true}]}'),
    ('{"a":[{"anything-but":{"wildcard":"*"}}]}', '{"a":[{"exists":true}]}'),
    ('{"a":[9007199254740993]}', '{"a":[9007199254740992]}'),
    ('{"a":[{"equals-ignore-case":"x"}]}', '{"a":["x"]}'),
    ('{"a":[1],"b":[1]}', '{"$or":[{"a":[1]},{"b":[1]}]}'),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_meaning(one, other):
    assert rp.parse_pattern(one).equivalent(rp.parse_pattern(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_meaning(one, other):
    assert not rp.parse_pattern(one).equivalent(rp.parse_pattern(other))
