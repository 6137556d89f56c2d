/* JSON numbers to doubles: exactly, and only where the double's shortest spelling has the same decimal value.
 *
 * That is the rule by which numbers compare (jsontext.comparable); a number for which it does not hold is compared by its
 * text, and left to the decoder. Up to 15 digits it always holds, since no other decimal of that length is as near to the
 * double, which a division of two exact doubles gives. With 16 or 17 digits, which is how browsers write most fractions,
 * the double is found by a 128-bit product (Lemire, "Number parsing at a gigabyte per second"), and then proven to have no
 * other spelling that is shorter, or as short and nearer. With 18 significant digits or more it never holds: no shortest
 * spelling is that long. Exponents and numbers of many characters, which are rare, are rewritten without zeros and left
 * to the C library.
 */
#include "checks.h"
#include "tokens.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__FAST_MATH__)
#error "NaN stands for numbers that are left out: this does not work with -ffast-math"
#elif defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "a quotient of two doubles must be rounded once"
#endif

enum {
    MAX_DIGITS = 18, /* that are read at once, and as many decimal places; up to 10^22 powers of ten are doubles */
    SHIFT = 64 - 52 - 3,
    BIAS = 1023
};

#define LEFT_OUT ((double)NAN)
#define HIDDEN_BIT ((uint64_t)1 << 52)
#define FEW_DIGITS 1000000000000000u
#define MANY_DIGITS 100000000000000000u

static const uint64_t powers_of_ten[MAX_DIGITS + 1] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u, 100000000000u,
    1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u, 10000000000000000u, 100000000000000000u,
    1000000000000000000u};

static const double tens[MAX_DIGITS + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/* 5^places. */
static const uint64_t fives[MAX_DIGITS + 1] = {
    1u, 5u, 25u, 125u,
    625u, 3125u, 15625u, 78125u,
    390625u, 1953125u, 9765625u, 48828125u,
    244140625u, 1220703125u, 6103515625u, 30517578125u,
    152587890625u, 762939453125u, 3814697265625u};

/* 5^-places as a binary fraction of 128 bits, rounded up, its first bit a one; 5^0 is exact. */
static const uint64_t reciprocals[MAX_DIGITS + 1][2] = {
    {0x8000000000000000u, 0x0000000000000000u},
    {0xCCCCCCCCCCCCCCCCu, 0xCCCCCCCCCCCCCCCDu},
    {0xA3D70A3D70A3D70Au, 0x3D70A3D70A3D70A4u},
    {0x83126E978D4FDF3Bu, 0x645A1CAC083126EAu},
    {0xD1B71758E219652Bu, 0xD3C36113404EA4A9u},
    {0xA7C5AC471B478423u, 0x0FCF80DC33721D54u},
    {0x8637BD05AF6C69B5u, 0xA63F9A49C2C1B110u},
    {0xD6BF94D5E57A42BCu, 0x3D32907604691B4Du},
    {0xABCC77118461CEFCu, 0xFDC20D2B36BA7C3Eu},
    {0x89705F4136B4A597u, 0x31680A88F8953031u},
    {0xDBE6FECEBDEDD5BEu, 0xB573440E5A884D1Cu},
    {0xAFEBFF0BCB24AAFEu, 0xF78F69A51539D749u},
    {0x8CBCCC096F5088CBu, 0xF93F87B7442E45D4u},
    {0xE12E13424BB40E13u, 0x2865A5F206B06FBAu},
    {0xB424DC35095CD80Fu, 0x538484C19EF38C95u},
    {0x901D7CF73AB0ACD9u, 0x0F9D37014BF60A11u},
    {0xE69594BEC44DE15Bu, 0x4C2EBE687989A9B4u},
    {0xB877AA3236A4B449u, 0x09BEFEB9FAD487C3u},
    {0x9392EE8E921D5D07u, 0x3AFF322E62439FD0u}};

/* The bits of the double nearest to `digits / 10^places`; digits are not 0.
 *
 * `digits / 10^places` is `digits * 5^-places * 2^-places`: the power of two only moves the exponent, so the mantissa is
 * that of `digits * 5^-places`. Both factors are normalised to a leading one bit, 64 and 128 bits wide. `high` is the
 * upper word of the product with the reciprocal's upper 64 bits; its leading one is bit 63 or 62, which `upper` tells,
 * and shifting by `upper + 9` leaves 54 bits: 53 of the mantissa and one to round by.
 *
 * 1. What the reciprocal's lower 64 bits add can carry into those 54 bits only if the 9 bits below are all ones; so the
 *    second product is made for one number in 512. That 128 bits suffice for all 64-bit digits is Lemire's proof.
 * 2. A tie must go to the even mantissa. At a tie digits are an odd number of 54 bits times 5^places and a power of two,
 *    and below 2^64, so that 5^places is below 2^11: at most 4 places. It shows as an exact product (`low` is 0, or 1
 *    since reciprocals are rounded up) without a bit below the 54, whose last two bits are 01. This must be seen before
 *    the rounding bit is added.
 * 3. Rounding may carry to 2^53: the mantissa is then 1.0 and the exponent one more.
 *
 * `-217706 / 2^16` is `-log2(10)`, near enough for the floor of up to 18 places. Overflow and subnormal numbers cannot
 * come: digits are at least 10^14 and places at most 18. A division of two doubles, as for up to 15 digits, would round
 * the digits first, since from 2^53 on not every integer is a double. */
INLINED uint64_t nearest_bits(uint64_t digits, uint32_t places)
{
    uint32_t shift = leading_zeros(digits);
    uint64_t scaled = digits << shift, low, ignored;
    uint64_t high = multiply(scaled, reciprocals[places][0], &low);
    if (unlikely((high & ((1u << SHIFT) - 1)) == (1u << SHIFT) - 1)) {
        uint64_t more = multiply(scaled, reciprocals[places][1], &ignored);
        low += more;
        high += more > low;
    }
    uint64_t upper = high >> 63, drop = upper + SHIFT, mantissa = high >> drop;
    /* The shift of a negative number is what every compiler this is for makes of it: the floor of the quotient. */
    int64_t exponent = ((-217706 * (int64_t)places) >> 16) + 63 + (int64_t)upper - (int64_t)shift + BIAS;
    if (low <= 1 && places <= 4 && (mantissa & 3) == 1 && mantissa << drop == high) {
        mantissa &= ~(uint64_t)1;
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= HIDDEN_BIT << 1) {
        mantissa = HIDDEN_BIT;
        exponent++;
    }
    return (mantissa & (HIDDEN_BIT - 1)) | ((uint64_t)exponent << 52);
}

/* Tell whether no decimal of the same length is as near to a double; false where that is hard to tell.
 *
 * The double is `mantissa * 2^-(shift + places)`: the digits are nearest if `mantissa * 5^places` is less than half of
 * `2^shift` away from `digits * 2^shift`. */
INLINED bool is_nearest(uint64_t digits, uint32_t places, uint64_t bits)
{
    uint64_t mantissa = (bits & (HIDDEN_BIT - 1)) | HIDDEN_BIT, low;
    int64_t shift = BIAS + 52 - (int64_t)(bits >> 52) - (int64_t)places;
    if (shift < 1 || shift > 63) {
        return false;
    }
    uint64_t high = multiply(mantissa, fives[places], &low);
    uint64_t other_high = digits >> (64 - shift), other_low = digits << shift;
    uint64_t difference = low - other_low, borrowed = high - other_high - (low < other_low);
    uint64_t half = (uint64_t)1 << (shift - 1);
    return (borrowed == 0 && difference < half) || (borrowed == ~(uint64_t)0 && 0 - difference < half);
}

/* The number that eight decimal digits are, one in each byte, the first in the lowest. */
INLINED uint64_t eight_digits(uint64_t word)
{
    uint64_t four = 0x000000FF000000FFu;
    word = word * 10 + (word >> 8);
    uint64_t odd = (word & four) * (100 + ((uint64_t)1000000 << 32));
    uint64_t even = ((word >> 16) & four) * (1 + ((uint64_t)10000 << 32));
    return (odd + even) >> 32;
}

/* The number that up to 18 digits are. */
INLINED uint64_t read_digits(place at, uint64_t length)
{
    const uint64_t zeros = 0x3030303030303030u;
    uint64_t value = 0, first = length & 7;
    if (first) {
        value = eight_digits((load_u64(at) ^ zeros) << (64 - 8 * first));
    }
    for (uint64_t done = first; done < length; done += 8) {
        value = value * 100000000u + eight_digits(load_u64(at + done) ^ zeros);
    }
    return value;
}

/* --- the slow way ------------------------------------------------------------------------------------------------- */

enum { MAX_SIGNIFICANT = 17, MAX_SPELLING = 48 };

/* A decimal as an integer without zeros at its ends, and a power of ten. */
struct decimal {
    char digits[MAX_SIGNIFICANT + 4];
    int length; /* 0 for zero, -1 if there are more than MAX_SIGNIFICANT digits */
    long exponent;
};

static struct decimal read_decimal(place at, place stop)
{
    struct decimal decimal = {"", 0, 0};
    long zeros = 0; /* since the last digit that is none: they count only if another digit follows */
    bool is_fraction = false;
    for (; at < stop && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            is_fraction = true;
            continue;
        }
        decimal.exponent -= is_fraction;
        if (*at == '0') {
            zeros += decimal.length > 0;
            decimal.exponent += decimal.length > 0;
            continue;
        }
        if (decimal.length + zeros >= MAX_SIGNIFICANT) {
            decimal.length = -1;
            return decimal;
        }
        for (; zeros > 0; zeros--) {
            decimal.digits[decimal.length++] = '0';
            decimal.exponent--;
        }
        decimal.digits[decimal.length++] = (char)*at;
    }
    if (at < stop) {
        bool is_negative = at[1] == '-';
        long exponent = 0;
        for (at += at[1] == '-' || at[1] == '+' ? 2 : 1; at < stop; at++) {
            exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
        }
        decimal.exponent += is_negative ? -exponent : exponent;
    }
    return decimal;
}

/* The double nearest to a decimal. Spelled as an integer and an exponent it has no decimal point, which depends on the
 * locale of the process. */
static double nearest_double(const struct decimal *decimal)
{
    char text[MAX_SPELLING];
    snprintf(text, sizeof text, "%se%ld", decimal->digits, decimal->exponent);
    return strtod(text, NULL);
}

/* The decimal of so many digits that is nearest to a double. */
static struct decimal nearest_decimal(double value, int length)
{
    char text[MAX_SPELLING], digits[MAX_SPELLING];
    struct decimal decimal = {"", 0, 0};
    snprintf(text, sizeof text, "%.*e", length - 1, value);
    char *end = text;
    size_t count = 0;
    for (; *end && *end != 'e'; end++) { /* whatever the decimal point is, it is no digit */
        if (is_digit((uint8_t)*end)) {
            digits[count++] = *end;
        }
    }
    decimal.exponent = strtol(end + 1, NULL, 10) - (long)count + 1;
    for (; count > 0 && digits[count - 1] == '0'; count--) {
        decimal.exponent++;
    }
    memcpy(decimal.digits, digits, count <= MAX_SIGNIFICANT ? count : MAX_SIGNIFICANT);
    decimal.length = (int)count;
    return decimal;
}

/* How far two decimals are from each other, in units of the last digit of one with an exponent. */
static uint64_t distance(const struct decimal *decimal, uint64_t digits, long exponent)
{
    uint64_t other = strtoull(decimal->digits, NULL, 10);
    for (long zeros = decimal->exponent - exponent; zeros > 0; zeros--) {
        other *= 10; /* as many digits as the first has at most, which 64 bits hold */
    }
    return other > digits ? other - digits : digits - other;
}

/* The number without sign between two addresses; NaN if it is left out. */
static NOT_INLINED double read_slowly(place begin, place stop)
{
    struct decimal decimal = read_decimal(begin, stop);
    if (decimal.length == 0) {
        return 0;
    }
    if (decimal.length < 0 || decimal.exponent < -400 || decimal.exponent > 400) {
        return LEFT_OUT;
    }
    double value = nearest_double(&decimal);
    if (isinf(value) || value == 0) {
        return LEFT_OUT;
    }
    /* The shortest spelling is the nearest decimal of its length, if that is read as the double. Just below a power of two
     * doubles are closer to each other than above it, so that it may not be, and then the next one is. For the same reason
     * both of the decimals around the double that are a digit shorter must be tried. */
    uint64_t digits = strtoull(decimal.digits, NULL, 10);
    struct decimal nearest = nearest_decimal(value, decimal.length);
    if (strcmp(nearest.digits, decimal.digits) != 0 &&
        (nearest_double(&nearest) == value || distance(&nearest, digits, decimal.exponent) != 1)) {
        return LEFT_OUT;
    }
    for (uint64_t i = 0; i < 2 && decimal.length > 1; i++) {
        struct decimal shorter = {"", 0, decimal.exponent + 1};
        snprintf(shorter.digits, sizeof shorter.digits, "%llu", (unsigned long long)(digits / 10 + i));
        if (nearest_double(&shorter) == value) {
            return LEFT_OUT;
        }
    }
    return value;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

/* The number without sign between two addresses; NaN if it is left out. */
INLINED double read_magnitude(place begin, place stop)
{
    uint64_t length = (uint64_t)(stop - begin);
    if (unlikely(length > MAX_SHORT_NUMBER)) {
        return read_slowly(begin, stop);
    }
    /* The dot is the only byte of a short number without exponent that is no digit. */
    uint64_t others = no_digits_64(begin) & (((uint64_t)1 << length) - 1);
    uint64_t whole = others ? trailing_zeros(others) : length, places = others ? length - whole - 1 : 0;
    if (unlikely(others & (others - 1)) || (others && begin[whole] != '.') || whole + places > MAX_DIGITS) {
        return read_slowly(begin, stop);
    }
    uint64_t digits = read_digits(begin, whole) * powers_of_ten[places] + read_digits(stop - places, places);
    if (likely(digits < FEW_DIGITS)) {
        return (double)digits / tens[places];
    }
    if (digits >= MANY_DIGITS || digits % 10 == 0 || places == 0) {
        return read_slowly(begin, stop);
    }
    uint64_t bits = nearest_bits(digits, (uint32_t)places), shorter = digits / 10;
    if (unlikely(!is_nearest(digits, (uint32_t)places, bits))) {
        return read_slowly(begin, stop);
    }
    bool has_shorter = nearest_bits(shorter, (uint32_t)places - 1) == bits ||
                       nearest_bits(shorter + 1, (uint32_t)places - 1) == bits;
    return has_shorter ? LEFT_OUT : double_of(bits);
}

/* The number whose text stands between two addresses; NaN if it is left out. */
INLINED double number_between(place begin, place stop)
{
    if (unlikely(*begin == '-')) {
        return 0 - read_magnitude(begin + 1, stop); /* 0 and not -0 for a zero */
    }
    return read_magnitude(begin, stop);
}

/* The entry for tests. */
static int32_t read_number(struct rum_number *number)
{
    CHECK(number != NULL, RUM_NULL_POINTER);
    CHECK_SPAN(number->text, RUM_PADDING);
    place stop = number->text.at + number->text.length - RUM_PADDING;
    CHECK(number_end(number->text.at) == stop, RUM_OUT_OF_RANGE);
    number->value = number_between(number->text.at, stop);
    return RUM_OK;
}
