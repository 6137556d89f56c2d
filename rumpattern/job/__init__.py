"""The replay job: input to blocks, blocks to results, results to series and accounts.

A block is the unit of work. It can be processed anywhere and in any order, and its result is all that is known of it.
"""
