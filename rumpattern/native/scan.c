/* The driver of the scanner: lines to rows of columns, each event read by its shape or else by the grammar.
 *
 * A line that is not read here for certain is deferred: its text is kept for the decoder, which knows all of JSON and says
 * what is wrong with it. So this is a fast path for what RUM clients write and no second definition of what an event is:
 * that it defers too much costs time, that it defers too little would show as a difference between the readers.
 */
#include "shapes.c"

#include "checks.h"

#if defined(_WIN32)
#define HAS_PREAD 0
#else
#define HAS_PREAD 1
#include <errno.h>
#include <unistd.h>
#endif

enum {
    TRIAL = 256 /* events that may be walked before shapes are given up, if half of all are: those do not repeat */
};

/* What the lines of one call share. */
struct job {
    struct rum_scan *scan;
    struct shapes *shapes;
    struct notes notes;
};

/* --- an event ----------------------------------------------------------------------------------------------------- */

static void forget_notes(const struct job *job)
{
    memset(job->notes.kinds, RUM_MISSING, job->scan->plan.members.length);
}

/* The end of the line of an event that goes up to `after`; 0 if there is no event, or more on its line. */
INLINED place line_end(place after, place end)
{
    place stop = after ? skip_space(after) : NULL;
    return stop && (stop >= end || *stop == '\n') ? stop : NULL;
}

/* Note the values of an event; return the end of its line, 0 if there is anything uncommon about it. */
INLINED place read_event(struct job *job, place at, place end)
{
    struct rum_scan *scan = job->scan;
    bool has_escapes, has_shapes = scan->walked_count < TRIAL || 2 * scan->walked_count < scan->row_count;
    job->notes.quote_count = find_quotes(&scan->scratch, at, end, &has_escapes);
    if (job->notes.quote_count < 0) {
        return NULL;
    }
    job->notes.event = at;
    if (has_shapes) {
        forget_notes(job);
        place stop = line_end(match_shape(job->shapes, &job->notes), end);
        if (stop) {
            return stop;
        }
    }
    scan->walked_count++;
    forget_notes(job);
    uint64_t values;
    place after = walk_event(&scan->plan, &job->notes, has_escapes, has_shapes, &values);
    place stop = line_end(after, end);
    if (stop && has_shapes && values <= MAX_VALUES) {
        learn_shape(job->shapes, &job->notes, after, values);
    }
    return stop;
}

/* --- its row ------------------------------------------------------------------------------------------------------ */

/* Put what was noted of an event in a row; false if not all of it could be put. */
INLINED bool put_row(struct job *job, uint64_t row)
{
    struct rum_scan *scan = job->scan;
    const struct rum_plan *plan = &scan->plan;
    const struct notes *notes = &job->notes;
    int32_t member = plan->nodes.at[0];
    struct span span = notes->spans[member];
    place text = notes->event + span.begin;
    if (notes->kinds[member] != RUM_STRING || has_escape(text, notes->event + span.stop)) {
        return false;
    }
    scan->kinds.at[row] = RUM_STRING;
    scan->codes.at[row] = code_of(scan, 0, text, span.stop - span.begin);
    int32_t type = find_key(&plan->types, 0, text, span.stop - span.begin);
    const int32_t *wanted = plan->wanted.at + (uint64_t)type * plan->columns;
    for (; *wanted; wanted++) {
        uint64_t column = (uint64_t)*wanted, cell = column * scan->rows + row;
        member = plan->nodes.at[column];
        span = notes->spans[member];
        text = notes->event + span.begin;
        uint8_t kind = notes->kinds[member];
        if (kind == RUM_STRING) {
            scan->codes.at[cell] = code_of(scan, column, text, span.stop - span.begin);
        } else if (kind == RUM_NUMBER) {
            double number = number_between(text, notes->event + span.stop);
            if (unlikely(isnan(number))) {
                return false;
            }
            scan->numbers.at[cell] = number;
        } else if (kind == RUM_ARRAY) {
            scan->codes.at[cell] = code_of(scan, plan->columns + column, text, span.stop - span.begin);
        }
        scan->kinds.at[cell] = kind;
    }
    return true;
}

static void clear_row(struct rum_scan *scan, uint64_t row)
{
    for (uint64_t column = 0; column < scan->plan.columns; column++) {
        scan->kinds.at[column * scan->rows + row] = RUM_MISSING;
    }
}

static void defer(struct rum_scan *scan, place begin, uint64_t length, int64_t offset)
{
    struct rum_deferred *deferred = &scan->deferred.at[scan->deferred_count++];
    deferred->line = (int64_t)scan->line_count;
    deferred->offset = offset;
    deferred->length = (int64_t)length;
    deferred->kept = (int64_t)keep_text(scan, begin, length);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* Add rows from the bytes of a text between two places while there is room for rows and texts; `offset` is that of the
 * text in its file. The text ends in a newline, which no token goes beyond, or zeros follow. Returns the place where the
 * next line begins, `size` or more if there is none. */
static uint64_t scan_text(struct job *job, place text, uint64_t start, uint64_t size, int64_t offset)
{
    struct rum_scan *scan = job->scan;
    place at = text + start, end = text + size;
    while (at < end && scan->row_count + scan->deferred_count < scan->rows) {
        place begin = at, opening = skip_space(at);
        if ((opening >= end || *opening == '\n') && opening - begin <= scan->max_line) {
            scan->blank_count++;
            scan->line_count++;
            at = opening + 1;
            continue;
        }
        if (scan->has_timestamp_prefix) {
            opening = time_end(begin);
        }
        place stop = NULL;
        if (*opening == '{' && (opening > begin || !scan->has_timestamp_prefix)) {
            stop = read_event(job, opening, end);
        }
        bool has_row = stop && stop - begin <= scan->max_line;
        if (!has_row) {
            stop = find_newline(begin, end);
        }
        int64_t length = stop - begin <= scan->max_line ? stop - begin : scan->max_line + 1;
        if (scan->kept_size + kept_for((uint64_t)length) + RUM_PADDING > scan->kept.length) {
            break;
        }
        if (has_row && put_row(job, scan->row_count)) {
            scan->row_lines.at[scan->row_count++] = (int64_t)scan->line_count;
        } else {
            clear_row(scan, scan->row_count);
            defer(scan, begin, (uint64_t)length, offset + (begin - text));
        }
        scan->line_count++;
        at = stop + 1;
    }
    return (uint64_t)(at - text);
}

/* How many bytes of a text are whole lines; zeros follow it. */
static uint64_t whole_lines(place text, uint64_t size)
{
    while (size > 0) {
        uint64_t block = size > 64 ? size - 64 : 0;
        uint64_t found = equal_64(text + block, '\n');
        if (size - block < 64) {
            found &= ((uint64_t)1 << (size - block)) - 1;
        }
        if (found) {
            return block + 64 - leading_zeros(found);
        }
        size = block;
    }
    return 0;
}

/* --- the entries -------------------------------------------------------------------------------------------------- */

/* A table whose keys are found by their hash: each text is there, and an empty slot ends each search. */
static int32_t check_hashed(const struct rum_keys *keys, const struct rum_table *table)
{
    bool has_empty = false;
    for (uint64_t i = table->first; i <= table->first + table->mask; i++) {
        const struct rum_slot *slot = &keys->slots.at[i];
        has_empty |= slot->member == RUM_NOTHING;
        uint64_t texts = keys->texts.length - RUM_PADDING;
        CHECK(slot->member == RUM_NOTHING || (slot->text.offset <= texts && slot->length <= texts - slot->text.offset),
              RUM_OUT_OF_RANGE);
    }
    return has_empty ? RUM_OK : RUM_OUT_OF_RANGE;
}

static int32_t check_keys_of(const struct rum_keys *keys, int32_t least, uint64_t members)
{
    CHECK_SPAN(keys->tables, 1);
    CHECK_SPAN(keys->slots, 1);
    CHECK_SPAN(keys->texts, RUM_PADDING);
    for (uint64_t i = 0; i < keys->tables.length; i++) {
        struct rum_table table = keys->tables.at[i];
        CHECK((table.mask & (table.mask + 1)) == 0, RUM_OUT_OF_RANGE);
        CHECK(table.first < keys->slots.length && table.mask < keys->slots.length - 1 - table.first, RUM_OUT_OF_RANGE);
        int32_t status = table.factor == 0 ? check_hashed(keys, &table) : RUM_OK;
        CHECK(status == RUM_OK, status);
    }
    for (uint64_t i = 0; i < keys->slots.length; i++) { /* what lay_out_keys wrote, for this plan */
        CHECK(least <= keys->slots.at[i].member, RUM_OUT_OF_RANGE);
        CHECK(keys->slots.at[i].member <= (int64_t)members, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static int32_t check_plan(const struct rum_plan *plan)
{
    CHECK(0 < plan->columns && plan->columns <= INT32_MAX, RUM_OUT_OF_RANGE);
    CHECK_SPAN(plan->members, 1);
    CHECK(plan->members.length <= UINT16_MAX, RUM_OUT_OF_RANGE); /* nodes of shapes have 16 bits for them */
    CHECK_SPAN(plan->nodes, plan->columns);
    CHECK_SPAN(plan->wanted, plan->columns);
    CHECK(plan->wanted.length % plan->columns == 0, RUM_OUT_OF_RANGE);
    int32_t status = check_keys_of(&plan->keys, RUM_DOTTED, plan->members.length - 1);
    CHECK(status == RUM_OK, status);
    status = check_keys_of(&plan->types, RUM_NOTHING, plan->wanted.length / plan->columns - 1);
    CHECK(status == RUM_OK, status);
    for (uint64_t i = 0; i < plan->members.length; i++) {
        struct rum_member member = plan->members.at[i];
        CHECK(RUM_NOWHERE <= member.table && member.table < (int64_t)plan->keys.tables.length, RUM_OUT_OF_RANGE);
        CHECK(RUM_NOWHERE <= member.column && member.column < (int64_t)plan->columns, RUM_OUT_OF_RANGE);
    }
    for (uint64_t i = 0; i < plan->columns; i++) {
        CHECK(0 <= plan->nodes.at[i] && (uint64_t)plan->nodes.at[i] < plan->members.length, RUM_OUT_OF_RANGE);
        CHECK(plan->members.at[plan->nodes.at[i]].column == (int64_t)i, RUM_OUT_OF_RANGE); /* kept_for relies on it */
    }
    for (uint64_t i = 0; i < plan->wanted.length; i++) {
        CHECK(0 <= plan->wanted.at[i] && (uint64_t)plan->wanted.at[i] < plan->columns, RUM_OUT_OF_RANGE);
        CHECK(i % plan->columns != plan->columns - 1 || plan->wanted.at[i] == 0, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static int32_t check_scratch(const struct rum_scan *scan)
{
    const struct rum_scratch *scratch = &scan->scratch;
    uint64_t members = scan->plan.members.length, dictionaries = 2 * scan->plan.columns;
    uint64_t slots = scratch->slots.length / dictionaries;
    CHECK_ALIGNED(scratch->kinds, members + BEFORE_KINDS, 8);
    CHECK_ALIGNED(scratch->spans, members * sizeof(struct span), 8);
    CHECK_ALIGNED(scratch->trail, MAX_VALUES * sizeof(struct step), 8);
    CHECK_ALIGNED(scratch->shapes, sizeof(struct shapes), 64);
    CHECK_ALIGNED(scratch->entries, dictionaries * scan->rows * sizeof(struct rum_entry), 8);
    CHECK(scratch->entries.length % (dictionaries * sizeof(struct rum_entry)) == 0, RUM_OUT_OF_RANGE);
    CHECK_SPAN(scratch->quotes, QUOTES_MARGIN);
    CHECK_SPAN(scratch->heads, 2 * dictionaries);
    CHECK_SPAN(scratch->slots, dictionaries * FIRST_SLOTS);
    CHECK((slots & (slots - 1)) == 0 && slots >= SLOTS_PER_STRING * scan->rows, RUM_TOO_SHORT);
    return RUM_OK;
}

static int32_t check_output(const struct rum_scan *scan)
{
    uint64_t cells = scan->plan.columns * scan->rows;
    CHECK_SPAN(scan->kinds, cells);
    CHECK_SPAN(scan->numbers, cells);
    CHECK_SPAN(scan->codes, cells);
    CHECK_SPAN(scan->row_lines, scan->rows);
    CHECK_SPAN(scan->deferred, scan->rows);
    CHECK_SPAN(scan->kept, kept_for((uint64_t)scan->max_line + 1) + RUM_PADDING);
    CHECK(scan->kept_size <= scan->kept.length && scan->kept_size % 8 == 0, RUM_OUT_OF_RANGE);
    CHECK(scan->row_count <= scan->rows && scan->deferred_count <= scan->rows - scan->row_count, RUM_OUT_OF_RANGE);
    for (uint64_t i = 0; scan->row_count + scan->deferred_count > 0 && i < 2 * scan->plan.columns; i++) {
        const int64_t *head = scan->scratch.heads.at + 2 * i; /* what an earlier call of the batch left */
        uint64_t mask = (uint64_t)head[1], slots = scan->scratch.slots.length / (2 * scan->plan.columns);
        CHECK(0 <= head[0] && (uint64_t)head[0] <= scan->rows, RUM_OUT_OF_RANGE);
        CHECK((mask & (mask + 1)) == 0 && mask < slots && SLOTS_PER_STRING * (uint64_t)head[0] <= mask + 1, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static int32_t check_scan(const struct rum_scan *scan)
{
    CHECK(scan != NULL, RUM_NULL_POINTER);
    CHECK(0 < scan->rows && scan->rows < (1 << 29), RUM_OUT_OF_RANGE);
    CHECK(0 <= scan->max_line && scan->max_line < INT64_MAX / 4, RUM_OUT_OF_RANGE);
    CHECK_SPAN(scan->text, RUM_PADDING);
    int32_t status = check_plan(&scan->plan);
    CHECK(status == RUM_OK, status);
    status = check_scratch(scan);
    return status == RUM_OK ? check_output(scan) : status;
}

/* What the lines of a call share; a batch that has no line yet begins with empty dictionaries. */
static struct job begin_job(struct rum_scan *scan)
{
    const struct rum_scratch *scratch = &scan->scratch;
    if (scan->row_count + scan->deferred_count == 0) {
        for (uint64_t index = 0; index < 2 * scan->plan.columns; index++) {
            struct dictionary dictionary = dictionary_of(scan, index);
            dictionary.head[0] = 0;
            use_slots(&dictionary, FIRST_SLOTS);
        }
    }
    struct job job = {
        scan,
        (struct shapes *)(void *)scratch->shapes.at,
        {NULL, scratch->kinds.at + BEFORE_KINDS, (struct span *)(void *)scratch->spans.at, scratch->quotes.at,
         (struct step *)(void *)scratch->trail.at, 0},
    };
    job.notes.kinds[RUM_DOTTED] = 1;
    if (job.shapes->members != scan->plan.members.length) { /* else they might name members that there are not */
        forget_shapes(job.shapes);
        job.shapes->members = (uint32_t)scan->plan.members.length;
    }
    return job;
}

/* Shapes that are rarely met again are not kept for the next batch. */
static void end_job(const struct job *job)
{
    uint64_t walked = job->scan->walked_count;
    if (walked > TRIAL && walked > job->scan->row_count / 2) {
        forget_shapes(job->shapes);
    }
}

/* In the sanitized build, touching what lies behind the padding of a text is an error though it be allocated. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
#define POISON(text, used) ASAN_POISON_MEMORY_REGION((text).at + (used), (text).length - (used))
#define UNPOISON(text) ASAN_UNPOISON_MEMORY_REGION((text).at, (text).length)
#else
#define POISON(text, used) ((void)0)
#define UNPOISON(text) ((void)0)
#endif

/* Add rows from the lines of a text in memory while there is room: from `start` on, which becomes where the next line
 * begins, `size` if there is none. */
static int32_t scan_lines(struct rum_scan *scan)
{
    int32_t status = check_scan(scan);
    CHECK(status == RUM_OK, status);
    CHECK(scan->size <= scan->text.length - RUM_PADDING, RUM_TOO_SHORT);
    CHECK(scan->start <= scan->size, RUM_OUT_OF_RANGE);
    struct job job = begin_job(scan);
    POISON(scan->text, scan->size + RUM_PADDING);
    uint64_t next = scan_text(&job, scan->text.at, scan->start, scan->size, scan->offset);
    UNPOISON(scan->text);
    scan->start = next < scan->size ? next : scan->size;
    end_job(&job);
    return RUM_OK;
}

#if HAS_PREAD

static int64_t read_piece(int file, uint8_t *to, uint64_t size, uint64_t offset)
{
    ssize_t count;
    do {
        count = pread(file, to, size, (off_t)offset);
    } while (count < 0 && errno == EINTR);
    return count;
}

/* Add rows from the lines of a file between the bytes `start` and `size` while there is room, reading it piece by piece:
 * a piece stays in the core's cache, and no more of the file is ever in memory. `start` becomes where the next line
 * begins. RUM_UNREADABLE: it cannot be read there, or has a line that the room for pieces does not hold. */
static int32_t scan_file(struct rum_scan *scan)
{
    int32_t status = check_scan(scan);
    CHECK(status == RUM_OK, status);
    CHECK(scan->piece > 0 && scan->text.length - RUM_PADDING > scan->piece, RUM_TOO_SHORT);
    CHECK((uint64_t)scan->max_line <= scan->text.length - RUM_PADDING - scan->piece, RUM_TOO_SHORT);
    CHECK(scan->start <= scan->size && scan->size <= INT64_MAX && scan->file <= INT32_MAX, RUM_OUT_OF_RANGE);
    struct job job = begin_job(scan);
    uint8_t *text = scan->text.at;
    uint64_t rest = 0; /* bytes of a line that has begun, at the beginning of the room */
    while (status == RUM_OK && scan->start < scan->size) {
        uint64_t left = scan->size - scan->start - rest, piece = left < scan->piece ? left : scan->piece;
        int64_t count = read_piece((int)scan->file, text + rest, piece, scan->start + rest);
        if (count <= 0) {
            status = RUM_UNREADABLE;
            break;
        }
        uint64_t filled = rest + (uint64_t)count;
        memset(text + filled, 0, RUM_PADDING);
        uint64_t whole = scan->start + filled == scan->size ? filled : whole_lines(text, filled);
        POISON(scan->text, filled + RUM_PADDING);
        uint64_t next = scan_text(&job, text, 0, whole, (int64_t)scan->start);
        UNPOISON(scan->text);
        uint64_t done = next < whole ? next : whole;
        scan->start += done;
        if (done < whole) {
            break;
        }
        rest = filled - whole;
        if (rest > (uint64_t)scan->max_line) {
            status = RUM_UNREADABLE;
        } else {
            memmove(text, text + whole, rest);
        }
    }
    end_job(&job);
    return status;
}

#else

static int32_t scan_file(struct rum_scan *scan)
{
    return scan ? RUM_NO_FILES : RUM_NULL_POINTER;
}

#endif

/* The entry for tests: put the places of the quotes of one line, from `start` on, in the scratch. */
static int32_t find_line_quotes(struct rum_scan *scan)
{
    CHECK(scan != NULL, RUM_NULL_POINTER);
    CHECK_SPAN(scan->text, scan->size + RUM_PADDING);
    CHECK_SPAN(scan->scratch.quotes, QUOTES_MARGIN);
    CHECK(scan->start <= scan->size, RUM_OUT_OF_RANGE);
    bool has_escapes;
    int64_t count = find_quotes(&scan->scratch, scan->text.at + scan->start, scan->text.at + scan->size, &has_escapes);
    scan->row_count = (uint64_t)count; /* BAD_QUOTES wraps around */
    scan->walked_count = has_escapes;
    return RUM_OK;
}
