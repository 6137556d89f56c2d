/* Tests of 64 bytes at once, and single instructions that C has no word for.
 *
 * Each test is a function of an address that returns 64 bits, bit i about byte i, so that what follows is the same for
 * every processor. level.c is compiled once for each set of instructions (RUM_LEVEL); RUM_SCALAR is plain C, the twin
 * that every other level must equal. Nothing here checks bounds: RUM_PADDING bytes can be read behind every text.
 */
#ifndef RUM_SIMD_H
#define RUM_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core.h"

#define RUM_SCALAR 0
#define RUM_SSE2 1
#define RUM_AVX2 2
#define RUM_AVX512 3
#define RUM_NEON 4

#if RUM_LEVEL == RUM_SSE2 || RUM_LEVEL == RUM_AVX2 || RUM_LEVEL == RUM_AVX512
#include <immintrin.h>
#elif RUM_LEVEL == RUM_NEON
#include <arm_neon.h>
#endif

#if defined(__GNUC__) && !defined(RUM_PORTABLE)
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define NOT_INLINED __attribute__((noinline))
#define INLINED static inline __attribute__((always_inline))
#else
#define likely(condition) (condition)
#define unlikely(condition) (condition)
#define NOT_INLINED
#define INLINED static inline
#endif

/* --- words ------------------------------------------------------------------------------------------------------ */

INLINED uint16_t load_u16(const void *at)
{
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

INLINED uint32_t load_u32(const void *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

INLINED uint64_t load_u64(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

INLINED uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINED double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#if defined(__GNUC__) && !defined(RUM_PORTABLE)

/* The number of zero bits below the lowest one bit; the word is not 0. */
INLINED uint32_t trailing_zeros(uint64_t word)
{
    return (uint32_t)__builtin_ctzll(word);
}

/* The number of zero bits above the highest one bit; the word is not 0. */
INLINED uint32_t leading_zeros(uint64_t word)
{
    return (uint32_t)__builtin_clzll(word);
}

INLINED uint32_t count_ones(uint64_t word)
{
    return (uint32_t)__builtin_popcountll(word);
}

/* The upper 64 of the 128 bits of a product; the lower ones are put in `low`. */
INLINED uint64_t multiply(uint64_t one, uint64_t other, uint64_t *low)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)one * other;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
}

#else /* compilers without these: the same in plain C */

INLINED uint32_t count_ones(uint64_t word)
{
    word -= (word >> 1) & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (uint32_t)((word * 0x0101010101010101u) >> 56);
}

INLINED uint32_t trailing_zeros(uint64_t word)
{
    return count_ones((word & (0 - word)) - 1);
}

INLINED uint32_t leading_zeros(uint64_t word)
{
    for (uint32_t shift = 1; shift < 64; shift *= 2) {
        word |= word >> shift;
    }
    return 64 - count_ones(word);
}

INLINED uint64_t multiply(uint64_t one, uint64_t other, uint64_t *low)
{
    uint64_t half = 0xFFFFFFFFu;
    uint64_t ll = (one & half) * (other & half), lh = (one & half) * (other >> 32);
    uint64_t hl = (one >> 32) * (other & half), hh = (one >> 32) * (other >> 32);
    uint64_t middle = (ll >> 32) + (lh & half) + (hl & half);
    *low = (ll & half) | (middle << 32);
    return hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

#endif

/* The two halves of a product as one word: each bit of it depends on many of both factors. */
INLINED uint64_t mix(uint64_t one, uint64_t other)
{
    uint64_t low, high = multiply(one, other, &low);
    return low ^ high;
}

/* --- 64 bytes ---------------------------------------------------------------------------------------------------- */

#if RUM_LEVEL == RUM_SCALAR

#define TEST_EACH_BYTE(condition)                                                                                     \
    do {                                                                                                              \
        uint64_t bits = 0;                                                                                            \
        for (uint32_t i = 0; i < 64; i++) {                                                                           \
            bits |= (uint64_t)(condition) << i;                                                                       \
        }                                                                                                             \
        return bits;                                                                                                  \
    } while (0)

/* Which bytes are equal to one. */
INLINED uint64_t equal_64(const uint8_t *at, uint8_t byte)
{
    TEST_EACH_BYTE(at[i] == byte);
}

/* Which bytes are below a space, or no ASCII. */
INLINED uint64_t no_text_64(const uint8_t *at)
{
    TEST_EACH_BYTE(at[i] < ' ' || at[i] >= 0x80);
}

/* Which bytes are no digits. */
INLINED uint64_t no_digits_64(const uint8_t *at)
{
    TEST_EACH_BYTE((uint8_t)(at[i] - '0') > 9);
}

/* Which bytes differ. */
INLINED uint64_t differing_64(const uint8_t *one, const uint8_t *other)
{
    TEST_EACH_BYTE(one[i] != other[i]);
}

#elif RUM_LEVEL == RUM_SSE2

typedef __m128i vector;
#define LANES 16
#define load(at) _mm_loadu_si128((const __m128i *)(const void *)(at))
#define spread(byte) _mm_set1_epi8((char)(byte))
#define is_equal(one, other) _mm_cmpeq_epi8(one, other)
#define is_below(one, other) _mm_cmplt_epi8(one, other)
#define minimum(one, other) _mm_min_epu8(one, other)
#define minus(one, other) _mm_sub_epi8(one, other)
#define mask_of(flags) ((uint64_t)(uint32_t)_mm_movemask_epi8(flags))

#elif RUM_LEVEL == RUM_AVX2

typedef __m256i vector;
#define LANES 32
#define load(at) _mm256_loadu_si256((const __m256i *)(const void *)(at))
#define spread(byte) _mm256_set1_epi8((char)(byte))
#define is_equal(one, other) _mm256_cmpeq_epi8(one, other)
#define is_below(one, other) _mm256_cmpgt_epi8(other, one)
#define minimum(one, other) _mm256_min_epu8(one, other)
#define minus(one, other) _mm256_sub_epi8(one, other)
#define mask_of(flags) ((uint64_t)(uint32_t)_mm256_movemask_epi8(flags))

#elif RUM_LEVEL == RUM_NEON

typedef uint8x16_t vector;
#define LANES 16
#define load(at) vld1q_u8(at)
#define spread(byte) vdupq_n_u8(byte)
#define is_equal(one, other) vceqq_u8(one, other)
#define is_below(one, other) vcltq_s8(vreinterpretq_s8_u8(one), vreinterpretq_s8_u8(other))
#define minimum(one, other) vminq_u8(one, other)
#define minus(one, other) vsubq_u8(one, other)

/* NEON has no instruction for it: one bit of each byte is kept, each in its own place of eight, and added up. */
INLINED uint64_t mask_of(vector flags)
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    vector kept = vandq_u8(flags, vld1q_u8(places));
    kept = vpaddq_u8(kept, kept);
    kept = vpaddq_u8(kept, kept);
    kept = vpaddq_u8(kept, kept);
    return vgetq_lane_u16(vreinterpretq_u16_u8(kept), 0);
}

#endif

#if RUM_LEVEL == RUM_AVX512

INLINED uint64_t equal_64(const uint8_t *at, uint8_t byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8((char)byte));
}

INLINED uint64_t no_text_64(const uint8_t *at)
{
    return _mm512_cmplt_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(' '));
}

INLINED uint64_t no_digits_64(const uint8_t *at)
{
    __m512i from_zero = _mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0'));
    return _mm512_cmpgt_epu8_mask(from_zero, _mm512_set1_epi8(9));
}

INLINED uint64_t differing_64(const uint8_t *one, const uint8_t *other)
{
    return _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(one), _mm512_loadu_si512(other));
}

#elif RUM_LEVEL != RUM_SCALAR

#define TEST_EACH_VECTOR(flags)                                                                                       \
    do {                                                                                                              \
        uint64_t bits = 0;                                                                                            \
        for (uint32_t i = 0; i < 64; i += LANES) {                                                                    \
            bits |= mask_of(flags) << i;                                                                              \
        }                                                                                                             \
        return bits;                                                                                                  \
    } while (0)

INLINED uint64_t equal_64(const uint8_t *at, uint8_t byte)
{
    TEST_EACH_VECTOR(is_equal(load(at + i), spread(byte)));
}

INLINED uint64_t no_text_64(const uint8_t *at)
{
    TEST_EACH_VECTOR(is_below(load(at + i), spread(' '))); /* as signed numbers, bytes above ASCII are negative */
}

INLINED uint64_t digits_64(const uint8_t *at)
{
    TEST_EACH_VECTOR(is_equal(minimum(minus(load(at + i), spread('0')), spread(9)), minus(load(at + i), spread('0'))));
}

INLINED uint64_t no_digits_64(const uint8_t *at)
{
    return ~digits_64(at);
}

INLINED uint64_t same_64(const uint8_t *one, const uint8_t *other)
{
    TEST_EACH_VECTOR(is_equal(load(one + i), load(other + i)));
}

INLINED uint64_t differing_64(const uint8_t *one, const uint8_t *other)
{
    return ~same_64(one, other);
}

#endif

/* The number of zero bits below the lowest one bit, any number for 0. */
INLINED uint32_t lowest_bit(uint64_t word)
{
#if defined(__BMI__)
    return (uint32_t)_tzcnt_u64(word);
#else
    return trailing_zeros(word | (uint64_t)1 << 63);
#endif
}

/* Store the place of each one bit plus `first`, ascending; up to 16 numbers, or as many as there are bits rounded up to
 * eight, may be written. */
INLINED void put_places(int32_t *to, uint32_t first, uint64_t bits)
{
#if RUM_LEVEL == RUM_AVX512
    if (likely(count_ones(bits) <= 16)) {
        static const uint8_t numbers[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                            48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
        __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers));
        __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
        _mm512_storeu_si512(to, _mm512_add_epi32(wide, _mm512_set1_epi32((int)first)));
        return;
    }
#endif
    /* Eight at a time, as simdjson does: whether there are more than eight can be foretold, how many there are cannot.
     * With AVX2 that took 7 % off a whole scan. */
    while (bits) {
        for (uint32_t i = 0; i < 8; i++) {
            to[i] = (int32_t)(first + lowest_bit(bits));
            bits &= bits - 1;
        }
        to += 8;
    }
}

#endif
