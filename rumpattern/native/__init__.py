"""The compiled core: loops over bytes and rows, in C without the Python API, behind ``library`` and ``structures``.

Scanning: ``scan.c`` takes a text, or a file piece by piece, line by line; ``quotes.c`` finds the quotes of a line,
``shapes.c`` or else ``walk.c`` (with ``keys.h`` and ``tokens.h``) the values of its event; ``numbers.c`` and
``dictionary.h`` put these in columns. Matching: ``match.c``. Aggregation: ``fold.c``. ``core.h`` states what is handed
over, ``level.c`` puts the parts together for each set of instructions, ``library.c`` offers them.

Nothing here imports another room of the package; ``columns.scan``, ``columns.keys``, ``aggregate.fold`` and
``match.rowwise`` hand arrays over.
"""

from typing import Final

PADDING: Final = 128
"""How many zeros follow a text in a buffer: the core may look at them (``RUM_PADDING`` in ``core.h``)."""
