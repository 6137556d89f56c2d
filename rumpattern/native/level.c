/* The whole core for one set of instructions, as one translation unit: CMakeLists.txt compiles this file once for each
 * set, with RUM_LEVEL, RUM_ENTRIES (the name of the table) and the compiler's flags for it. All functions are static, so
 * that each level inlines its own tests of 64 bytes, and nothing but the table is seen outside. */
#include "core.h"

#include "keys.c"
#include "quotes.c"
#include "scan.c"
#include "match.c"
#include "fold.c"

extern const struct rum_entries RUM_ENTRIES;

const struct rum_entries RUM_ENTRIES = {
    lay_out_keys, scan_lines, scan_file, search, intersect, probe, time_range, fold, gather, read_number,
    find_line_quotes,
};

/* What library.py allocates for scratch, as facts of this level; they are the same in all. */
_Static_assert(sizeof(struct node) == 64, "a node is a cache line");
_Static_assert(sizeof(struct rum_slot) == 64, "a slot is a cache line");
_Static_assert(MAX_NODES <= UINT16_MAX, "nodes have 16 bits for each other");
_Static_assert(MAX_SPANS < 32, "a bit for each span cache");
