/* Hash tables of the members that a plan reads, by which the walk finds what a key of an event stands for.
 *
 * A table has one of two forms. In a *perfect* one every key has a slot of its own, at a place that its first and last
 * eight bytes and its length give with the table's factor; a lookup is then one multiplication and one comparison,
 * without a branch that depends on the key, which could not be foretold. Where no factor does that, or a key is too long
 * for a slot, `factor` is 0 and the table is an ordinary one: a hash of the whole key, and linear probing.
 */
#ifndef RUM_KEYS_H
#define RUM_KEYS_H

#include "dictionary.h"

enum {
    MAX_PERFECT_KEYS = 256, /* of one table; each factor that is tried takes a pass over them */
    FACTORS = 64
};

/* The slot of a key in a perfect table. Its last bytes tell apart what its first ones do not, such as
 * "metadata.browserName" and "metadata.countryCode". */
INLINED uint64_t perfect_slot(place key, uint64_t length, const struct rum_table *table)
{
    uint64_t counted = length >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << (8 * length)) - 1;
    place last = length >= 8 ? key + length - 8 : key;
    uint64_t first_bytes = load_u64(key) & counted, last_bytes = load_u64(last) & counted;
    uint64_t word = first_bytes ^ (last_bytes << 32 | last_bytes >> 32) ^ length;
    return table->first + (((word * table->factor) >> 48) & table->mask);
}

static NOT_INLINED int32_t find_hashed_key(const struct rum_keys *keys, const struct rum_table *table, place key,
                                           uint64_t length)
{
    uint64_t hash = hash_of(key, length, keys->seeds);
    for (uint64_t slot = hash & table->mask;; slot = (slot + 1) & table->mask) {
        const struct rum_slot *found = &keys->slots.at[table->first + slot];
        if (found->member == RUM_NOTHING) {
            return RUM_NOTHING;
        }
        if (found->of.hash == hash && found->length == length &&
            are_equal(keys->texts.at + found->text.offset, key, length)) {
            return found->member;
        }
    }
}

/* What a key stands for in a table: a member, RUM_NOTHING or RUM_DOTTED; a quote follows the key.
 *
 * An empty slot has no bits, so any key is in it, and it stands for RUM_NOTHING. The quote is compared too, so that the
 * length needs no test. */
INLINED int32_t find_key(const struct rum_keys *keys, int64_t table_index, place key, uint64_t length)
{
    const struct rum_table *table = &keys->tables.at[table_index];
    if (unlikely(table->factor == 0)) {
        return find_hashed_key(keys, table, key, length);
    }
    const struct rum_slot *slot = &keys->slots.at[perfect_slot(key, length, table)];
    return slot->member & -(int32_t)((differing_64(slot->text.key, key) & slot->of.bits) == 0);
}

#endif
