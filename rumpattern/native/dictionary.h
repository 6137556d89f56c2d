/* Dictionary encoding of strings and of the texts of arrays, and the arena of texts that outlive the piece of file they stand in.
 *
 * A column has a dictionary for its strings, and another for the texts of its arrays. Codes are given in the order in which
 * strings first occur. The hash table has open addressing and linear
 * probing; a slot holds a code and nothing else (4 bytes), the code's entry 32 bits of the hash, the length, and where
 * the text is. So a probe that meets another string nearly always ends at the hash, without a look at any text.
 *
 * Invariants: strings are never removed, so that a probe ends at the first empty slot; at most a quarter of the slots is
 * taken, so that there is one, and probes are short; only the first `mask + 1` slots are in use, which begin as 1 kB and
 * double, so that the columns of few distinct strings, which are most, stay in the cache although there is room for as
 * many strings as rows. There is no check for room: no batch has more distinct strings than rows, and scan.c makes sure
 * of the room for texts before it encodes a row.
 */
#ifndef RUM_DICTIONARY_H
#define RUM_DICTIONARY_H

#include "tokens.h"

enum {
    FIRST_SLOTS = 256,
    SLOTS_PER_STRING = 4, /* at least */
    NO_CODE = -1,
    KEPT_FACTOR = 3
};

/* Whole words are copied: up to seven bytes more are read and written. */
INLINED void copy_words(uint8_t *to, place from, uint64_t length)
{
    for (uint64_t done = 0; done < length; done += 8) {
        memcpy(to + done, from + done, 8); /* not memmove: where the two overlap, `to` is in front of `from` */
    }
}

/* --- the arena ---------------------------------------------------------------------------------------------------- */

/* What a line of some length, its strings and its arrays take at most. Each takes whole words, at most seven bytes more
 * than it has, and at least four for a key and a comma: less than twice its length in the line, beside the line itself. */
INLINED uint64_t kept_for(uint64_t length)
{
    return KEPT_FACTOR * length + 8;
}

/* Copy a text into the arena, which has room for it; return where it begins there. */
INLINED uint64_t keep_text(struct rum_scan *scan, place begin, uint64_t length)
{
    uint64_t offset = scan->kept_size;
    copy_words(scan->kept.at + offset, begin, length);
    scan->kept_size = offset + (length + 7) / 8 * 8;
    return offset;
}

/* --- the hash ----------------------------------------------------------------------------------------------------- */

/* One 128-bit product for 16 bytes, folded to 64 bits (the construction of wyhash). The rest of a long text is neither
 * copied nor masked: its last 16 bytes are read, which overlap those read before. The length goes into the start value,
 * so that texts of which the same bytes are read ("aaaa..." in two lengths) differ. Both factors hide a secret seed:
 * who writes events cannot choose strings that share a slot, or that make a factor 0. No result depends on the seeds. */
INLINED uint64_t hash_of(place begin, uint64_t length, const uint64_t seeds[2])
{
    uint64_t value = seeds[1] ^ (length * 0x9E3779B97F4A7C15u);
    if (length <= 8) {
        return mix(low_bytes(begin, length) ^ seeds[0], value);
    }
    place at = begin, stop = begin + length;
    for (; at + 16 < stop; at += 16) {
        value = seeds[1] ^ mix(load_u64(at) ^ seeds[0], load_u64(at + 8) ^ value);
    }
    place last = length <= 16 ? begin : stop - 16;
    return mix(load_u64(last) ^ seeds[0], load_u64(stop - 8) ^ value);
}

/* --- dictionaries ------------------------------------------------------------------------------------------------- */

/* A dictionary; `head` has its number of strings, and `mask`. That of a column's arrays has the index `columns` + column. */
struct dictionary {
    int32_t *slots;
    struct rum_entry *entries;
    int64_t *head;
};

INLINED struct dictionary dictionary_of(const struct rum_scan *scan, uint64_t index)
{
    const struct rum_scratch *scratch = &scan->scratch;
    uint64_t dictionaries = 2 * scan->plan.columns;
    struct rum_entry *entries = (struct rum_entry *)(void *)scratch->entries.at;
    return (struct dictionary){
        scratch->slots.at + index * (scratch->slots.length / dictionaries),
        entries + index * (scratch->entries.length / sizeof *entries / dictionaries),
        scratch->heads.at + 2 * index,
    };
}

INLINED void use_slots(struct dictionary *of, uint64_t count)
{
    of->head[1] = (int64_t)count - 1;
    for (uint64_t slot = 0; slot < count; slot++) {
        of->slots[slot] = NO_CODE;
    }
}

INLINED void place_code(struct dictionary *of, int32_t code)
{
    uint64_t mask = (uint64_t)of->head[1], slot = of->entries[code].hash & mask;
    while (of->slots[slot] >= 0) {
        slot = (slot + 1) & mask;
    }
    of->slots[slot] = code;
}

/* Give a new string its code, and more slots to its dictionary if they are getting full. */
static NOT_INLINED int32_t add_string(struct rum_scan *scan, struct dictionary of, uint32_t hash, place begin,
                                      uint64_t length)
{
    int32_t code = (int32_t)of.head[0]++;
    uint64_t count = (uint64_t)of.head[1] + 1;
    of.entries[code] = (struct rum_entry){hash, (uint32_t)length, keep_text(scan, begin, length)};
    if (SLOTS_PER_STRING * ((uint64_t)code + 1) <= count) {
        place_code(&of, code);
        return code;
    }
    use_slots(&of, 2 * count);
    for (int32_t known = 0; known <= code; known++) {
        place_code(&of, known);
    }
    return code;
}

/* The code of a string in a dictionary, which it is added to if it is new. */
INLINED int32_t code_of(struct rum_scan *scan, uint64_t index, place begin, uint64_t length)
{
    struct dictionary of = dictionary_of(scan, index);
    uint32_t hash = (uint32_t)(hash_of(begin, length, scan->seeds) >> 32);
    uint64_t mask = (uint64_t)of.head[1];
    for (uint64_t slot = hash & mask;; slot = (slot + 1) & mask) {
        int32_t code = of.slots[slot];
        if (unlikely(code < 0)) {
            return add_string(scan, of, hash, begin, length);
        }
        const struct rum_entry *entry = &of.entries[code];
        if (entry->hash == hash && entry->length == length && are_equal(scan->kept.at + entry->offset, begin, length)) {
            return code;
        }
    }
}

#endif
