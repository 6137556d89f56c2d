/* Checks at the entries: of what Python hands over, before anything of it is touched. */
#ifndef RUM_CHECKS_H
#define RUM_CHECKS_H

#include "core.h"

#define CHECK(condition, status)                                                                                      \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            return status;                                                                                            \
        }                                                                                                             \
    } while (0)

/* What is always so where the code is right: tested in sanitized builds, where nothing else would notice a place that is
 * wrong and yet within the memory of a text. */
#if defined(RUM_VERIFY)
#define VERIFY(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define VERIFY(condition) ((void)0)
#endif

/* A span has a pointer that is aligned, and at least so many elements. */
#define CHECK_ALIGNED(span, count, alignment)                                                                         \
    do {                                                                                                              \
        int32_t span_status = check_span((span).at, (span).length, count, alignment);                                 \
        CHECK(span_status == RUM_OK, span_status);                                                                    \
    } while (0)

/* The same, aligned for its elements. */
#define CHECK_SPAN(span, count) CHECK_ALIGNED(span, count, sizeof *(span).at < 8 ? sizeof *(span).at : 8)

static inline int32_t check_span(const void *at, uint64_t length, uint64_t count, uint64_t alignment)
{
    CHECK(at != NULL, RUM_NULL_POINTER);
    CHECK((uintptr_t)at % alignment == 0, RUM_MISALIGNED);
    CHECK(length >= count, RUM_TOO_SHORT);
    return RUM_OK;
}

#endif
