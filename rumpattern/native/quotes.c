/* The first pass over a line: the places of all its quotes, and a check of its characters, 64 bytes at a time.
 *
 * With the places the end of a string is known at once, and the processor can go on to what stands behind it. The
 * characters in strings are checked on the way: nearly always 64 bytes are plain ASCII, and nothing is to be done.
 *
 * Two comparisons of 64 bytes give two masks: `quotes`, and `others`, the bytes that may not be taken as they are
 * (control characters, backslashes, no ASCII). Without others, all quotes count and are stored as they are. The end of
 * the line is found by the same masks, as the first other byte: looking for the newline in a pass of its own before this
 * one took longer. Only a block with others that are no newline is looked at byte by byte.
 *
 * The invariant: the number of quotes is even where `at` is outside of strings, odd inside. So a newline at an odd number
 * is one in a string, and refused; and in the result an even index opens a string that the next index closes, on which
 * shapes.c and walk.c rely without checking. The room is checked once for a block, which may add 64 and, since
 * put_places writes up to eight more than there are, a few zeros behind. Quotes behind the newline belong to the next
 * line; they are masked off before they are counted.
 */
#include "tokens.h"

enum {
    QUOTES_MARGIN = 64 + 16,
    BAD_QUOTES = -1
};

/* Where in 64 bytes the line goes on, and what is known of it. */
struct block {
    uint64_t quotes; /* those that begin or end strings */
    place after; /* the next byte to look at: past an escape or a character that the 64 bytes end in */
    bool is_sound;
    bool ends_line;
};

/* Look one by one at the characters of 64 bytes that are quotes or others. */
static NOT_INLINED struct block look_at_block(place at, place end, uint64_t quotes, uint64_t others, bool is_inside,
                                              bool *has_escapes)
{
    struct block block = {quotes, at, true, false};
    for (uint64_t rest = quotes | others; rest; rest &= rest - 1) {
        uint64_t bit = rest & (0 - rest);
        place here = at + trailing_zeros(rest);
        if (here < block.after) { /* within an escape or a character */
            block.quotes &= ~bit;
        } else if (*here == '"') {
            is_inside = !is_inside;
        } else if (is_inside) {
            *has_escapes |= *here == '\\';
            block.after = unit_end(here);
            if (!block.after) {
                block.is_sound = false;
                return block;
            }
        } else if (*here == '\n' || here >= end) {
            block.quotes &= bit - 1;
            block.ends_line = true;
            return block;
        } else if (!is_white(*here)) {
            block.is_sound = false;
            return block;
        }
    }
    if (block.after < at + 64) {
        block.after = at + 64;
    }
    return block;
}

/* Put down where the quotes of a line are that begin or end strings, as distances from its beginning.
 *
 * Returns how many there are, an even number; BAD_QUOTES if they are too many, if a string is not sound, or if there is
 * anything but ASCII outside strings. `end` is that of the text. */
static int64_t find_quotes(const struct rum_scratch *scratch, place begin, place end, bool *has_escapes)
{
    int32_t *places = scratch->quotes.at;
    int64_t count = 0, most = (int64_t)scratch->quotes.length - QUOTES_MARGIN;
    place at = begin;
    *has_escapes = false;
    while (count <= most && at - begin <= INT32_MAX - 128) {
        uint64_t quotes = equal_64(at, '"'), others = strange_64(at);
        if (likely(others == 0)) {
            put_places(places + count, (uint32_t)(at - begin), quotes);
            count += count_ones(quotes);
            at += 64;
            continue;
        }
        place other = at + trailing_zeros(others);
        struct block block = {quotes & ((others & (0 - others)) - 1), at, true, true};
        if (unlikely(*other != '\n')) {
            block = look_at_block(at, end, quotes, others, count & 1, has_escapes);
            if (!block.is_sound) {
                return BAD_QUOTES;
            }
        }
        put_places(places + count, (uint32_t)(at - begin), block.quotes);
        count += count_ones(block.quotes);
        if (block.ends_line) {
            return count & 1 ? BAD_QUOTES : count;
        }
        at = block.after;
    }
    return BAD_QUOTES;
}
