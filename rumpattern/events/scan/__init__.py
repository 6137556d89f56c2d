"""The fast reader (extra ``fast``): event lines to columns with compiled code. Only this package imports numba.

A line that it is not sure of goes to the other reader, ``rumpattern.events.decode``; so both give the same batch.
"""
