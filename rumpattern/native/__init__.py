"""Everything that numba compiles (extra ``fast``): loops over bytes and rows, and the records that they share.

Nothing here imports another room of the package; ``columns.scan``, ``aggregate.fold`` and ``match.rowwise`` hand
arrays over. Only these three import it, and only when the extra is used.
"""
