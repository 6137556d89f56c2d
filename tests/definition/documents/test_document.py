"""Documents: which text is JSON and which YAML, what is refused, and where, and what is imported for it."""

import subprocess
import sys

import pytest

import rumpattern as rp
from rumpattern.definition.documents.document import Document, parse_document, read_document
from rumpattern.jsontext import JsonArray, JsonLiteral, JsonNumber, JsonObject, JsonString, to_python
from tests.support.paths import ROOT

VALUE = {"Name": "Aufrufe für alle", "DimensionKeys": {"a.b": "C"}}
JSON = '{"Name": "Aufrufe für alle",\n "DimensionKeys": {"a.b": "C"}}'
FLOW = "{Name: Aufrufe für alle,\n DimensionKeys: {a.b: C}}"
BLOCK = "Name: Aufrufe für alle\nDimensionKeys:\n  a.b: C\n"


def refusal(source, *name):
    with pytest.raises(rp.DefinitionError) as caught:
        parse_document(source, *name) if name else read_document(source)
    return str(caught.value)


@pytest.mark.parametrize(
    "source", [VALUE, JSON, "\ufeff" + JSON, BLOCK, "\ufeff" + BLOCK, "\n" + JSON, "# x\n" + BLOCK]
)
def test_text_and_objects(source):
    document = read_document(source)
    assert document.name is None
    assert to_python(document.root) == VALUE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", JSON),
        ("a.yaml", JSON),
        ("a.yaml", FLOW),
        ("a.YML", BLOCK),
        ("a.template", JSON),
        ("a.template", BLOCK),
        ("Stack.template.json", JSON),
        ("no suffix", JSON),
        ("no suffix", BLOCK),
        ("a{b}.yaml", BLOCK),
    ],
)
def test_files(name, text, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    for source in (path, str(path)):
        document = read_document(source)
        assert (document.name, to_python(document.root)) == (str(path), VALUE)
        assert document.text == text.replace("\n", "\r\n")


@pytest.mark.parametrize("name", ["a.json", "a.template", None])
def test_broken_json_is_not_taken_for_yaml(name):
    place = f"{name or '<text>'}:2:1 $"
    message = 'not valid JSON: expected a member name in double quotes, found "}"'
    assert refusal('{"a": 1,\n}', name) == f"{place}: {message} (trailing comma) [RP004]"


def test_text_that_is_not_json_in_a_json_file():
    assert refusal("Name: x\n", "a.json").startswith("a.json:1:1 $: not valid JSON: expected a value")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "3:2", "expected ',' or ']', but got ':' (while parsing a flow sequence, line 2)"),
        ("a:\n\t- 1\n", "2:1", "found character '\\t' that cannot start any token (while scanning for the next token"),
        ("a: 'b\n", "2:1", "found unexpected end of stream (while scanning a quoted scalar, line 1)"),
        ("a: b: c\n", "1:5", "mapping values are not allowed here"),
        ("a: *b\n", "1:4", "the alias *b has no anchor before it"),
        ("a: &b\n  - *b\n", "2:5", "the alias *b refers to a node that contains it"),
        ("a: \x07\n", "1:4", "the character U+0007 is not allowed"),
        ("a: \x7f\n", "1:4", "the character U+007F is not allowed"),
        ("a:\n  - \ud800\n", "2:5", "the character U+D800 is not allowed"),
        ('a:\n  - "\\U00110000"\n', "2:8", "the number is out of range"),
        ('a:\n  - "\\Uffffffff"\n', "2:8", "the number is out of range"),
        ("a:\n  - [}", "2:6", "expected the node content, but found '}' (while parsing a flow node, line 2)"),
    ],
)
def test_broken_yaml(text, place, message):
    assert refusal(text, "a.yaml").startswith(f"a.yaml:{place} $: not valid YAML: {message}")
    assert refusal(text, "a.yaml").endswith("[RP006]")


@pytest.mark.slow
def test_limits():
    deep = "YAML is nested deeper than 1,000 levels [RP015]"
    assert refusal("a: " + "[" * 1000, "a.yml") == f"a.yml:1:1003 $: not valid YAML: {deep}"
    assert refusal("\n".join(" " * i + "a:" for i in range(1100))).endswith(deep)
    assert refusal("- " * 1100 + "a\n").endswith(deep)
    assert refusal("? " * 1100 + "a\n").endswith(deep)
    assert refusal("[" * 1001).endswith("not valid JSON: JSON is nested deeper than 1000 levels [RP015]")
    assert refusal("a: " + "1" * 1001 + "\n").endswith("a number has 1001 characters; the limit is 1000 [RP016]")
    assert refusal("[" + "1" * 1001 + "]").endswith("the limit is 1000 [RP016]")
    assert isinstance(read_document("a: " + "[" * 999 + "]" * 999 + "\n"), Document)


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "latin1.yaml").write_bytes(b"a: \xfc\n")
    assert refusal(tmp_path / "none.yaml").endswith(
        "none.yaml: No such file or directory [RP001]  hint: name a JSON or YAML file of definitions"
    )
    assert "Is a directory [RP001]" in refusal(tmp_path)
    assert refusal("a\0b").endswith("embedded null byte [RP001]")
    assert "byte 0xfc at offset 3 is not UTF-8" in refusal(tmp_path / "latin1.yaml")
    assert (
        refusal([{"a": {1}}])
        == "the definitions are not JSON values: Object of type set is not JSON serializable [RP300]"
    )
    assert refusal([{"a": float("nan")}]).endswith("[RP300]")
    circle = []
    circle.append(circle)
    assert refusal(circle).endswith("[RP300]")
    for _ in range(100_000):
        circle = [circle]
    assert refusal(circle).endswith("[RP300]")


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n"])
def test_empty_yaml_is_null(text):
    assert parse_document(text, "a.yaml").root == JsonLiteral(None, None)


def test_several_documents():
    document = parse_document("%YAML 1.2\n---\na: &x 1\n---\n- 2\n...\n---\nc\n")
    assert document.root == JsonObject(((JsonString("a", None), JsonNumber("1", None)),), None)
    assert document.others == (JsonArray((JsonNumber("2", None),), None), JsonString("c", None))
    assert refusal("a: &x 1\n---\nb: *x\n").startswith("<text>:3:4 $: not valid YAML: the alias *x has no anchor")


def test_positions():
    document = parse_document("a: b\r\nü😀: c\n", "a.yaml")
    key, value = document.root.members[1]
    assert document.position(key.span.start) == (2, 1)
    assert document.locate(value.span.start) == ("a.yaml", 2, 5)
    assert document.text[value.span.start : value.span.end] == "c"


LAZY = """
import sys
import rumpattern.definition.documents.document, rumpattern.definition.documents.sites
from rumpattern.definition.documents.document import read_document
assert not {"numpy", "rich", "click", "yaml"} & set(sys.modules)
read_document('{"Name": "x"}')
assert "yaml" not in sys.modules
read_document("Name: x\\n")
assert "yaml" in sys.modules
assert not {"numpy", "rich", "click"} & set(sys.modules)
"""


def test_yaml_is_imported_only_for_yaml():
    done = subprocess.run([sys.executable, "-c", LAZY], cwd=ROOT, capture_output=True, check=False)
    assert done.stderr == b""
