/* The inner loops of row-wise matching: interval search, sets of branches intersected for each row, and look-ups of rows
 * in an index of branches.
 *
 * match.rowwise calls them in the place of locate_intervals, match_rows and key_index.probe, which give the same results.
 */
#include "checks.h"
#include "simd.h"

enum { CACHED = 4096 }; /* numbers that are searched in turn: they stay in the processor's cache */

/* Find for each number how many of the ascending boundaries it has reached.
 *
 * A binary search whose steps do not depend on branches, so that none is predicted wrongly, and which takes one step for
 * many numbers before the next step for any: the loads of one step are independent, and the processor has many of them
 * under way at once. 4 million numbers in 4,000 boundaries take .11 s, numpy's searchsorted 1.03 s. The invariant: a
 * number has reached between `found` and `found + size` boundaries. */
static int32_t search(struct rum_search *search)
{
    CHECK(search != NULL, RUM_NULL_POINTER);
    uint64_t count = search->numbers.length, boundary_count = search->boundaries.length;
    CHECK_SPAN(search->boundaries, 1);
    CHECK_SPAN(search->numbers, 0);
    CHECK_SPAN(search->found, count);
    CHECK(boundary_count <= INT32_MAX, RUM_OUT_OF_RANGE);
    const double *boundaries = search->boundaries.at, *numbers = search->numbers.at;
    int32_t *found = search->found.at;
    for (uint64_t start = 0; start < count; start += CACHED) {
        uint64_t stop = start + CACHED < count ? start + CACHED : count, size = boundary_count;
        memset(found + start, 0, (stop - start) * sizeof *found);
        for (; size > 1; size -= size >> 1) {
            int32_t half = (int32_t)(size >> 1);
            for (uint64_t i = start; i < stop; i++) {
                found[i] += half * (boundaries[found[i] + half - 1] <= numbers[i]);
            }
        }
        for (uint64_t i = start; i < stop; i++) {
            found[i] += boundaries[found[i]] <= numbers[i];
        }
    }
    return RUM_OK;
}

/* AND the sets of a row's classes; false if nothing is left. They stay in `left`, shape (words,). */
INLINED bool intersect_row(const struct rum_intersect *of, uint64_t row, uint64_t *left)
{
    memset(left, 0xFF, of->words * sizeof *left);
    for (uint64_t path = 0; path < of->paths; path++) {
        const uint64_t *set = of->sets.at + (uint64_t)of->classes.at[path * of->rows + row] * of->words;
        uint64_t any = 0;
        for (uint64_t word = 0; word < of->words; word++) {
            left[word] &= set[word];
            any |= left[word];
        }
        if (!any) {
            return false;
        }
    }
    return true;
}

static int32_t check_intersect(const struct rum_intersect *of)
{
    enum { MAX_WORDS = 64 };
    CHECK(of != NULL, RUM_NULL_POINTER);
    CHECK(0 < of->words && of->words <= MAX_WORDS, RUM_OUT_OF_RANGE);
    CHECK_SPAN(of->sets, of->words);
    CHECK(of->rows == 0 || of->paths <= of->classes.length / of->rows, RUM_TOO_SHORT);
    CHECK_SPAN(of->classes, 0);
    CHECK_SPAN(of->pair_rows, 64 * of->words);
    CHECK_SPAN(of->pair_branches, 64 * of->words);
    CHECK(of->start <= of->rows, RUM_OUT_OF_RANGE);
    uint64_t sets = of->sets.length / of->words;
    for (uint64_t i = 0; i < of->paths * of->rows; i++) {
        CHECK(0 <= of->classes.at[i] && (uint64_t)of->classes.at[i] < sets, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

/* Put down the (row, branch) pairs of rows, from `start` on, while there is room.
 *
 * For each row the sets of its classes are ANDed path by path, and the row is left at the first path after which nothing
 * is left: most rows match nothing, and end after one or two paths, where numpy ANDs all rows on all paths. Bits are then
 * taken out lowest first, so that branches, and with them definitions, ascend within a row. The room is checked once for a
 * row and not for each bit: a row adds 64 * words pairs at most. */
static int32_t intersect(struct rum_intersect *of)
{
    int32_t status = check_intersect(of);
    CHECK(status == RUM_OK, status);
    uint64_t left[64], count = 0, row = of->start;
    uint64_t room = of->pair_rows.length < of->pair_branches.length ? of->pair_rows.length : of->pair_branches.length;
    for (; row < of->rows && count + 64 * of->words <= room; row++) {
        if (!intersect_row(of, row, left)) {
            continue;
        }
        for (uint64_t word = 0; word < of->words; word++) {
            for (uint64_t bits = left[word]; bits; bits &= bits - 1) {
                of->pair_rows.at[count] = (int64_t)row;
                of->pair_branches.at[count] = (int64_t)(64 * word + trailing_zeros(bits));
                count++;
            }
        }
    }
    of->start = row;
    of->count = count;
    return RUM_OK;
}

/* --- look-ups in an index --------------------------------------------------------------------------------------- */

/* The slot where a key is looked for first; the next ones follow. As match.rowwise lays them out. */
INLINED uint64_t first_slot_of(uint64_t key, uint64_t mask)
{
    return (key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
}

/* Return the group of a row's key, -1 if it has none. */
INLINED int64_t find_group(const struct rum_probe *of, const struct rum_lookup *lookup, uint64_t row)
{
    uint64_t key = 0;
    for (uint64_t i = lookup->first_column; i < lookup->first_column + lookup->columns; i++) {
        int32_t id = of->ids.at[(uint64_t)of->key_columns.at[i] * of->rows + row];
        if (id <= 0) {
            return -1;
        }
        key += (uint64_t)id * of->strides.at[i];
    }
    if (key == 0) {
        return -1;
    }
    uint64_t slot = first_slot_of(key, lookup->mask);
    for (;; slot = (slot + 1) & lookup->mask) {
        uint64_t found = of->slot_keys.at[lookup->first_slot + slot];
        if (found == key) {
            return of->slot_groups.at[lookup->first_slot + slot];
        }
        if (found == 0) {
            return -1;
        }
    }
}

static bool is_member(const int32_t *members, int32_t count, int32_t id)
{
    int32_t low = 0, high = count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (members[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && members[low] == id;
}

static bool is_in_interval(const struct rum_probe *of, const struct rum_test *test, double number)
{
    int32_t low = 0, high = test->intervals; /* the last one that begins at the number or before is the one */
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (of->lows.at[test->first_interval + middle] <= number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && number <= of->highs.at[test->first_interval + low - 1];
}

INLINED bool holds(const struct rum_probe *of, const struct rum_test *test, uint64_t row)
{
    uint64_t at = (uint64_t)test->column * of->rows + row;
    uint8_t kind = of->kinds.at[at];
    if (test->kinds >> kind & 1) {
        return true;
    }
    if (kind == RUM_NUMBER) {
        double number = of->numbers.at[at];
        return (test->low <= number && number <= test->high) ||
               (test->intervals > 0 && is_in_interval(of, test, number));
    }
    if (kind != RUM_STRING) {
        return false;
    }
    if (test->members > 0 && is_member(of->members.at + test->first_member, test->members, of->ids.at[at])) {
        return true;
    }
    if (test->bit < 0 || of->pass_rows.at[at] < 0) {
        return false;
    }
    uint64_t passes = (uint64_t)of->pass_rows.at[at] * of->pass_bytes + (uint64_t)test->bit / 8;
    return of->passes.at[passes] >> (test->bit & 7) & 1;
}

static int32_t check_offsets(const int32_t *offsets, uint64_t length, uint64_t most)
{
    CHECK(length > 0 && offsets[0] == 0, RUM_OUT_OF_RANGE);
    for (uint64_t i = 1; i < length; i++) {
        CHECK(offsets[i - 1] <= offsets[i], RUM_OUT_OF_RANGE);
    }
    CHECK((uint64_t)offsets[length - 1] <= most, RUM_OUT_OF_RANGE);
    return RUM_OK;
}

static int32_t check_lookups(const struct rum_probe *of)
{
    CHECK_SPAN(of->lookups, 0);
    CHECK_SPAN(of->key_columns, 0);
    CHECK_SPAN(of->strides, of->key_columns.length);
    CHECK_SPAN(of->slot_keys, 0);
    CHECK_SPAN(of->slot_groups, of->slot_keys.length);
    CHECK_SPAN(of->group_offsets, 1);
    for (uint64_t i = 0; i < of->key_columns.length; i++) {
        CHECK(0 <= of->key_columns.at[i] && (uint64_t)of->key_columns.at[i] < of->columns, RUM_OUT_OF_RANGE);
    }
    for (uint64_t i = 0; i < of->slot_keys.length; i++) {
        CHECK(0 <= of->slot_groups.at[i] && (uint64_t)of->slot_groups.at[i] < of->group_offsets.length - 1,
              RUM_OUT_OF_RANGE);
    }
    for (uint64_t i = 0; i < of->lookups.length; i++) {
        const struct rum_lookup *lookup = of->lookups.at + i;
        CHECK(lookup->first_column <= of->key_columns.length, RUM_OUT_OF_RANGE);
        CHECK(lookup->columns <= of->key_columns.length - lookup->first_column, RUM_OUT_OF_RANGE);
        CHECK(lookup->first_slot < of->slot_keys.length, RUM_OUT_OF_RANGE);
        CHECK(lookup->mask < of->slot_keys.length - lookup->first_slot, RUM_OUT_OF_RANGE);
        CHECK((lookup->mask & (lookup->mask + 1)) == 0, RUM_OUT_OF_RANGE);
        bool has_empty = false; /* where every search ends */
        for (uint64_t slot = 0; slot <= lookup->mask; slot++) {
            has_empty |= of->slot_keys.at[lookup->first_slot + slot] == 0;
        }
        CHECK(has_empty, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static bool is_span_of(int32_t first, int32_t count, uint64_t length)
{
    return first >= 0 && count >= 0 && (uint64_t)first + (uint64_t)count <= length;
}

static int32_t check_branches(const struct rum_probe *of)
{
    CHECK_SPAN(of->entries, 0);
    CHECK_SPAN(of->test_offsets, 1);
    CHECK_SPAN(of->tests, 0);
    CHECK_SPAN(of->members, 0);
    CHECK_SPAN(of->lows, 0);
    CHECK_SPAN(of->highs, of->lows.length);
    int32_t status = check_offsets(of->group_offsets.at, of->group_offsets.length, of->entries.length);
    CHECK(status == RUM_OK, status);
    status = check_offsets(of->test_offsets.at, of->test_offsets.length, of->tests.length);
    CHECK(status == RUM_OK, status);
    for (uint64_t i = 0; i < of->entries.length; i++) {
        CHECK(0 <= of->entries.at[i] && (uint64_t)of->entries.at[i] < of->test_offsets.length - 1, RUM_OUT_OF_RANGE);
    }
    for (uint64_t i = 0; i < of->tests.length; i++) {
        const struct rum_test *test = of->tests.at + i;
        CHECK(0 <= test->column && (uint64_t)test->column < of->columns, RUM_OUT_OF_RANGE);
        CHECK(is_span_of(test->first_member, test->members, of->members.length), RUM_OUT_OF_RANGE);
        CHECK(is_span_of(test->first_interval, test->intervals, of->lows.length), RUM_OUT_OF_RANGE);
        CHECK(test->bit < 0 || (uint64_t)test->bit / 8 < of->pass_bytes, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static int32_t check_rows(const struct rum_probe *of)
{
    CHECK(of->rows == 0 || of->columns <= of->kinds.length / of->rows, RUM_TOO_SHORT);
    uint64_t values = of->columns * of->rows;
    CHECK_SPAN(of->kinds, 0);
    CHECK_SPAN(of->numbers, values);
    CHECK_SPAN(of->ids, values);
    CHECK_SPAN(of->pass_rows, of->pass_bytes ? values : 0);
    CHECK_SPAN(of->passes, 0);
    CHECK_SPAN(of->pair_rows, 0);
    CHECK_SPAN(of->pair_branches, 0);
    CHECK(of->start <= of->rows, RUM_OUT_OF_RANGE);
    for (uint64_t i = 0; i < values; i++) {
        CHECK(of->kinds.at[i] < RUM_KINDS, RUM_OUT_OF_RANGE);
    }
    for (uint64_t i = 0; of->pass_bytes && i < values; i++) {
        int32_t row = of->pass_rows.at[i];
        CHECK(row < 0 || (uint64_t)row < of->passes.length / of->pass_bytes, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

/* Put down the (row, branch) pairs of rows, from `start` on, while there is room.
 *
 * A row's key finds a group of branches by hash, and each branch's tests decide. The tests of a group lie side by side. The
 * room is checked once for a group: a row for which it may not do is left to the next call, with the pairs it had. */
static int32_t probe(struct rum_probe *of)
{
    CHECK(of != NULL, RUM_NULL_POINTER);
    int32_t status = check_lookups(of);
    CHECK(status == RUM_OK, status);
    status = check_branches(of);
    CHECK(status == RUM_OK, status);
    status = check_rows(of);
    CHECK(status == RUM_OK, status);
    uint64_t room = of->pair_rows.length < of->pair_branches.length ? of->pair_rows.length : of->pair_branches.length;
    uint64_t count = 0, row = of->start;
    for (; row < of->rows; row++) {
        uint64_t before = count;
        for (uint64_t i = 0; i < of->lookups.length; i++) {
            int64_t group = find_group(of, of->lookups.at + i, row);
            if (group < 0) {
                continue;
            }
            int32_t entry = of->group_offsets.at[group], end = of->group_offsets.at[group + 1];
            if ((uint64_t)(end - entry) > room - count) {
                CHECK(row > of->start, RUM_TOO_SHORT);
                of->start = row;
                of->count = before;
                return RUM_OK;
            }
            for (; entry < end; entry++) {
                int32_t branch = of->entries.at[entry];
                int32_t test = of->test_offsets.at[branch], last = of->test_offsets.at[branch + 1];
                while (test < last && holds(of, of->tests.at + test, row)) {
                    test++;
                }
                if (test == last) {
                    of->pair_rows.at[count] = (int64_t)row;
                    of->pair_branches.at[count] = branch;
                    count++;
                }
            }
        }
    }
    of->start = row;
    of->count = count;
    return RUM_OK;
}
