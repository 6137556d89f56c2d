import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rumpattern

PACKAGE = Path(rumpattern.__file__).parent


@pytest.mark.parametrize("name", rumpattern.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(rumpattern, name) is not None
    assert name in dir(rumpattern)


def test_star_import_gets_every_public_name():
    namespace = {}
    exec("from rumpattern import *", namespace)  # noqa: S102 - what a user may write
    assert set(rumpattern.__all__) <= namespace.keys()


def test_type_checkers_see_the_same_names_in_the_same_modules():
    (block,) = (node for node in ast.parse((PACKAGE / "__init__.py").read_text()).body if isinstance(node, ast.If))
    imports = {alias.asname: node.module for node in block.body for alias in node.names}
    assert imports == {name: f"rumpattern.{home}" for name, home in rumpattern._HOMES.items()}


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'replays'"):
        _ = rumpattern.replays


def test_no_folder_takes_the_place_of_a_public_name():
    folders = {path.stem for path in PACKAGE.iterdir()}
    assert not folders & set(rumpattern.__all__)


def test_importing_the_package_imports_no_numpy():
    code = "import rumpattern, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
