/* The slower way to the values of an event, by the grammar of JSON: for new shapes, and where shapes do not repeat.
 *
 * A JSON parser in one loop with a stack of its own. A turn of the loop reads a member of an object or an element of an
 * array, and then all closing brackets that follow. `table` tells what keys mean where it stands: 0 and above, a table of
 * keys; IN_SKIPPED, an object of which nothing is wanted; IN_ARRAY, values without keys.
 *
 * What it relies on:
 * - `quote` is at the next opening quote in the list. Every key and every string value takes two quotes, whether it is
 *   wanted or not; one step forgotten, and all strings after it have wrong ends.
 * - A key is refused if something is already noted for what it stands for: a member that occurs twice. The same test
 *   refuses dotted keys (RUM_DOTTED is -1, and the byte before `kinds` is not 0) and passes keys that nobody wants (what
 *   is noted for RUM_NOTHING is cleared after each value). It is one test, because the processor cannot predict which
 *   sort of key comes next where members have no fixed order: walking such events takes a third longer. Telling strings
 *   from numbers without a branch was tried too, and was slower (0.80 against 0.76 s).
 * - `depth == 0` is tested before it is increased, and after it is decreased, so that `part` is odd exactly within a
 *   container of the event itself: spans that are remembered begin and end where it changes (shapes.c).
 * - The test for a comma and a quote comes first because nearly all values are followed by the next member at once.
 */
#include "keys.h"
#include "numbers.c"

#include <math.h>

enum {
    MAX_VALUES = 512, /* of one event that there is room for in its trail */
    MAX_DEPTH = 256, /* containers in each other; deeper lines are deferred */
    IN_SKIPPED = RUM_NOWHERE,
    IN_ARRAY = -2,
    BEFORE_KINDS = 8 /* bytes before `kinds`, of which the last stands for RUM_DOTTED */
};

/* Where a text begins and stops, as distances from the beginning of its event. */
struct span {
    uint32_t begin;
    uint32_t stop;
};

/* A scalar, a wanted object or a wanted array, in the order of the event. `part` is odd where it is in an object or array of the event,
 * another number in each; between these, even numbers. */
struct step {
    uint32_t kind;
    int32_t member; /* that it fills, or RUM_NOTHING */
    struct span span;
    uint32_t part;
};

/* What is noted of one event: for each member the kind of what stands there, and where its text is if it is a scalar
 * or an array. */
struct notes {
    place event;
    uint8_t *kinds; /* shape (members + 1,): the first is for all that nobody asks for */
    struct span *spans;
    const int32_t *quotes;
    struct step *trail;
    int64_t quote_count;
};

/* Note what stands at a member. */
INLINED void note(struct notes *notes, int32_t member, uint8_t kind, place begin, place stop)
{
    notes->kinds[member] = kind;
    notes->spans[member] = (struct span){(uint32_t)(begin - notes->event), (uint32_t)(stop - notes->event)};
}

INLINED void follow(struct notes *notes, uint64_t count, uint8_t kind, int32_t member, place begin, place stop,
                    uint32_t part)
{
    if (count < MAX_VALUES) {
        struct span span = {(uint32_t)(begin - notes->event), (uint32_t)(stop - notes->event)};
        notes->trail[count] = (struct step){kind, member, span, part};
    }
}

/* The address after an array that is the value of a column; 0 if columns cannot say it: an element is a container, or a
 * number that compares by its text. `quote` is at the first quote in or after the array, and goes behind its last. */
static NOT_INLINED place array_end(place event, place at, const int32_t **quote)
{
    at = skip_space(at + 1);
    if (*at == ']') {
        return at + 1;
    }
    for (;;) {
        if (*at == '"') {
            at = event + (*quote)[1] + 1;
            *quote += 2;
        } else {
            uint8_t kind;
            place stop = scalar_end(at, &kind);
            if (!stop || (kind == RUM_NUMBER && isnan(number_between(at, stop)))) {
                return NULL;
            }
            at = stop;
        }
        at = skip_space(at);
        if (*at != ',') {
            return *at == ']' ? at + 1 : NULL;
        }
        at = skip_space(at + 1);
    }
}

/* Tell whether an array can be the value of a member: one that fills a column, and is no object on the way to others. */
INLINED bool takes_array(const struct rum_plan *plan, int32_t member)
{
    struct rum_member of = plan->members.at[member];
    return of.column != RUM_NOWHERE && of.table == RUM_NOWHERE;
}

/* Walk the event at `notes->event`, whose quotes are noted and no members yet.
 *
 * Returns the address after it; 0 if there is none, or one that the decoder must look at. `values` gets how many values
 * it has, more than the trail has room for if they are too many; values are put in the trail only if it is wanted. */
static NOT_INLINED place walk_event(const struct rum_plan *plan, struct notes *notes, bool has_escapes, bool is_followed,
                                    uint64_t *values)
{
    int32_t stack[MAX_DEPTH]; /* the tables of the objects around the present one */
    int32_t table = 0;
    uint32_t depth = 0, part = 0;
    uint64_t count = 0;
    uint8_t closing = '}';
    place event = notes->event, at = skip_space(event + 1);
    const int32_t *quote = notes->quotes;
    if (*at == '}') {
        return NULL; /* no member, so no event type */
    }
    for (;;) {
        int32_t member = RUM_NOTHING;
        if (table != IN_ARRAY) {
            if (*at != '"') {
                return NULL;
            }
            VERIFY(quote - notes->quotes + 2 <= notes->quote_count);
            place stop = event + quote[1];
            if (table >= 0) {
                if (unlikely(has_escapes) && has_escape(at, stop)) {
                    return NULL;
                }
                member = find_key(&plan->keys, table, at + 1, (uint64_t)(stop - at - 1));
                if (notes->kinds[member] != RUM_MISSING) {
                    return NULL;
                }
            }
            at = stop + 2;
            if (unlikely((stop[1] != ':') | (*at <= ' '))) {
                at = skip_space(stop + 1);
                if (*at != ':') {
                    return NULL;
                }
                at = skip_space(at + 1);
            }
            quote += 2;
        }
        uint8_t byte = *at;
        if (byte == '{' || (byte == '[' && member == RUM_NOTHING)) {
            if (depth == MAX_DEPTH) {
                return NULL;
            }
            stack[depth] = table;
            part += depth == 0;
            depth++;
            at++;
            if (byte == '[') {
                table = IN_ARRAY;
                closing = ']';
            } else {
                table = IN_SKIPPED;
                closing = '}';
                if (member != RUM_NOTHING) {
                    notes->kinds[member] = RUM_OBJECT;
                    table = plan->members.at[member].table;
                    if (plan->members.at[member].column != RUM_NOWHERE) {
                        follow(notes, count, RUM_OBJECT, member, at, at, part);
                        count++;
                    }
                }
            }
            at = skip_space(at);
            if (*at != closing) {
                continue;
            }
        } else {
            uint8_t kind = RUM_STRING;
            place stop;
            if (byte == '"') {
                at++;
                stop = event + quote[1];
                quote += 2;
            } else if (byte == '[') {
                kind = RUM_ARRAY;
                stop = takes_array(plan, member) ? array_end(event, at, &quote) : NULL;
            } else {
                stop = scalar_end(at, &kind);
            }
            if (!stop) {
                return NULL;
            }
            if (is_followed) {
                follow(notes, count, kind, member, at, stop, part);
            }
            count++;
            note(notes, member, kind, at, stop);
            notes->kinds[RUM_NOTHING] = RUM_MISSING;
            at = stop + (byte == '"');
            if (likely((load_u16(at) == (',' | '"' << 8)) & (table != IN_ARRAY))) {
                at++;
                continue;
            }
            at = skip_space(at);
        }
        while (*at == closing) {
            at++;
            if (depth == 0) {
                *values = count;
                return at;
            }
            depth--;
            part += depth == 0;
            table = stack[depth];
            closing = table == IN_ARRAY ? ']' : '}';
            at = skip_space(at);
        }
        if (*at != ',') {
            return NULL;
        }
        at = skip_space(at + 1);
    }
}
