/* The lexer: where a JSON token ends, and whether it is well formed.
 *
 * An address is that of a byte within a text or its padding; 0 stands for "not well formed, or not read here". What is
 * not read here is no fault: its line is deferred to the decoder, which knows all of JSON.
 */
#ifndef RUM_TOKENS_H
#define RUM_TOKENS_H

#include "simd.h"

enum {
    MAX_SHORT_NUMBER = 24, /* characters after the sign; longer numbers take the slow way */
    MAX_NUMBER = 1000 /* characters of any number; longer ones are refused by the decoder */
};

typedef const uint8_t *place;

INLINED bool is_white(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The first byte that is no space, tab or carriage return. */
INLINED place skip_space(place at)
{
    while (unlikely(*at <= ' ') && is_white(*at)) {
        at++;
    }
    return at;
}

/* The next newline, or `end`. */
static place find_newline(place at, place end)
{
    for (; at < end; at += 64) {
        uint64_t found = equal_64(at, '\n');
        if (found) {
            at += trailing_zeros(found);
            return at < end ? at : end;
        }
    }
    return end;
}

/* Which of 64 bytes a string must be looked at for: all but plain ASCII characters. */
INLINED uint64_t strange_64(place at)
{
    return equal_64(at, '\\') | no_text_64(at);
}

/* Tell whether there is a backslash between two addresses. */
static bool has_escape(place at, place stop)
{
    for (; at < stop; at += 64) {
        uint64_t found = equal_64(at, '\\');
        if (found) {
            return at + trailing_zeros(found) < stop;
        }
    }
    return false;
}

/* --- bytes compared ----------------------------------------------------------------------------------------------- */

/* Up to eight bytes as one word, zeros after `length`. */
INLINED uint64_t low_bytes(place at, uint64_t length)
{
    return length >= 8 ? load_u64(at) : load_u64(at) & (((uint64_t)1 << (8 * length)) - 1);
}

/* Tell whether `length` bytes are the same at both addresses; up to seven more are read. */
INLINED bool are_equal(place one, place other, uint64_t length)
{
    uint64_t done = 0;
    for (; done + 8 <= length; done += 8) {
        if (load_u64(one + done) != load_u64(other + done)) {
            return false;
        }
    }
    return done == length || low_bytes(one + done, length - done) == low_bytes(other + done, length - done);
}

/* --- numbers and literals ----------------------------------------------------------------------------------------- */

INLINED bool is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') <= 9;
}

static place skip_digits(place at)
{
    while (is_digit(*at)) {
        at++;
    }
    return at;
}

/* The address after a number without sign and exponent, or after its part before an exponent; 0 if it is none, or long.
 *
 * All rules of the grammar are tests of two masks: `others`, which bytes are no digits, and the first of them if it is
 * a dot. There must be a digit first and behind the dot, none behind a zero that is first, and an end. */
INLINED place short_number_end(place at)
{
    uint64_t others = no_digits_64(at);
    uint64_t dot = others & (0 - others) & equal_64(at, '.');
    uint64_t stops = others ^ dot;
    bool lacks_digits = (others & (1 | (dot << 1))) != 0;
    bool has_zeros = (*at == '0') & ((others & 2) == 0);
    bool is_long = (stops & (((uint64_t)2 << MAX_SHORT_NUMBER) - 1)) == 0;
    return (lacks_digits | has_zeros | is_long) ? NULL : at + trailing_zeros(stops);
}

/* The address after any number; 0 if it is none, or longer than MAX_NUMBER. */
static place number_end(place at)
{
    place begin = at;
    at += *at == '-';
    if (!is_digit(*at)) {
        return NULL;
    }
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (*at == '.') {
        if (!is_digit(at[1])) {
            return NULL;
        }
        at = skip_digits(at + 1);
    }
    if ((*at | 0x20) == 'e') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (!is_digit(*at)) {
            return NULL;
        }
        at = skip_digits(at);
    }
    return at - begin <= MAX_NUMBER ? at : NULL;
}

static NOT_INLINED place uncommon_end(place at, uint8_t *kind)
{
    uint32_t word = load_u32(at);
    *kind = RUM_TRUE;
    if (word == 0x65757274u) { /* true */
        return at + 4;
    }
    *kind = RUM_NULL;
    if (word == 0x6C6C756Eu) { /* null */
        return at + 4;
    }
    *kind = RUM_FALSE;
    if (word == 0x736C6166u) { /* false, without its end */
        return at[4] == 'e' ? at + 5 : NULL;
    }
    *kind = RUM_NUMBER;
    return number_end(at);
}

/* The address after a number or a literal, whose kind is told; 0 if there is neither. */
INLINED place scalar_end(place at, uint8_t *kind)
{
    place stop = short_number_end(at);
    if (likely(stop && (*stop | 0x20) != 'e')) {
        *kind = RUM_NUMBER;
        return stop;
    }
    return uncommon_end(at, kind);
}

/* --- characters in strings ---------------------------------------------------------------------------------------- */

INLINED bool is_hex(uint8_t byte)
{
    return is_digit(byte) || (uint8_t)((byte | 0x20) - 'a') < 6;
}

/* The address after an escape; 0 if it is none. Lone surrogates are well formed. */
static place escape_end(place at)
{
    switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return at + 2;
    case 'u':
        return is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]) ? at + 6 : NULL;
    default:
        return NULL;
    }
}

/* The address after a character of several UTF-8 bytes (RFC 3629), 0 if they are none. */
static place character_end(place at)
{
    uint8_t lead = at[0], low = 0x80, high = 0xBF;
    uint32_t rest = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        rest = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        rest = 2;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        rest = 3;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    }
    if (rest == 0 || at[1] < low || at[1] > high) {
        return NULL;
    }
    for (uint32_t i = 2; i <= rest; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return NULL;
        }
    }
    return at + rest + 1;
}

/* The address after what begins with a control character, a backslash or no ASCII; 0 if no string may hold it. */
static place unit_end(place at)
{
    return *at < ' ' ? NULL : *at == '\\' ? escape_end(at) : character_end(at);
}

/* --- the time in front of an exported event ----------------------------------------------------------------------- */

/* The address after the time and the space in front of an event (see input.lines); `at` if there is no such time. */
static place time_end(place at)
{
    static const char form[] = "0000-00-00T00:00:00";
    place begin = at;
    for (uint32_t i = 0; i < sizeof form - 1; i++, at++) {
        if (form[i] == '0' ? !is_digit(*at) : *at != (uint8_t)form[i]) {
            return begin;
        }
    }
    if (*at == '.') {
        place fraction = at + 1;
        at = skip_digits(fraction);
        if (at == fraction) {
            return begin;
        }
    }
    at += *at == 'Z';
    place after = at;
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at > after ? at : begin;
}

#endif
