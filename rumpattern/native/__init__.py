"""Everything that numba compiles (extra ``fast``): loops over bytes and rows, and the records that they share.

Scanning: ``file`` reads a range of a file in pieces and ``scan`` takes each piece line by line; ``quotes`` finds the
quotes of a line, ``shapes`` (with ``repeats``) or else ``walk`` (with ``keys`` and ``tokens``) the values of its event;
``numbers`` and ``dictionary`` (with ``kept``) put these in columns. Matching: ``match``. Aggregation: ``fold``, which
reads columns through ``fields``.

Nothing here imports another room of the package; ``columns.scan``, ``aggregate.fold`` and ``match.rowwise`` hand
arrays over. Only these three import it, and only when the extra is used.
"""
