"""What a reader sees of a pattern's faults: whole texts, every fault at once."""

import pytest

import rumpattern as rp
from rumpattern.diagnostics.finding import DiagnosticsError
from rumpattern.diagnostics.rulebook import rulebook


def findings(source):
    with pytest.raises(rp.PatternError) as caught:
        rp.parse_pattern(source)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (
            '{"a": [1],}',
            (
                '<text>:1:11 $: the pattern is not valid JSON: expected a member name in double quotes, found "}"'
                " (trailing comma) [RP100]"
            ),
        ),
        ("[1]", "<text>:1:1 $: a pattern must be a JSON object, not an array [RP101]"),
        ("{}", "<text>:1:1 $: an object must not be empty [RP102]"),
        ('{"a": []}', "<text>:1:7 $.a: an array must not be empty [RP103]"),
        (
            '{"a": "x"}',
            (
                '<text>:1:7 $.a: a field\'s value must be an array or an object, not the string "x" [RP104]'
                "  hint: put the value in an array: [...]"
            ),
        ),
        ('{"a": [[1]]}', "<text>:1:8 $.a[0]: an array must not contain an array [RP105]"),
        (
            '{"a": [{"exists": true, "numeric": ["=", 1]}]}',
            '<text>:1:25 $.a[0]: an operator object must have exactly one key; "numeric" is a second one [RP106]',
        ),
        ('{"a": [{}]}', "<text>:1:8 $.a[0]: an operator object must have one key [RP107]"),
        (
            '{"a": [{"prefx": "x"}]}',
            '<text>:1:9 $.a[0].prefx: unknown operator "prefx" [RP108]  hint: did you mean "prefix"?',
        ),
        (
            '{"a": [{"EXISTS": true}]}',
            '<text>:1:9 $.a[0].EXISTS: unknown operator "EXISTS" [RP108]  hint: did you mean "exists"?',
        ),
        ('{"a": [{"zzz": "x"}]}', '<text>:1:9 $.a[0].zzz: unknown operator "zzz" [RP108]'),
        (
            '{"a": [{"numeric": 5}]}',
            '<text>:1:20 $.a[0].numeric: numeric needs an array such as [">", 0, "<=", 5], not the number 5 [RP110]',
        ),
        (
            '{"a": [{"numeric": ["=>", 5]}]}',
            '<text>:1:21 $.a[0].numeric[0]: unknown numeric operator "=>" [RP111]  hint: did you mean ">="?',
        ),
        (
            '{"a": [{"numeric": [">", 5, "=<", 6]}]}',
            (
                '<text>:1:29 $.a[0].numeric[2]: the second bound must start with "<" or "<=", not "=<" [RP111]'
                '  hint: did you mean "<="?'
            ),
        ),
        (
            '{"a": [{"numeric": []}]}',
            "<text>:1:21 $.a[0].numeric: numeric must start with an operator, not nothing [RP111]",
        ),
        (
            '{"a": [{"numeric": ["<", "5"]}]}',
            '<text>:1:26 $.a[0].numeric[1]: "<" needs a number, not the string "5" [RP112]',
        ),
        (
            '{"a": [{"numeric": ["<", 5, ">", 1]}]}',
            (
                '<text>:1:29 $.a[0].numeric[2]: only ">" and ">=" may be followed by a second bound:'
                " the lower bound comes first [RP113]"
            ),
        ),
        (
            '{"a": [{"numeric": [">", 5, "<", 5]}]}',
            "<text>:1:34 $.a[0].numeric[3]: the lower bound must be below the upper bound [RP114]",
        ),
        (
            '{"a": [{"numeric": ["=", 1e400]}]}',
            (
                "<text>:1:26 $.a[0].numeric[1]: 1e400 cannot be compared exactly: it is not the shortest decimal form"
                " of a double [RP115]"
            ),
        ),
        (
            '{"a": [{"prefix": 5}]}',
            "<text>:1:19 $.a[0].prefix: prefix needs a string, not the number 5 [RP118]",
        ),
        (
            '{"a": [{"suffix": {"equal-ignore-case": "x"}}]}',
            (
                '<text>:1:20 $.a[0].suffix.equal-ignore-case: suffix takes a string or {"equals-ignore-case": …},'
                ' not "equal-ignore-case" [RP119]  hint: did you mean "equals-ignore-case"?'
            ),
        ),
        (
            '{"a": [{"wildcard": "a**"}]}',
            (
                "<text>:1:21 $.a[0].wildcard: two consecutive stars at character 2 [RP120]"
                "  hint: one star matches any text; write \\* for a literal star"
            ),
        ),
        (
            '{"a": [{"wildcard": "\\\\d"}]}',
            (
                '<text>:1:21 $.a[0].wildcard: a backslash must escape "*" or another backslash; the one at'
                " character 1 does not [RP121]  hint: write two backslashes for a literal backslash"
            ),
        ),
        (
            '{"a": [{"cidr": "10.0.0.1/32"}]}',
            (
                "<text>:1:17 $.a[0].cidr: IPv4 takes 0 to 31 mask bits, not 32: a single address is written without"
                ' cidr [RP123]  hint: write a block such as "10.0.0.0/8"'
            ),
        ),
        (
            '{"a": [{"cidr": "shop/8"}]}',
            ('<text>:1:17 $.a[0].cidr: "shop" is not an IP address [RP124]  hint: write a block such as "10.0.0.0/8"'),
        ),
        (
            '{"a": [{"anything-but": true}]}',
            (
                "<text>:1:25 $.a[0].anything-but: anything-but takes a string, a number or an array of them, not true"
                " [RP125]"
            ),
        ),
        (
            '{"a": [{"anything-but": ["x", 1]}]}',
            "<text>:1:32 $.a[0].anything-but: anything-but takes strings only or numbers only [RP126]",
        ),
        (
            '{"a": [{"anything-but": {"prefx": "x"}}]}',
            (
                "<text>:1:26 $.a[0].anything-but.prefx: anything-but takes prefix, suffix, equals-ignore-case,"
                ' wildcard, not "prefx" [RP127]  hint: did you mean "prefix"?'
            ),
        ),
        (
            '{"a": [{"anything-but": {"prefix": ""}}]}',
            "<text>:1:36 $.a[0].anything-but.prefix: an empty prefix or suffix would exclude every string [RP128]",
        ),
        ('{"$or": {"a": [1]}}', "<text>:1:9 $.$or: $or must be an array of patterns, not an object [RP130]"),
        (
            '{"$or": [{"a": [1]}, "b"]}',
            '<text>:1:22 $.$or[1]: an alternative of $or must be a pattern, not the string "b" [RP131]',
        ),
        ('{"$or": [{"a": [1]}]}', "<text>:1:20 $.$or: $or must have at least two alternatives, not 1 [RP132]"),
        (
            '{"$or": [{"a": [1]}, {"b": {"prefix": ["x"]}}]}',
            (
                '<text>:1:29 $.$or[1].b.prefix: "prefix" is an operator\'s name, which a field inside $or must not'
                " have [RP133]"
            ),
        ),
        ('{"a": [{"exists": 1}]}', "<text>:1:19 $.a[0].exists: exists needs true or false, not the number 1 [RP116]"),
    ],
)
def test_whole_text(pattern, text):
    assert findings(pattern) == [text]


def test_all_faults_are_reported_in_the_order_of_the_text():
    pattern = """{
  "a": {"b": []},
  "c": "x",
  "d": [{"numeric": ["<", 5, 6]}, {"exist": true}, [2]],
  "e": {"f": {}, "g": [{"exists": 0}]},
  "$or": [{"h": [{"wildcard": "**"}]}, {"exists": [1]}, {"i": [{"anything-but": [null, {}]}],}]
}"""
    assert [line.split(":")[1] for line in findings(pattern)] == ["2", "3", "4", "4", "4", "5", "5"] + ["6"] * 5
    assert [line[line.index("[RP") :][:7] for line in findings(pattern)] == [
        "[RP103]",
        "[RP104]",
        "[RP113]",
        "[RP108]",
        "[RP105]",
        "[RP102]",
        "[RP116]",
        "[RP120]",
        "[RP133]",
        "[RP125]",
        "[RP125]",
        "[RP100]",
    ]


def test_columns_count_characters():
    assert findings('{"\U0001f600é": [\n"é", {}]}') == [
        "<text>:2:6 $.\U0001f600é[1]: an operator object must have one key [RP107]"
    ]


def test_long_values_are_cut():
    (line,) = findings('{"a": "' + "x" * 3000 + '"}')
    assert len(line) < 200


@pytest.mark.parametrize("paths", [255, 256])
def test_256_paths_are_allowed(paths):
    assert len(rp.parse_pattern({f"k{i}": [i] for i in range(paths)}).paths) == paths


def test_a_repeated_path_counts_once():
    assert len(rp.parse_pattern("{" + '"k":[1],' * 300 + '"k":[2]}').paths) == 1


@pytest.mark.parametrize("source", [b'{"a":["\xff"]}', b'\xff{"a":["x"]}'])
def test_bytes_that_are_not_utf8(source):
    with pytest.raises(rp.PatternError, match=r"byte 0xff at offset \d+ is not UTF-8"):
        rp.parse_pattern(source)


@pytest.mark.parametrize(
    "source",
    ['{"a": ["é", 1]}', '{"a": ["é", 1]}'.encode(), {"a": ["é", 1]}, {"a": ("é", 1)}, '{"a": ["\\u00e9", 1.0]}'],
)
def test_source_as_text_bytes_and_mapping(source):
    assert str(rp.parse_pattern(source)) == '{"a":["\\u00e9",1]}'


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x"])
def test_a_mapping_that_json_cannot_say(value):
    with pytest.raises(TypeError):
        rp.parse_pattern({"a": [value]})


def test_pattern_error_is_a_value_error():
    assert issubclass(rp.PatternError, DiagnosticsError)
    assert issubclass(DiagnosticsError, ValueError)
    assert all(len(code) == 5 for code in rulebook())
