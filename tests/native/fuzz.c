/* Fuzz target of the compiled core: whatever it is handed, it touches nothing but what it was given, all sets of
 * instructions give the same results, and every line is a row, deferred or blank.
 *
 * The first bytes of an input choose what is called and with what options; the rest is its text or its numbers. All
 * memory is allocated to the byte, so that the sanitizers see what lies beside it.
 *
 *     cmake -S tests/native -B fuzz -DFUZZ=ON -DCMAKE_C_COMPILER=clang && cmake --build fuzz && fuzz/fuzz CORPUS
 *     cmake -S tests/native -B fuzz && cmake --build fuzz && fuzz/fuzz FILES and FOLDERS
 */
#define _XOPEN_SOURCE 700

#include "../../rumpattern/native/core.h"

#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                                             \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                   \
            abort();                                                                                                  \
        }                                                                                                             \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const level_names[] = {"scalar", "sse2", "avx2", "avx512", "neon"};
enum { LEVELS = 5, MAX_ARRAYS = 64, OPTIONS = 8 };

static uint64_t fact(const char *name)
{
    for (const struct rum_fact *known = rum_abi(); known->name; known++) {
        if (strcmp(known->name, name) == 0) {
            return known->value;
        }
    }
    fprintf(stderr, "there is no fact %s\n", name);
    abort();
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

struct memory {
    void *arrays[MAX_ARRAYS];
    size_t count;
};

/* Zeros to the byte, aligned. */
static void *zeros(struct memory *memory, size_t size)
{
    void *at = NULL;
    EXPECT(memory->count < MAX_ARRAYS && posix_memalign(&at, 64, size ? size : 1) == 0);
    memset(at, 0, size ? size : 1);
    memory->arrays[memory->count++] = at;
    return at;
}

static void release(struct memory *memory)
{
    while (memory->count > 0) {
        free(memory->arrays[--memory->count]);
    }
}

#define ALLOCATE(memory, span, count)                                                                                 \
    do {                                                                                                              \
        (span).length = (count);                                                                                      \
        (span).at = zeros(memory, (size_t)(span).length * sizeof *(span).at);                                         \
    } while (0)

/* --- the plan ----------------------------------------------------------------------------------------------------- */

/* Paths as a tree: a.b, c.d, event_type, metadata.pageId, a long key and three keys that share their ends. */
#define LONG_KEY "a_key_that_is_longer_than_the_fourty_seven_bytes_of_a_slot"
static const struct {
    int64_t table;
    const char *key;
    int32_t member;
} known_keys[] = {
    {0, "event_type", 1}, {0, "a", 2}, {0, "c", 3}, {0, "metadata", 4}, {0, "a.b", RUM_DOTTED}, {0, "", 5},
    {0, "aaaaaaaa1bbbbbbbb", 6}, {0, "aaaaaaaa2bbbbbbbb", 7},
    {1, "b", 8}, {2, "d", 9}, {3, "pageId", 10}, {3, "pageTags", 11}, {3, LONG_KEY, 12},
};
enum { KEYS = sizeof known_keys / sizeof *known_keys, MEMBERS = 12, COLUMNS = 10, TABLES = 4, TYPES = 2 };

static struct rum_keys lay_out(struct memory *memory, const struct rum_entries *entries, const char *const *keys,
                               const int64_t *tables, const int32_t *members, uint64_t count, uint64_t table_count)
{
    struct rum_lay_out out = {0};
    uint64_t size = 0, at = 0;
    for (uint64_t i = 0; i < count; i++) {
        size += strlen(keys[i]);
    }
    uint8_t *texts = zeros(memory, size + RUM_PADDING);
    out.texts = (rum_text){texts, size + RUM_PADDING};
    ALLOCATE(memory, out.key_tables, count);
    ALLOCATE(memory, out.begins, count);
    ALLOCATE(memory, out.ends, count);
    ALLOCATE(memory, out.members, count);
    ALLOCATE(memory, out.tables, table_count);
    ALLOCATE(memory, out.slots, 8 * count + 2 * table_count + 1);
    for (uint64_t i = 0; i < count; i++) {
        out.key_tables.at[i] = tables[i];
        out.members.at[i] = members[i];
        out.begins.at[i] = (int64_t)at;
        memcpy(texts + at, keys[i], strlen(keys[i]));
        at += strlen(keys[i]);
        out.ends.at[i] = (int64_t)at;
    }
    out.seeds[0] = 7;
    out.seeds[1] = 11;
    EXPECT(entries->lay_out_keys(&out) == RUM_OK);
    struct rum_keys laid_out = {{out.tables.at, table_count}, {out.slots.at, out.slots.length}, out.texts, {7, 11}};
    return laid_out;
}

static struct rum_plan make_plan(struct memory *memory, const struct rum_entries *entries)
{
    static const char *const types[TYPES] = {"t", "com.amazon.rum.page_view_event"};
    static const int64_t type_tables[TYPES] = {0, 0};
    static const int32_t type_members[TYPES] = {1, 2};
    const char *keys[KEYS];
    int64_t tables[KEYS];
    int32_t members[KEYS];
    for (int i = 0; i < KEYS; i++) {
        keys[i] = known_keys[i].key;
        tables[i] = known_keys[i].table;
        members[i] = known_keys[i].member;
    }
    struct rum_plan plan = {0};
    plan.keys = lay_out(memory, entries, keys, tables, members, KEYS, TABLES);
    plan.types = lay_out(memory, entries, types, type_tables, type_members, TYPES, 1);
    struct rum_member *of_members = zeros(memory, (MEMBERS + 1) * sizeof *of_members);
    for (int32_t member = 0; member <= MEMBERS; member++) { /* event_type's column is 0; c and metadata have none */
        int32_t column = member == 0 || member == 3 || member == 4 ? RUM_NOWHERE : member < 3 ? member - 1 : member - 3;
        of_members[member] = (struct rum_member){member >= 2 && member <= 4 ? member - 1 : RUM_NOWHERE, column};
    }
    plan.members.at = of_members;
    plan.members.length = MEMBERS + 1;
    plan.columns = COLUMNS;
    ALLOCATE(memory, plan.nodes, COLUMNS);
    ALLOCATE(memory, plan.wanted, (TYPES + 1) * COLUMNS);
    for (int32_t member = 0; member <= MEMBERS; member++) {
        if (of_members[member].column >= 0) {
            plan.nodes.at[of_members[member].column] = member;
        }
    }
    for (int32_t i = 0; i < COLUMNS - 1; i++) { /* type 0 reads nothing, type 1 every column, type 2 every second */
        plan.wanted.at[COLUMNS + i] = i + 1;
        if (2 * i + 1 < COLUMNS) {
            plan.wanted.at[2 * COLUMNS + i] = 2 * i + 1;
        }
    }
    return plan;
}

/* --- scanning ----------------------------------------------------------------------------------------------------- */

struct options {
    uint64_t rows;
    int64_t max_line;
    uint64_t kept; /* beyond what is needed */
    uint64_t cut; /* where the text is cut in two that are scanned one after the other, in 256ths */
    uint64_t quotes;
    uint64_t piece; /* how much of a file is read at once; 0 for a text in memory */
    bool has_prefix;
    bool goes_on; /* whether the second part goes into the batch that the first has begun */
};

static void allocate_scan(struct memory *memory, struct rum_scan *scan, const struct options *options)
{
    uint64_t slots = fact("FIRST_SLOTS");
    while (slots < fact("SLOTS_PER_STRING") * options->rows) {
        slots *= 2;
    }
    scan->rows = options->rows;
    scan->max_line = options->max_line;
    scan->has_timestamp_prefix = options->has_prefix;
    scan->seeds[0] = 3;
    scan->seeds[1] = 5;
    ALLOCATE(memory, scan->scratch.kinds, MEMBERS + 1 + fact("BEFORE_KINDS"));
    ALLOCATE(memory, scan->scratch.spans, (MEMBERS + 1) * fact("span"));
    ALLOCATE(memory, scan->scratch.quotes, options->quotes + fact("QUOTES_MARGIN"));
    ALLOCATE(memory, scan->scratch.trail, fact("MAX_VALUES") * fact("step"));
    ALLOCATE(memory, scan->scratch.shapes, fact("shapes"));
    ALLOCATE(memory, scan->scratch.slots, 2 * COLUMNS * slots);
    ALLOCATE(memory, scan->scratch.entries, 2 * COLUMNS * options->rows * sizeof(struct rum_entry));
    ALLOCATE(memory, scan->scratch.heads, 2 * 2 * COLUMNS);
    ALLOCATE(memory, scan->kinds, COLUMNS * options->rows);
    ALLOCATE(memory, scan->numbers, COLUMNS * options->rows);
    ALLOCATE(memory, scan->codes, COLUMNS * options->rows);
    ALLOCATE(memory, scan->row_lines, options->rows);
    ALLOCATE(memory, scan->deferred, options->rows);
    ALLOCATE(memory, scan->kept, fact("KEPT_FACTOR") * ((uint64_t)options->max_line + 1) + 8 + RUM_PADDING + options->kept);
}

/* Every line is accounted for, and what is kept lies where it is said to. */
static void check_scan(const struct rum_scan *scan, uint64_t lines_before)
{
    EXPECT(scan->row_count + scan->deferred_count + scan->blank_count == scan->line_count - lines_before);
    EXPECT(scan->row_count + scan->deferred_count <= scan->rows && scan->kept_size <= scan->kept.length);
    for (uint64_t i = 0; i < scan->deferred_count; i++) {
        struct rum_deferred line = scan->deferred.at[i];
        EXPECT(0 <= line.length && line.length <= scan->max_line + 1 && 0 <= line.kept);
        EXPECT((uint64_t)(line.kept + line.length) <= scan->kept_size);
    }
    for (uint64_t index = 0; index < 2 * COLUMNS; index++) {
        const struct rum_entry *entries = (const struct rum_entry *)(const void *)scan->scratch.entries.at;
        for (int64_t i = 0; i < scan->scratch.heads.at[2 * index]; i++) {
            struct rum_entry entry = entries[index * scan->rows + (uint64_t)i];
            EXPECT(entry.offset + entry.length <= scan->kept_size);
        }
    }
    for (uint64_t column = 0; column < COLUMNS; column++) {
        int64_t strings = scan->scratch.heads.at[2 * column], arrays = scan->scratch.heads.at[2 * (COLUMNS + column)];
        for (uint64_t row = 0; row < scan->row_count; row++) {
            uint8_t kind = scan->kinds.at[column * scan->rows + row];
            EXPECT(kind < RUM_KINDS);
            EXPECT(kind != RUM_STRING || scan->codes.at[column * scan->rows + row] < strings);
            EXPECT(kind != RUM_ARRAY || scan->codes.at[column * scan->rows + row] < arrays);
        }
    }
}

/* Add what came out of a call to a digest. */
static uint64_t add_to_digest(uint64_t digest, const struct rum_scan *scan)
{
    uint64_t found[] = {scan->row_count, scan->deferred_count, scan->blank_count, scan->start, scan->kept_size};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        digest = (digest ^ found[i]) * 0x100000001B3u;
    }
    for (uint64_t column = 0; column < COLUMNS; column++) {
        for (uint64_t row = 0; row < scan->row_count; row++) {
            uint64_t cell = column * scan->rows + row, bits = 0;
            uint8_t kind = scan->kinds.at[cell];
            if (kind == RUM_NUMBER) {
                memcpy(&bits, &scan->numbers.at[cell], sizeof bits);
            } else if (kind == RUM_STRING || kind == RUM_ARRAY) {
                bits = (uint64_t)scan->codes.at[cell];
            }
            digest = (digest ^ kind ^ bits) * 0x100000001B3u;
        }
    }
    return digest;
}

/* Begin a batch in which nothing is yet. */
static void begin_batch(struct rum_scan *scan)
{
    scan->row_count = scan->deferred_count = scan->blank_count = scan->walked_count = scan->kept_size = 0;
    memset(scan->kinds.at, 0, scan->kinds.length);
}

#if defined(__unix__) || defined(__APPLE__)

/* The same with a file: a line that is too long for the room ends it. */
static uint64_t scan_a_file(const struct rum_entries *entries, const uint8_t *data, size_t size,
                            const struct options *options)
{
    struct memory memory = {{0}, 0};
    struct rum_scan scan = {0};
    uint64_t digest = 0xCBF29CE484222325u;
    FILE *file = tmpfile();
    EXPECT(file && fwrite(data, 1, size, file) == size && fflush(file) == 0);
    scan.plan = make_plan(&memory, entries);
    allocate_scan(&memory, &scan, options);
    ALLOCATE(&memory, scan.text, options->piece + (uint64_t)options->max_line + RUM_PADDING + 1);
    scan.size = size;
    scan.file = fileno(file);
    scan.piece = options->piece;
    int32_t status = RUM_OK;
    while (status == RUM_OK && scan.start < scan.size) {
        uint64_t before = scan.start, lines = scan.line_count;
        begin_batch(&scan);
        status = entries->scan_file(&scan);
        EXPECT(status == RUM_OK || status == RUM_UNREADABLE);
        EXPECT((scan.start > before || status == RUM_UNREADABLE) && scan.start <= scan.size);
        check_scan(&scan, lines);
        digest = add_to_digest(digest, &scan) + (uint64_t)status;
    }
    fclose(file);
    release(&memory);
    return digest;
}

#else

static uint64_t scan_a_file(const struct rum_entries *entries, const uint8_t *data, size_t size,
                            const struct options *options)
{
    return 0 * (entries && data && size && options);
}

#endif

/* Scan a text to its end, batch after batch, and return a digest of everything that came out. */
static uint64_t scan_a_text(const struct rum_entries *entries, const uint8_t *data, size_t size,
                            const struct options *options)
{
    struct memory memory = {{0}, 0};
    struct rum_scan scan = {0};
    uint64_t lines = 0, digest = 0xCBF29CE484222325u, cut = size * options->cut / 256;
    scan.plan = make_plan(&memory, entries);
    allocate_scan(&memory, &scan, options);
    for (int part = 0; part < 2; part++) {
        const uint8_t *begin = part ? data + cut : data;
        scan.size = part ? size - cut : cut;
        scan.start = 0;
        bool is_first = true;
        ALLOCATE(&memory, scan.text, scan.size + RUM_PADDING);
        memcpy(scan.text.at, begin, scan.size);
        while (scan.start < scan.size) {
            uint64_t before = scan.start;
            bool goes_on = options->goes_on && part == 1 && is_first;
            is_first = false;
            if (!goes_on || scan.row_count + scan.deferred_count == scan.rows) {
                lines = scan.line_count;
                begin_batch(&scan);
            }
            EXPECT(entries->scan_lines(&scan) == RUM_OK);
            EXPECT((scan.start > before || goes_on) && scan.start <= scan.size);
            check_scan(&scan, lines);
            digest = add_to_digest(digest, &scan);
        }
    }
    release(&memory);
    return digest;
}

static void fuzz_scan(const uint8_t *options_bytes, const uint8_t *data, size_t size)
{
    struct options options = {
        .rows = 1 + options_bytes[0] % 70,
        .max_line = options_bytes[1] < 200 ? 100000 : options_bytes[1],
        .kept = options_bytes[2] < 128 ? 1 << 16 : options_bytes[2],
        .cut = options_bytes[3],
        .quotes = options_bytes[4] < 128 ? 1 << 12 : options_bytes[4],
        .piece = 13 * (uint64_t)options_bytes[6],
        .has_prefix = options_bytes[5] & 1,
        .goes_on = options_bytes[5] & 2,
    };
    uint64_t first = 0;
    for (int level = 0; level < LEVELS; level++) {
        const struct rum_entries *entries = rum_entries_for(level_names[level]);
        if (entries) {
            uint64_t digest = (options.piece ? scan_a_file : scan_a_text)(entries, data, size, &options);
            first = level == 0 ? digest : first;
            EXPECT(digest == first);
        }
    }
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* A number that is read is the nearest double, whose 17 digits say the same. */
static void fuzz_number(const uint8_t *data, size_t size)
{
    struct memory memory = {{0}, 0};
    struct rum_number number = {0};
    uint8_t *text = zeros(&memory, size + RUM_PADDING);
    char *copy = zeros(&memory, size + 1);
    memcpy(text, data, size);
    memcpy(copy, data, size);
    number.text = (rum_text){text, size + RUM_PADDING};
    double first = 0;
    for (int level = 0; level < LEVELS; level++) {
        const struct rum_entries *entries = rum_entries_for(level_names[level]);
        if (entries && entries->read_number(&number) == RUM_OK) {
            first = level == 0 ? number.value : first;
            EXPECT(isnan(first) ? isnan(number.value) : first == number.value);
            EXPECT(isnan(number.value) || number.value == strtod(copy, NULL));
        }
    }
    release(&memory);
}

/* --- folding and matching ----------------------------------------------------------------------------------------- */

/* The next byte of an input, round and round. */
struct source {
    const uint8_t *data;
    size_t size, at;
};

static uint64_t next(struct source *source)
{
    return source->size ? source->data[source->at++ % source->size] : 0;
}

static uint64_t next_word(struct source *source)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word = word << 8 | next(source);
    }
    return word;
}

/* Call a target with the entries of each level, all with the same input. */
static void at_every_level(void (*target)(const struct rum_entries *, struct memory *, struct source *),
                           const uint8_t *data, size_t size)
{
    for (int level = 0; level < LEVELS; level++) {
        const struct rum_entries *entries = rum_entries_for(level_names[level]);
        if (entries) {
            struct memory memory = {{0}, 0};
            struct source source = {data, size, 0};
            target(entries, &memory, &source);
            release(&memory);
        }
    }
}

static struct rum_field make_field(struct memory *memory, struct source *source, uint64_t rows)
{
    struct rum_field field = {0};
    uint64_t strings = next(source) % 9;
    uint8_t *kinds = zeros(memory, rows);
    field.kinds = (rum_text){kinds, rows};
    ALLOCATE(memory, field.numbers, rows);
    ALLOCATE(memory, field.codes, rows);
    ALLOCATE(memory, field.field_codes, RUM_KINDS + strings);
    for (uint64_t row = 0; row < rows; row++) {
        uint64_t word = next(source) & 1 ? next_word(source) : (uint64_t)0x3FF0000000000000u + next(source);
        kinds[row] = (uint8_t)(next(source) % 12);
        field.codes.at[row] = (int32_t)(next(source) % 10) - 1;
        memcpy(&field.numbers.at[row], &word, sizeof word);
    }
    for (uint64_t i = 0; i < field.field_codes.length; i++) {
        field.field_codes.at[i] = (int32_t)(next(source) % 26) - 22;
    }
    field.label_count = 4;
    return field;
}

static void fuzz_fold(const struct rum_entries *entries, struct memory *memory, struct source *source)
{
    enum { FIELDS = 4, DEFINITIONS = 3, DIMENSIONS = 2, REASONS = 21, MAX_ROWS = 32 };
    struct rum_fold fold = {0};
    uint64_t rows = next(source) % MAX_ROWS, samples = 0;
    struct rum_field *fields = zeros(memory, FIELDS * sizeof *fields);
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = make_field(memory, source, rows);
    }
    struct rum_folded *definitions = zeros(memory, DEFINITIONS * sizeof *definitions);
    ALLOCATE(memory, fold.matched, 3 * MAX_ROWS);
    ALLOCATE(memory, fold.dimension_fields, DEFINITIONS * DIMENSIONS);
    for (uint64_t i = 0; i < fold.matched.length; i++) {
        fold.matched.at[i] = (int64_t)(rows ? next(source) % rows : 0);
    }
    for (int i = 0; i < DEFINITIONS; i++) {
        int64_t begin = (int64_t)samples, end = rows ? begin + (int64_t)(next(source) % MAX_ROWS) : begin;
        definitions[i] = (struct rum_folded){begin, end, (int64_t)(next(source) % (FIELDS + 1)) - 1};
        samples += (uint64_t)(end - begin);
        fold.dimension_fields.at[2 * i] = (int64_t)(next(source) % FIELDS);
        fold.dimension_fields.at[2 * i + 1] = (int64_t)(next(source) % FIELDS);
    }
    uint8_t *is_odd = zeros(memory, rows);
    for (uint64_t i = 0; i < rows; i++) {
        is_odd[i] = next(source) % 5 == 0;
    }
    fold.fields.at = fields;
    fold.fields.length = FIELDS;
    fold.definitions.at = definitions;
    fold.definitions.length = DEFINITIONS;
    fold.dimensions = DIMENSIONS;
    fold.is_odd = (rum_text){is_odd, rows};
    fold.time = next(source) % FIELDS;
    fold.first_period = (int64_t)next(source);
    fold.period = 1 + (int64_t)next(source);
    fold.reasons = REASONS;
    fold.seeds[0] = 13;
    fold.seeds[1] = 17;
    fold.out_of_range = 9;
    fold.too_late = 20;
    fold.max_value = 1e100;
    fold.max_timestamp = 2e14;
    ALLOCATE(memory, fold.slots, 256);
    ALLOCATE(memory, fold.groups, samples);
    ALLOCATE(memory, fold.labels, samples * DIMENSIONS);
    ALLOCATE(memory, fold.members, samples);
    ALLOCATE(memory, fold.values, samples);
    ALLOCATE(memory, fold.counts, DEFINITIONS * REASONS);
    ALLOCATE(memory, fold.has_failed, DEFINITIONS);
    struct rum_time_range times = {fields[0], fold.max_timestamp, 0, 0};
    EXPECT(entries->time_range(&times) == RUM_OK && (times.first <= times.last || isinf(times.first)));
    EXPECT(entries->fold(&fold) == RUM_OK);
    int64_t counted = 0, grouped = 0;
    for (uint64_t i = 0; i < fold.counts.length; i++) {
        counted += fold.counts.at[i];
    }
    for (uint64_t i = 0; i < fold.group_count; i++) {
        grouped += fold.groups.at[i].size;
    }
    EXPECT(counted <= (int64_t)samples && grouped <= counted && fold.value_count <= samples);
    struct rum_gather gather = {{fold.members.at, fold.value_count}, {fold.values.at, fold.value_count}, {0}, {0}};
    ALLOCATE(memory, gather.next, fold.group_count);
    ALLOCATE(memory, gather.ordered, fold.value_count);
    int32_t status = entries->gather(&gather); /* the groups overlap, so that one may run over the end */
    EXPECT(status == RUM_OK || status == RUM_OUT_OF_RANGE);
}

static int by_value(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static void fuzz_match(const struct rum_entries *entries, struct memory *memory, struct source *source)
{
    enum { PATHS = 3, CLASSES = 5, ROWS = 40, WORDS = 2, PAIRS = 64 * WORDS + 7 };
    struct rum_search search = {0};
    ALLOCATE(memory, search.boundaries, 1 + next(source) % 50);
    ALLOCATE(memory, search.numbers, next(source));
    ALLOCATE(memory, search.found, search.numbers.length);
    for (uint64_t i = 0; i < search.boundaries.length; i++) {
        search.boundaries.at[i] = (double)next(source);
    }
    for (uint64_t i = 0; i < search.numbers.length; i++) {
        search.numbers.at[i] = (double)next(source) - 0.5 * (double)(next(source) & 1);
    }
    qsort(search.boundaries.at, search.boundaries.length, sizeof(double), by_value);
    EXPECT(entries->search(&search) == RUM_OK);
    for (uint64_t i = 0; i < search.numbers.length; i++) {
        uint64_t reached = 0;
        while (reached < search.boundaries.length && search.boundaries.at[reached] <= search.numbers.at[i]) {
            reached++;
        }
        EXPECT((uint64_t)search.found.at[i] == reached);
    }
    struct rum_intersect intersect = {.words = WORDS, .paths = PATHS, .rows = ROWS};
    ALLOCATE(memory, intersect.sets, CLASSES * WORDS);
    ALLOCATE(memory, intersect.classes, PATHS * ROWS);
    ALLOCATE(memory, intersect.pair_rows, PAIRS);
    ALLOCATE(memory, intersect.pair_branches, PAIRS);
    for (uint64_t i = 0; i < intersect.sets.length; i++) {
        intersect.sets.at[i] = next_word(source);
    }
    for (uint64_t i = 0; i < intersect.classes.length; i++) {
        intersect.classes.at[i] = (int32_t)(next(source) % CLASSES);
    }
    while (intersect.start < intersect.rows) {
        uint64_t before = intersect.start;
        EXPECT(entries->intersect(&intersect) == RUM_OK);
        EXPECT(intersect.start > before && intersect.count <= PAIRS);
    }
}

/* --- looking up in an index --------------------------------------------------------------------------------------- */

enum { MOST_SLOTS = 16, KEY_COLUMNS = 3, MOST_IDS = 8 };

/* The id of a string, 0 for none: mostly one of two, so that keys are found. */
static uint64_t next_id(struct source *source)
{
    return next(source) % 4 ? 1 + next(source) % 2 : next(source) % MOST_IDS;
}

/* A key goes to the first empty slot from that on where it is looked for first. */
static void place(const struct rum_lookup *lookup, uint64_t *slot_keys, int32_t *slot_groups, uint64_t key,
                  int32_t group)
{
    uint64_t slot = (key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & lookup->mask;
    while (slot_keys[lookup->first_slot + slot] != 0 && slot_keys[lookup->first_slot + slot] != key) {
        slot = (slot + 1) & lookup->mask;
    }
    slot_keys[lookup->first_slot + slot] = key;
    slot_groups[lookup->first_slot + slot] = group;
}

/* What each test says, read word by word. */
static bool test_holds(const struct rum_probe *of, const struct rum_test *test, uint64_t row)
{
    uint64_t at = (uint64_t)test->column * of->rows + row;
    bool holds = test->kinds >> of->kinds.at[at] & 1;
    double number = of->numbers.at[at];
    if (of->kinds.at[at] == RUM_NUMBER) {
        holds |= test->low <= number && number <= test->high;
        for (int32_t i = test->first_interval; i < test->first_interval + test->intervals; i++) {
            holds |= of->lows.at[i] <= number && number <= of->highs.at[i];
        }
    }
    if (of->kinds.at[at] == RUM_STRING) {
        for (int32_t i = test->first_member; i < test->first_member + test->members; i++) {
            holds |= of->members.at[i] == of->ids.at[at];
        }
        if (test->bit >= 0 && of->pass_rows.at[at] >= 0) {
            uint64_t bytes = (uint64_t)of->pass_rows.at[at] * of->pass_bytes;
            holds |= of->passes.at[bytes + (uint64_t)test->bit / 8] >> (test->bit & 7) & 1;
        }
    }
    return holds;
}

/* The group of a row's key, -1 if it has none. */
static int64_t group_of(const struct rum_probe *of, const struct rum_lookup *lookup, uint64_t row)
{
    uint64_t key = 0;
    for (uint64_t i = lookup->first_column; i < lookup->first_column + lookup->columns; i++) {
        int32_t id = of->ids.at[(uint64_t)of->key_columns.at[i] * of->rows + row];
        if (id <= 0) {
            return -1;
        }
        key += (uint64_t)id * of->strides.at[i];
    }
    for (uint64_t slot = 0; key && slot <= lookup->mask; slot++) {
        if (of->slot_keys.at[lookup->first_slot + slot] == key) {
            return of->slot_groups.at[lookup->first_slot + slot];
        }
    }
    return -1;
}

static bool branch_holds(const struct rum_probe *of, int32_t branch, uint64_t row)
{
    for (int32_t test = of->test_offsets.at[branch]; test < of->test_offsets.at[branch + 1]; test++) {
        if (!test_holds(of, of->tests.at + test, row)) {
            return false;
        }
    }
    return true;
}

/* Expect the pairs of a row from a place on, in order; returns the place behind them. */
static uint64_t check_pairs(const struct rum_probe *of, uint64_t row, uint64_t at)
{
    for (uint64_t i = 0; i < of->lookups.length; i++) {
        int64_t group = group_of(of, of->lookups.at + i, row);
        int32_t entry = group < 0 ? 0 : of->group_offsets.at[group], end = group < 0 ? 0 : of->group_offsets.at[group + 1];
        for (; entry < end; entry++) {
            int32_t branch = of->entries.at[entry];
            if (branch_holds(of, branch, row)) {
                EXPECT(at < of->count && of->pair_rows.at[at] == (int64_t)row && of->pair_branches.at[at] == branch);
                at++;
            }
        }
    }
    return at;
}

/* Offsets of some parts of `length` things, in order. */
static int32_t *make_offsets(struct memory *memory, struct source *source, uint64_t parts, uint64_t length)
{
    int32_t *offsets = zeros(memory, (parts + 1) * sizeof *offsets);
    for (uint64_t i = 1; i <= parts; i++) {
        uint64_t left = length - (uint64_t)offsets[i - 1];
        offsets[i] = i == parts ? (int32_t)length : offsets[i - 1] + (int32_t)(next(source) % (left + 1));
    }
    return offsets;
}

static struct rum_test make_test(struct source *source, const struct rum_probe *of)
{
    uint64_t first = next(source) % (of->members.length + 1), interval = next(source) % (of->lows.length + 1);
    struct rum_test test = {
        .low = (double)(next(source) % 64), .high = (double)(next(source) % 64),
        .column = (int32_t)(next(source) % of->columns),
        .kinds = (uint32_t)(next(source) & next(source)),
        .first_member = (int32_t)first,
        .members = (int32_t)(next(source) % (of->members.length - first + 1)),
        .first_interval = (int32_t)interval,
        .intervals = (int32_t)(next(source) % (of->lows.length - interval + 1)),
        .bit = of->pass_bytes ? (int32_t)(next(source) % (8 * of->pass_bytes + 1)) - 1 : -1,
    };
    return test;
}

static struct rum_probe make_probe(struct memory *memory, struct source *source)
{
    enum { STRINGS = 7, GROUPS = 5, ENTRIES = 12, BRANCHES = 6, TESTS = 8, LOOKUPS = 2 };
    struct rum_probe of = {.columns = 1 + next(source) % 4, .rows = next(source) % 30, .pass_bytes = next(source) % 3};
    uint64_t values = of.columns * of.rows;
    struct rum_lookup *lookups = zeros(memory, LOOKUPS * sizeof *lookups);
    struct rum_test *tests = zeros(memory, TESTS * sizeof *tests);
    uint8_t *kinds = zeros(memory, values), *passes = zeros(memory, STRINGS * of.pass_bytes);
    ALLOCATE(memory, of.key_columns, KEY_COLUMNS);
    ALLOCATE(memory, of.strides, KEY_COLUMNS);
    ALLOCATE(memory, of.slot_keys, LOOKUPS * MOST_SLOTS);
    ALLOCATE(memory, of.slot_groups, LOOKUPS * MOST_SLOTS);
    ALLOCATE(memory, of.entries, ENTRIES);
    ALLOCATE(memory, of.members, next(source) % 9);
    ALLOCATE(memory, of.lows, next(source) % 6);
    ALLOCATE(memory, of.highs, of.lows.length);
    ALLOCATE(memory, of.numbers, values);
    ALLOCATE(memory, of.ids, values);
    ALLOCATE(memory, of.pass_rows, of.pass_bytes ? values : 0);
    for (uint64_t i = 0; i < KEY_COLUMNS; i++) {
        of.key_columns.at[i] = (int32_t)(next(source) % of.columns);
        of.strides.at[i] = i == 0 ? 1 : MOST_IDS * of.strides.at[i - 1];
    }
    for (uint64_t i = 0, first_column = 0; i < LOOKUPS; i++) {
        uint64_t columns = i == 0 ? next(source) % (KEY_COLUMNS + 1) : KEY_COLUMNS - first_column;
        lookups[i] = (struct rum_lookup){first_column, columns, i * MOST_SLOTS, (1u << next(source) % 5) - 1};
        first_column += columns;
        for (uint64_t keys = lookups[i].mask ? next(source) % (lookups[i].mask + 1) : 0; keys > 0; keys--) {
            uint64_t key = 0;
            for (uint64_t column = 0; column < columns; column++) {
                key += next_id(source) * of.strides.at[lookups[i].first_column + column];
            }
            place(lookups + i, of.slot_keys.at, of.slot_groups.at, key, (int32_t)(next(source) % GROUPS));
        }
    }
    for (uint64_t i = 0; i < of.members.length; i++) {
        of.members.at[i] = (i ? of.members.at[i - 1] : 0) + 1 + (int32_t)(next(source) & 1);
    }
    for (uint64_t i = 0; i < of.lows.length; i++) {
        of.lows.at[i] = (i ? of.highs.at[i - 1] : 0) + 1 + (double)(next(source) % 8);
        of.highs.at[i] = of.lows.at[i] + (double)(next(source) % 8);
    }
    for (uint64_t i = 0; i < ENTRIES; i++) {
        of.entries.at[i] = (int32_t)(next(source) % BRANCHES);
    }
    for (uint64_t i = 0; i < TESTS; i++) {
        tests[i] = make_test(source, &of);
    }
    for (uint64_t i = 0; i < values; i++) {
        kinds[i] = next(source) & 1 ? RUM_STRING : (uint8_t)(next(source) % RUM_KINDS);
        of.numbers.at[i] = (double)(next(source) % 48) / 2;
        of.ids.at[i] = (int32_t)next_id(source);
        if (of.pass_bytes) {
            of.pass_rows.at[i] = (int32_t)(next(source) % (STRINGS + 1)) - 1;
        }
    }
    for (uint64_t i = 0; i < STRINGS * of.pass_bytes; i++) {
        passes[i] = (uint8_t)next(source);
    }
    of.lookups.at = lookups;
    of.lookups.length = LOOKUPS;
    of.group_offsets = (rum_i32s){make_offsets(memory, source, GROUPS, ENTRIES), GROUPS + 1};
    of.test_offsets = (rum_i32s){make_offsets(memory, source, BRANCHES, TESTS), BRANCHES + 1};
    of.tests.at = tests;
    of.tests.length = TESTS;
    of.kinds = (rum_text){kinds, values};
    of.passes = (rum_text){passes, STRINGS * of.pass_bytes};
    ALLOCATE(memory, of.pair_rows, LOOKUPS * ENTRIES + next(source));
    ALLOCATE(memory, of.pair_branches, LOOKUPS * ENTRIES + next(source));
    return of;
}

/* Every pair that is put down is one that the index says, and no other one is. */
static void fuzz_probe(const struct rum_entries *entries, struct memory *memory, struct source *source)
{
    struct rum_probe of = make_probe(memory, source);
    while (of.start < of.rows) {
        uint64_t before = of.start, found = 0;
        EXPECT(entries->probe(&of) == RUM_OK && before < of.start && of.start <= of.rows);
        for (uint64_t row = before; row < of.start; row++) {
            found = check_pairs(&of, row, found);
        }
        EXPECT(found == of.count);
    }
}

/* --- the target --------------------------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < OPTIONS) {
        return 0;
    }
    const uint8_t *rest = data + OPTIONS;
    switch (data[7] % 8) {
    case 1:
        fuzz_number(rest, size - OPTIONS);
        break;
    case 2:
        at_every_level(fuzz_fold, rest, size - OPTIONS);
        break;
    case 3:
        at_every_level(fuzz_match, rest, size - OPTIONS);
        break;
    case 4:
        at_every_level(fuzz_probe, rest, size - OPTIONS);
        break;
    default:
        fuzz_scan(data, rest, size - OPTIONS);
    }
    return 0;
}

#if !defined(FUZZ)

static int inputs;

static int run_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F) {
        return 0;
    }
    size_t size = (size_t)status->st_size;
    uint8_t *data = malloc(size ? size : 1);
    FILE *file = fopen(path, "rb");
    EXPECT(data && file && fread(data, 1, size, file) == size);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    inputs++;
    return 0;
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        EXPECT(nftw(arguments[i], run_file, 16, 0) == 0);
    }
    printf("%d inputs\n", inputs);
    return inputs == 0;
}

#endif
