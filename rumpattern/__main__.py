"""``python -m rumpattern`` is the ``rumpattern`` command."""

from rumpattern.cli.main import main

main()
