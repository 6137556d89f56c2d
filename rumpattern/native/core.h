/* What Python hands to the compiled core and gets back: the layouts are stated here and nowhere else.
 *
 * library.py builds the same structures with ctypes and compares every size and offset with what `rum_abi` reports; it
 * refuses a library that differs. An entry takes one structure. It checks all lengths, alignments and numbers in it
 * before it does anything else, and returns one of `enum rum_status`; what it is given outside the checked lengths is
 * never touched. It allocates nothing, keeps no pointer and has no state: calls on different structures may run at once.
 */
#ifndef RUM_CORE_H
#define RUM_CORE_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || defined(_MSC_VER)
#define RUM_LITTLE_ENDIAN 1
#else
#error "words are read from text in little-endian order"
#endif

#if defined(_WIN32)
#define RUM_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define RUM_EXPORT __attribute__((visibility("default")))
#else
#define RUM_EXPORT
#endif

enum {
    RUM_VERSION = 1, /* of this file: it rises when a structure means something else, though its layout be the same */
    RUM_PADDING = 128 /* zeros that follow a text: what may be read beyond its end, the widest load twice */
};

/* The kinds of value, as in columns.fields.Kind. */
enum rum_kind {
    RUM_MISSING,
    RUM_NULL,
    RUM_FALSE,
    RUM_TRUE,
    RUM_NUMBER,
    RUM_STRING,
    RUM_OBJECT,
    RUM_ARRAY, /* of scalars that columns can say */
    RUM_AMBIGUOUS, /* never written here: such lines are deferred */
    RUM_KINDS
};

enum rum_status {
    RUM_OK,
    RUM_NULL_POINTER,
    RUM_MISALIGNED,
    RUM_TOO_SHORT,
    RUM_OUT_OF_RANGE,
    RUM_UNREADABLE, /* a file could not be read on, or has a line that the room does not hold */
    RUM_NO_FILES, /* this system has no pread */
    RUM_STATUSES
};

/* (pointer, length) pairs; lengths are in elements. */
typedef struct { const uint8_t *at; uint64_t length; } rum_text;
typedef struct { uint8_t *at; uint64_t length; } rum_bytes;
typedef struct { int32_t *at; uint64_t length; } rum_i32s;
typedef struct { int64_t *at; uint64_t length; } rum_i64s;
typedef struct { uint64_t *at; uint64_t length; } rum_u64s;
typedef struct { double *at; uint64_t length; } rum_f64s;

/* --- keys.c: members that a plan reads, by their keys ---------------------------------------------------------- */

enum {
    RUM_NOTHING = 0, /* a key that nobody asks for; members are numbered from 1 */
    RUM_DOTTED = -1, /* a key that holds several segments of a path */
    RUM_NOWHERE = -1, /* in the place of a table or a column: there is none */
    RUM_SLOT_TEXT = 48
};

/* The keys of one object. `factor` is 0 where keys are found by their hash, see keys.h. */
struct rum_table {
    uint64_t first; /* index of its first slot */
    uint64_t mask; /* how many slots it has, a power of two, less one */
    uint64_t factor;
};

/* One cache line: a key, and what it stands for. The text comes first, so that a load of 64 bytes is that line. In a table
 * whose keys are found by their hash, the text stands in `rum_keys.texts`. */
struct rum_slot {
    union {
        uint8_t key[RUM_SLOT_TEXT]; /* the key and the quote that ends it */
        uint64_t offset; /* in `texts` */
    } text;
    union {
        uint64_t bits; /* one for each byte of `key` that counts */
        uint64_t hash;
    } of;
    int32_t member; /* RUM_NOTHING where the slot is empty */
    uint32_t length; /* bytes of the key */
};

struct rum_keys {
    struct { const struct rum_table *at; uint64_t length; } tables;
    struct { const struct rum_slot *at; uint64_t length; } slots; /* one more than the tables have, for wide loads */
    rum_text texts; /* the texts of long keys, RUM_PADDING after them */
    uint64_t seeds[2];
};

struct rum_member {
    int32_t table; /* of its own members */
    int32_t column; /* that it fills */
};

/* Keys to be laid out: of each key its table, where its text begins and stops, and what it stands for. */
struct rum_lay_out {
    rum_text texts; /* RUM_PADDING after them */
    rum_i64s key_tables; /* ascending */
    rum_i64s begins;
    rum_i64s ends;
    rum_i32s members;
    uint64_t seeds[2];
    struct { struct rum_table *at; uint64_t length; } tables;
    struct { struct rum_slot *at; uint64_t length; } slots; /* at least 8 for a key, 2 for a table, and 1 */
};

/* --- scan.c: lines to rows of columns -------------------------------------------------------------------------- */

/* What to read. Column 0 is the event type's. */
struct rum_plan {
    struct rum_keys keys; /* table 0 is the event itself */
    struct { const struct rum_member *at; uint64_t length; } members; /* members + 1 */
    struct rum_keys types; /* one table, of event types */
    rum_i32s nodes; /* shape (columns,): the member that fills each column */
    rum_i32s wanted; /* shape (types + 1, columns): the other columns to fill for each type, first for all others,
                        up to the first 0 */
    uint64_t columns;
};

/* Memory that a scan works in. What it holds means something while events repeat their shapes, and to nobody else. */
struct rum_scratch {
    rum_bytes kinds; /* RUM_NOTES_BYTES of each member and one more, aligned to 8 */
    rum_bytes spans;
    rum_i32s quotes; /* room for those of the longest line, and RUM_QUOTES_MARGIN */
    rum_bytes trail;
    rum_bytes shapes; /* RUM_SHAPES_BYTES, aligned to 64; zeros are no shapes; for one plan only, unless zeroed */
    rum_i32s slots; /* shape (2, columns, a power of two): of each column its strings, and its arrays */
    rum_bytes entries; /* shape (2, columns, rows or more), of struct rum_entry */
    rum_i64s heads; /* shape (2, columns, 2), see dictionary.h */
};

/* A string of a column's dictionary, or the text of an array, by its code. */
struct rum_entry {
    uint32_t hash;
    uint32_t length;
    uint64_t offset; /* in `kept` */
};

/* A line that is left to the decoder. One that is too long has one byte more than the longest. */
struct rum_deferred {
    int64_t line;
    int64_t offset; /* in its file */
    int64_t length;
    int64_t kept; /* where its text begins in `kept` */
};

struct rum_scan {
    struct rum_plan plan;
    struct rum_scratch scratch;
    rum_bytes text; /* what is scanned, or the room for pieces of a file; its length counts padding */
    uint64_t start; /* in: the byte where the first line begins; out: where the next one begins */
    uint64_t size; /* bytes of text without padding */
    int64_t offset; /* of the text in its file */
    int64_t max_line; /* lines of more bytes are deferred */
    int64_t file; /* a descriptor, and how much is read at once: rum_scan_file alone */
    uint64_t piece;
    uint64_t rows; /* how many rows there is room for */
    rum_bytes kinds; /* shape (columns, rows), zeros */
    rum_f64s numbers;
    rum_i32s codes;
    rum_i64s row_lines; /* shape (rows,): the index of each row's line */
    struct { struct rum_deferred *at; uint64_t length; } deferred; /* rows */
    rum_bytes kept; /* distinct strings and deferred lines */
    uint64_t seeds[2];
    uint64_t has_timestamp_prefix; /* whether a time stands in front of each event */
    /* out: what became of the lines; `row_count` and `deferred_count` together are at most `rows`. */
    uint64_t row_count;
    uint64_t deferred_count;
    uint64_t blank_count;
    uint64_t line_count; /* in: that before the text; all lines are numbered from it */
    uint64_t walked_count; /* events read by the grammar */
    uint64_t kept_size;
};

/* A text that is a number and its padding; out: the double, NaN if it is left out. For tests. */
struct rum_number {
    rum_text text;
    double value;
};

/* --- match.c: row-wise matching -------------------------------------------------------------------------------- */

struct rum_search {
    rum_f64s boundaries; /* ascending */
    rum_f64s numbers;
    rum_i32s found; /* out, shape (numbers,): how many boundaries each number has reached */
};

struct rum_intersect {
    rum_u64s sets; /* shape (classes of all paths, words) */
    uint64_t words;
    rum_i32s classes; /* shape (paths, rows): indices of sets */
    uint64_t paths;
    uint64_t rows;
    rum_i64s pair_rows; /* out: room for pairs, at least 64 * words */
    rum_i64s pair_branches;
    uint64_t start; /* in: the first row; out: the next, `rows` when all are done */
    uint64_t count; /* out: how many pairs there are */
};

/* One combination of columns that keys are made of, with its slots: a power of two of them. */
struct rum_lookup {
    uint64_t first_column; /* among `key_columns` and `strides` */
    uint64_t columns;
    uint64_t first_slot;
    uint64_t mask; /* slots less one */
};

/* What a branch asks of a column; one of its parts must hold. */
struct rum_test {
    double low; /* numbers between these, both included */
    double high;
    int32_t column;
    uint32_t kinds; /* a bit for each kind of which all values hold */
    int32_t first_member; /* strings with these ids */
    int32_t members;
    int32_t first_interval; /* numbers in these of `lows` and `highs`, which ascend */
    int32_t intervals;
    int32_t bit; /* strings that have this bit in `passes`; -1 for none */
    int32_t unused;
};

/* An index of branches, as match.key_index has it, and the rows to look up in it. */
struct rum_probe {
    struct { const struct rum_lookup *at; uint64_t length; } lookups;
    rum_i32s key_columns;
    rum_u64s strides;
    rum_u64s slot_keys; /* 0 where the slot is empty; each look-up has one that is */
    rum_i32s slot_groups;
    rum_i32s group_offsets; /* groups + 1, ascending: of the entries */
    rum_i32s entries; /* branches */
    rum_i32s test_offsets; /* branches + 1, ascending: of the tests */
    struct { const struct rum_test *at; uint64_t length; } tests;
    rum_i32s members; /* ids, ascending within a test */
    rum_f64s lows;
    rum_f64s highs;
    rum_text kinds; /* shape (columns, rows) */
    rum_f64s numbers;
    rum_i32s ids; /* of strings, from 1; 0 for none */
    rum_i32s pass_rows; /* of `passes`, -1 for none; empty if `pass_bytes` is 0 */
    rum_text passes; /* shape (strings, pass_bytes) */
    uint64_t pass_bytes;
    uint64_t columns;
    uint64_t rows;
    rum_i64s pair_rows; /* out: room for the pairs of any one row, at least */
    rum_i32s pair_branches;
    uint64_t start; /* in: the first row; out: the next, `rows` when all are done */
    uint64_t count; /* out: how many pairs there are */
};

/* --- fold.c: matched rows to partial aggregates ---------------------------------------------------------------- */

enum {
    RUM_LIMBS = 6,
    RUM_LOWEST_BIT = 128, /* the lowest bit of the first limb is worth 2^-128, that of the next ones 2^32 times more */
    RUM_ROWS_COUNT = -1 /* in the place of a value: each row counts 1 */
};

/* A field of a batch in one role, as derive.readings.FieldCodes has it. */
struct rum_field {
    rum_text kinds; /* shape (rows,) */
    rum_f64s numbers; /* shape (rows,) */
    rum_i32s codes; /* shape (rows,) */
    rum_i32s field_codes; /* shape (kinds + strings,) */
    int64_t label_count;
    int64_t first_label; /* among those of all fields */
};

/* A definition's fields are indices; those of its dimensions stand in `rum_fold.dimension_fields`. */
struct rum_folded {
    int64_t begin; /* which of `matched` it has */
    int64_t end;
    int64_t value; /* a field, or RUM_ROWS_COUNT */
};

struct rum_group {
    int64_t code; /* of its period and labels, in mixed radix */
    int64_t definition;
    int64_t size;
    int64_t period; /* counted from the first */
    double minimum;
    double maximum;
    int64_t limbs[RUM_LIMBS]; /* of its sum */
};

struct rum_time_range {
    struct rum_field field;
    double max_timestamp; /* times from it on are none */
    double first; /* out: infinite if no row has a time */
    double last;
};

struct rum_fold {
    struct { const struct rum_field *at; uint64_t length; } fields;
    struct { const struct rum_folded *at; uint64_t length; } definitions;
    rum_i64s dimension_fields; /* shape (definitions, dimensions) */
    uint64_t dimensions;
    rum_i64s matched; /* rows */
    rum_text is_odd; /* shape (rows,): which are left out */
    uint64_t time; /* the field of the time */
    int64_t first_period; /* counted from 1970 */
    int64_t period; /* in milliseconds */
    uint64_t seeds[2];
    rum_i32s slots; /* shape (a power of two,) */
    struct { struct rum_group *at; uint64_t length; } groups; /* room for one for each sample */
    rum_i64s labels; /* shape (groups, dimensions): those of each group, among those of all fields */
    rum_i64s members; /* out, shape (values,): the group of each value */
    rum_f64s values;
    uint64_t reasons;
    rum_i64s counts; /* shape (definitions, reasons), zeros: how many rows came to each */
    rum_bytes has_failed; /* shape (definitions,), zeros: whether a value is too large or too small for the limbs */
    uint64_t out_of_range; /* reason codes, and the limits that they stand for */
    uint64_t too_late;
    double max_value;
    double max_timestamp;
    uint64_t group_count; /* out */
    uint64_t value_count;
};

struct rum_gather {
    rum_i64s members; /* shape (values,) */
    rum_f64s values;
    rum_i64s next; /* shape (groups,): where the values of each group begin among `ordered`, -1 to leave them out */
    rum_f64s ordered; /* out: the values group after group */
};

/* --- the library ----------------------------------------------------------------------------------------------- */

/* The entries for one set of instructions. */
struct rum_entries {
    int32_t (*lay_out_keys)(struct rum_lay_out *);
    int32_t (*scan_lines)(struct rum_scan *);
    int32_t (*scan_file)(struct rum_scan *);
    int32_t (*search)(struct rum_search *);
    int32_t (*intersect)(struct rum_intersect *);
    int32_t (*probe)(struct rum_probe *);
    int32_t (*time_range)(struct rum_time_range *);
    int32_t (*fold)(struct rum_fold *);
    int32_t (*gather)(struct rum_gather *);
    int32_t (*read_number)(struct rum_number *); /* for tests: parts of the scan that have laws of their own */
    int32_t (*find_line_quotes)(struct rum_scan *);
};

/* A size, an offset or a constant by its name. */
struct rum_fact {
    const char *name;
    uint64_t value;
};

/* All facts; the last has no name. */
RUM_EXPORT const struct rum_fact *rum_abi(void);

/* The hash of the sources that the library was built from. */
RUM_EXPORT const char *rum_sources(void);

/* The entries by the name of a set of instructions ("scalar", "sse2", "avx2", "avx512", "neon"), null if the library
 * was built without it or this processor lacks it. */
RUM_EXPORT const struct rum_entries *rum_entries_for(const char *name);

/* The name of the best set that this processor has. */
RUM_EXPORT const char *rum_best(void);

#endif
