/* The tables of keys.h are laid out here, once for a plan. */
#include "keys.h"

#include "checks.h"

struct key_range {
    uint64_t begin;
    uint64_t end;
};

INLINED uint64_t key_length(const struct rum_lay_out *keys, uint64_t key)
{
    return (uint64_t)(keys->ends.at[key] - keys->begins.at[key]);
}

INLINED place key_text(const struct rum_lay_out *keys, uint64_t key)
{
    return keys->texts.at + keys->begins.at[key];
}

/* The smallest power of two above a number. */
static uint64_t power_above(uint64_t number)
{
    uint64_t power = 1;
    while (power <= number) {
        power *= 2;
    }
    return power;
}

static void clear_slots(struct rum_lay_out *keys, const struct rum_table *table)
{
    memset(keys->slots.at + table->first, 0, (table->mask + 1) * sizeof(struct rum_slot));
}

/* Put all keys of a table in the slots that its factor gives; false, with nothing put, if two share one. */
static bool put_perfectly(struct rum_lay_out *keys, const struct rum_table *table, struct key_range range)
{
    for (uint64_t key = range.begin; key < range.end; key++) {
        uint64_t length = key_length(keys, key);
        place text = key_text(keys, key);
        struct rum_slot *slot = &keys->slots.at[perfect_slot(text, length, table)];
        if (slot->member != RUM_NOTHING) {
            clear_slots(keys, table);
            return false;
        }
        slot->member = keys->members.at[key];
        slot->length = (uint32_t)length;
        slot->of.bits = ((uint64_t)2 << length) - 1;
        memcpy(slot->text.key, text, length);
        slot->text.key[length] = '"';
    }
    return true;
}

static void put_by_hash(struct rum_lay_out *keys, const struct rum_table *table, struct key_range range)
{
    for (uint64_t key = range.begin; key < range.end; key++) {
        uint64_t length = key_length(keys, key), hash = hash_of(key_text(keys, key), length, keys->seeds);
        uint64_t slot = hash & table->mask;
        while (keys->slots.at[table->first + slot].member != RUM_NOTHING) {
            slot = (slot + 1) & table->mask;
        }
        struct rum_slot *free_slot = &keys->slots.at[table->first + slot];
        free_slot->member = keys->members.at[key];
        free_slot->length = (uint32_t)length;
        free_slot->of.hash = hash;
        free_slot->text.offset = (uint64_t)keys->begins.at[key];
    }
}

static bool fits_in_slots(const struct rum_lay_out *keys, struct key_range range)
{
    for (uint64_t key = range.begin; key < range.end; key++) {
        if (key_length(keys, key) >= RUM_SLOT_TEXT) {
            return false;
        }
    }
    return range.end - range.begin <= MAX_PERFECT_KEYS;
}

/* Lay out one table from a slot on, and return the slot behind it.
 *
 * The factors are odd multiples of 2^64 / phi, with which multiplicative hashing spreads keys well. With four to eight
 * times as many slots as keys, one of 64 nearly always gives each key a slot of its own. */
static uint64_t lay_out_table(struct rum_lay_out *keys, struct rum_table *table, struct key_range range, uint64_t first)
{
    *table = (struct rum_table){first, power_above(4 * (range.end - range.begin)) - 1, 0};
    clear_slots(keys, table);
    if (fits_in_slots(keys, range)) {
        for (uint64_t odd = 1; odd < 2 * FACTORS; odd += 2) {
            table->factor = 0x9E3779B97F4A7C15u * odd;
            if (put_perfectly(keys, table, range)) {
                return first + table->mask + 1;
            }
        }
        table->factor = 0;
    }
    put_by_hash(keys, table, range);
    return first + table->mask + 1;
}

static int32_t check_keys(const struct rum_lay_out *keys)
{
    uint64_t count = keys->key_tables.length;
    CHECK_SPAN(keys->texts, RUM_PADDING);
    CHECK_SPAN(keys->key_tables, count);
    CHECK_SPAN(keys->begins, count);
    CHECK_SPAN(keys->ends, count);
    CHECK_SPAN(keys->members, count);
    CHECK_SPAN(keys->tables, 1);
    CHECK_SPAN(keys->slots, 8 * count + 2 * keys->tables.length + 1);
    int64_t texts = (int64_t)(keys->texts.length - RUM_PADDING), last = 0;
    for (uint64_t key = 0; key < count; key++) {
        int64_t begin = keys->begins.at[key], end = keys->ends.at[key], table = keys->key_tables.at[key];
        CHECK(0 <= begin && begin <= end && end <= texts && end - begin <= INT32_MAX, RUM_OUT_OF_RANGE);
        CHECK(last <= table && (uint64_t)table < keys->tables.length, RUM_OUT_OF_RANGE);
        CHECK(keys->members.at[key] != RUM_NOTHING, RUM_OUT_OF_RANGE);
        last = table;
    }
    return RUM_OK;
}

static int32_t lay_out_keys(struct rum_lay_out *keys)
{
    int32_t status = keys ? check_keys(keys) : RUM_NULL_POINTER;
    if (status != RUM_OK) {
        return status;
    }
    uint64_t key = 0, first = 0;
    for (uint64_t table = 0; table < keys->tables.length; table++) {
        struct key_range range = {key, key};
        while (range.end < keys->key_tables.length && (uint64_t)keys->key_tables.at[range.end] == table) {
            range.end++;
        }
        first = lay_out_table(keys, &keys->tables.at[table], range, first);
        key = range.end;
    }
    return RUM_OK;
}
