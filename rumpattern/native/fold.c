/* Matched rows to groups in one pass: samples are derived, grouped and added up, between matching and merging.
 *
 * It gives what derive.samples and aggregate.groups give with arrays, step after step. The rows of a group are found by a
 * code in mixed radix of its period and labels, in a hash table of the groups of all definitions.
 */
#include "checks.h"
#include "simd.h"

#include <math.h>

/* --- fields ------------------------------------------------------------------------------------------------------- */

/* The code of a row in a field: minus a reason code; or 0 for a value or a time, the index of a label for a dimension. */
INLINED int32_t code_at(const struct rum_field *field, int64_t row)
{
    uint8_t kind = field->kinds.at[row];
    uint64_t index = kind == RUM_STRING ? RUM_KINDS + (uint64_t)(uint32_t)field->codes.at[row] : kind;
    return likely(index < field->field_codes.length) ? field->field_codes.at[index] : 0;
}

/* 0, or minus the code of the reason why a row has no time. */
INLINED int64_t time_code(const struct rum_field *field, int64_t row, double end, uint64_t too_late)
{
    int32_t code = code_at(field, row);
    double number = field->numbers.at[row];
    return code == 0 && !(0 <= number && number < end) ? -(int64_t)too_late : code;
}

enum { MAX_REASONS = 1 << 16 };
#define MAX_LABELS ((int64_t)1 << 48)
#define MAX_PERIODS ((int64_t)1 << 53)

static int32_t check_field(const struct rum_field *field, uint64_t rows)
{
    CHECK_SPAN(field->kinds, rows);
    CHECK_SPAN(field->numbers, rows);
    CHECK_SPAN(field->codes, rows);
    CHECK_SPAN(field->field_codes, RUM_KINDS);
    CHECK(0 <= field->label_count && field->label_count <= MAX_LABELS, RUM_OUT_OF_RANGE);
    CHECK(0 <= field->first_label && field->first_label <= MAX_LABELS, RUM_OUT_OF_RANGE);
    return RUM_OK;
}

/* Find the first and the last time of all rows that have one. */
static int32_t time_range(struct rum_time_range *of)
{
    CHECK(of != NULL, RUM_NULL_POINTER);
    int32_t status = check_field(&of->field, of->field.kinds.length);
    CHECK(status == RUM_OK, status);
    double first = INFINITY, last = 0;
    for (uint64_t row = 0; row < of->field.kinds.length; row++) {
        if (time_code(&of->field, (int64_t)row, of->max_timestamp, 1) == 0) {
            double number = of->field.numbers.at[row];
            first = number < first ? number : first;
            last = number > last ? number : last;
        }
    }
    of->first = first;
    of->last = last;
    return RUM_OK;
}

/* --- sums --------------------------------------------------------------------------------------------------------- */

enum {
    FIRST_EXPONENT = 1075 - RUM_LOWEST_BIT,
    LAST_EXPONENT = FIRST_EXPONENT + 32 * (RUM_LIMBS - 2) - 1
};

/* Add a value to an exact sum; false if it is too large or too small for the limbs.
 *
 * The mantissa is cut into three parts of 32 bits where the limbs lie, and each is added to a limb of 64: no carry is
 * passed on until 2^31 values have been added, more than a batch has rows. */
INLINED bool add_exactly(int64_t *limbs, double value)
{
    uint64_t bits = bits_of(value), exponent = (bits >> 52) & 0x7FF;
    if (bits << 1 == 0) {
        return true;
    }
    if (exponent < FIRST_EXPONENT || exponent > LAST_EXPONENT) {
        return false;
    }
    uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52, at = exponent - FIRST_EXPONENT;
    uint64_t shift = at & 31, low = mantissa << shift, high = (mantissa >> 1) >> (63 - shift);
    int64_t *limb = limbs + (at >> 5), sign = value < 0 ? -1 : 1;
    limb[0] += sign * (int64_t)(low & 0xFFFFFFFFu);
    limb[1] += sign * (int64_t)(low >> 32);
    limb[2] += sign * (int64_t)high;
    return true;
}

/* --- groups ------------------------------------------------------------------------------------------------------- */

/* The index of the group that has a code and a definition; `group_count`, the next one, if there was none. The hash has a
 * secret seed, since who writes events can choose times and labels. */
INLINED uint64_t group_of(const struct rum_fold *fold, int64_t code, int64_t definition)
{
    uint64_t mask = fold->slots.length - 1;
    uint64_t hash = mix((uint64_t)code ^ fold->seeds[0], (uint64_t)definition ^ fold->seeds[1]);
    for (uint64_t slot = hash & mask;; slot = (slot + 1) & mask) {
        int32_t index = fold->slots.at[slot];
        if (index < 0) {
            fold->slots.at[slot] = (int32_t)fold->group_count;
            return fold->group_count;
        }
        const struct rum_group *group = &fold->groups.at[index];
        if (group->code == code && group->definition == definition) {
            return (uint64_t)index;
        }
    }
}

/* The next group is that of a row. */
static void start_group(struct rum_fold *fold, int64_t code, int64_t definition, int64_t period, int64_t row)
{
    uint64_t index = fold->group_count++;
    fold->groups.at[index] = (struct rum_group){code, definition, 0, period, INFINITY, -INFINITY, {0}};
    const int64_t *fields = fold->dimension_fields.at + (uint64_t)definition * fold->dimensions;
    for (uint64_t i = 0; i < fold->dimensions; i++) {
        const struct rum_field *field = &fold->fields.at[fields[i]];
        fold->labels.at[index * fold->dimensions + i] = field->first_label + code_at(field, row);
    }
}

/* Add the value of a row to a group; false if it does not fit. */
INLINED bool add_value(struct rum_fold *fold, uint64_t index, double value)
{
    struct rum_group *group = &fold->groups.at[index];
    value += 0.0; /* -0 is 0 */
    fold->members.at[fold->value_count] = (int64_t)index;
    fold->values.at[fold->value_count++] = value;
    group->minimum = value < group->minimum ? value : group->minimum;
    group->maximum = value > group->maximum ? value : group->maximum;
    return add_exactly(group->limbs, value);
}

/* Derive the sample of a row and add it to its group; false if its value does not fit. */
INLINED bool fold_row(struct rum_fold *fold, int64_t definition, const struct rum_field *value, int64_t row)
{
    const int64_t *fields = fold->dimension_fields.at + (uint64_t)definition * fold->dimensions;
    const struct rum_field *time = &fold->fields.at[fold->time];
    /* The first reason that holds counts: the value's, those of the dimensions in turn, the time's. */
    int64_t reason = 0;
    if (value) {
        bool is_out = value->kinds.at[row] == RUM_NUMBER && fabs(value->numbers.at[row]) > fold->max_value;
        reason = is_out ? -(int64_t)fold->out_of_range : code_at(value, row);
    }
    double now = time->numbers.at[row];
    int64_t period = 0 <= now && now < fold->max_timestamp ? (int64_t)now / fold->period - fold->first_period : 0;
    uint64_t code = (uint64_t)period;
    for (uint64_t i = 0; i < fold->dimensions; i++) {
        const struct rum_field *field = &fold->fields.at[fields[i]];
        int32_t label = code_at(field, row);
        reason = reason == 0 && label < 0 ? label : reason;
        code = code * (uint64_t)field->label_count + (uint64_t)(int64_t)label;
    }
    reason = reason == 0 ? time_code(time, row, fold->max_timestamp, fold->too_late) : reason;
    uint64_t index = (uint64_t)-reason;
    if (index >= fold->reasons) {
        index = 0; /* FieldCodes has no such code */
    }
    fold->counts.at[(uint64_t)definition * fold->reasons + index]++;
    if (reason) {
        return true;
    }
    uint64_t group = group_of(fold, (int64_t)code, definition);
    if (group == fold->group_count) {
        start_group(fold, (int64_t)code, definition, period, row);
    }
    fold->groups.at[group].size++;
    return value == NULL || add_value(fold, group, value->numbers.at[row]);
}

/* --- the entries -------------------------------------------------------------------------------------------------- */

static int32_t check_fields(const struct rum_fold *fold, uint64_t rows)
{
    CHECK_SPAN(fold->fields, 1);
    CHECK(fold->time < fold->fields.length, RUM_OUT_OF_RANGE);
    for (uint64_t i = 0; i < fold->fields.length; i++) {
        int32_t status = check_field(&fold->fields.at[i], rows);
        CHECK(status == RUM_OK, status);
    }
    for (uint64_t i = 0; i < fold->dimension_fields.length; i++) {
        CHECK(0 <= fold->dimension_fields.at[i], RUM_OUT_OF_RANGE);
        CHECK((uint64_t)fold->dimension_fields.at[i] < fold->fields.length, RUM_OUT_OF_RANGE);
    }
    return RUM_OK;
}

static int32_t check_definitions(const struct rum_fold *fold, uint64_t rows)
{
    uint64_t samples = 0, values = 0;
    for (uint64_t i = 0; i < fold->definitions.length; i++) {
        struct rum_folded definition = fold->definitions.at[i];
        CHECK(0 <= definition.begin && definition.begin <= definition.end, RUM_OUT_OF_RANGE);
        CHECK((uint64_t)definition.end <= fold->matched.length, RUM_OUT_OF_RANGE);
        CHECK(RUM_ROWS_COUNT <= definition.value && definition.value < (int64_t)fold->fields.length, RUM_OUT_OF_RANGE);
        samples += (uint64_t)(definition.end - definition.begin);
        values += definition.value == RUM_ROWS_COUNT ? 0 : (uint64_t)(definition.end - definition.begin);
        for (int64_t j = definition.begin; j < definition.end; j++) {
            CHECK(0 <= fold->matched.at[j] && (uint64_t)fold->matched.at[j] < rows, RUM_OUT_OF_RANGE);
        }
    }
    CHECK(samples <= INT32_MAX && fold->slots.length > samples, RUM_TOO_SHORT);
    CHECK_SPAN(fold->groups, samples);
    CHECK_SPAN(fold->labels, samples * fold->dimensions);
    CHECK_SPAN(fold->members, values);
    CHECK_SPAN(fold->values, values);
    return RUM_OK;
}

static int32_t check_fold(const struct rum_fold *fold)
{
    CHECK(fold != NULL, RUM_NULL_POINTER);
    uint64_t definitions = fold->definitions.length;
    CHECK(definitions <= INT32_MAX && fold->dimensions <= 64 && fold->period > 0, RUM_OUT_OF_RANGE);
    CHECK(fold->reasons <= MAX_REASONS, RUM_OUT_OF_RANGE);
    CHECK(fold->out_of_range < fold->reasons && fold->too_late < fold->reasons, RUM_OUT_OF_RANGE);
    CHECK(-MAX_PERIODS <= fold->first_period && fold->first_period <= MAX_PERIODS, RUM_OUT_OF_RANGE);
    CHECK(fold->max_timestamp <= 9e15, RUM_OUT_OF_RANGE); /* whole milliseconds are 64-bit integers up to there */
    CHECK(fold->slots.length > 0 && (fold->slots.length & (fold->slots.length - 1)) == 0, RUM_OUT_OF_RANGE);
    CHECK_SPAN(fold->definitions, 0);
    CHECK_SPAN(fold->dimension_fields, definitions * fold->dimensions);
    CHECK_SPAN(fold->matched, 0);
    CHECK_SPAN(fold->is_odd, 0);
    CHECK_SPAN(fold->slots, 1);
    CHECK_SPAN(fold->counts, definitions * fold->reasons);
    CHECK_SPAN(fold->has_failed, definitions);
    int32_t status = check_fields(fold, fold->is_odd.length);
    return status == RUM_OK ? check_definitions(fold, fold->is_odd.length) : status;
}

/* Add up the samples of all definitions. One that has failed is not all added up. */
static int32_t fold(struct rum_fold *fold)
{
    int32_t status = check_fold(fold);
    CHECK(status == RUM_OK, status);
    fold->group_count = fold->value_count = 0;
    memset(fold->slots.at, 0xFF, fold->slots.length * sizeof *fold->slots.at); /* -1: empty */
    for (uint64_t i = 0; i < fold->definitions.length; i++) {
        struct rum_folded definition = fold->definitions.at[i];
        const struct rum_field *value = definition.value == RUM_ROWS_COUNT ? NULL : &fold->fields.at[definition.value];
        for (int64_t j = definition.begin; j < definition.end; j++) {
            int64_t row = fold->matched.at[j];
            if (!fold->is_odd.at[row] && !fold_row(fold, (int64_t)i, value, row)) {
                fold->has_failed.at[i] = 1;
                break;
            }
        }
    }
    return RUM_OK;
}

/* Put the values group after group. */
static int32_t gather(struct rum_gather *gather)
{
    CHECK(gather != NULL, RUM_NULL_POINTER);
    CHECK_SPAN(gather->members, 0);
    CHECK_SPAN(gather->values, gather->members.length);
    CHECK_SPAN(gather->next, 0);
    CHECK_SPAN(gather->ordered, 0);
    for (uint64_t i = 0; i < gather->members.length; i++) {
        uint64_t group = (uint64_t)gather->members.at[i];
        CHECK(group < gather->next.length, RUM_OUT_OF_RANGE);
        int64_t at = gather->next.at[group];
        if (at >= 0) {
            CHECK((uint64_t)at < gather->ordered.length, RUM_OUT_OF_RANGE);
            gather->ordered.at[at] = gather->values.at[i];
            gather->next.at[group]++;
        }
    }
    return RUM_OK;
}
