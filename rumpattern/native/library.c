/* What the library says of itself: the layouts of its structures, the sources it was built from, and its entries for the
 * instructions that this processor has. It holds the plain C twin of all levels, and no state: Python asks for the entries
 * once and keeps them. */
#define RUM_LEVEL 0
#define RUM_ENTRIES rum_scalar
#include "level.c"

#define SIZE(name) {#name, sizeof(struct name)}
#define FIELD(name, field) {#name "." #field, offsetof(struct name, field)}
#define CONSTANT(name) {#name, (uint64_t)(int64_t)(name)}

const struct rum_fact *rum_abi(void)
{
    static const struct rum_fact facts[] = {
        CONSTANT(RUM_VERSION), CONSTANT(RUM_PADDING), CONSTANT(RUM_KINDS), CONSTANT(RUM_STATUSES), CONSTANT(RUM_LIMBS),
        CONSTANT(RUM_LOWEST_BIT), CONSTANT(QUOTES_MARGIN), CONSTANT(FIRST_SLOTS), CONSTANT(SLOTS_PER_STRING), CONSTANT(KEPT_FACTOR),
        CONSTANT(BEFORE_KINDS), CONSTANT(MAX_VALUES), CONSTANT(TRIAL), CONSTANT(MAX_SPANS), CONSTANT(MIN_SPAN),
        SIZE(span), SIZE(step), SIZE(shapes), FIELD(shapes, node_count), FIELD(shapes, taken), FIELD(shapes, spans),
        SIZE(span_cache), FIELD(span_cache, changes), CONSTANT(SPAN_TRIAL),
        {"rum_span", sizeof(rum_text)}, {"rum_span.at", offsetof(rum_text, at)},
        {"rum_span.length", offsetof(rum_text, length)},
        SIZE(rum_table), FIELD(rum_table, first), FIELD(rum_table, mask), FIELD(rum_table, factor),
        SIZE(rum_slot),
        SIZE(rum_member), FIELD(rum_member, table), FIELD(rum_member, column),
        SIZE(rum_keys), FIELD(rum_keys, tables), FIELD(rum_keys, slots), FIELD(rum_keys, texts), FIELD(rum_keys, seeds),
        SIZE(rum_lay_out), FIELD(rum_lay_out, texts), FIELD(rum_lay_out, key_tables), FIELD(rum_lay_out, begins),
        FIELD(rum_lay_out, ends), FIELD(rum_lay_out, members), FIELD(rum_lay_out, seeds), FIELD(rum_lay_out, tables),
        FIELD(rum_lay_out, slots),
        SIZE(rum_plan), FIELD(rum_plan, keys), FIELD(rum_plan, members), FIELD(rum_plan, types), FIELD(rum_plan, nodes),
        FIELD(rum_plan, wanted), FIELD(rum_plan, columns),
        SIZE(rum_scratch), FIELD(rum_scratch, kinds), FIELD(rum_scratch, spans), FIELD(rum_scratch, quotes),
        FIELD(rum_scratch, trail), FIELD(rum_scratch, shapes), FIELD(rum_scratch, slots), FIELD(rum_scratch, entries),
        FIELD(rum_scratch, heads),
        SIZE(rum_entry), FIELD(rum_entry, hash), FIELD(rum_entry, length), FIELD(rum_entry, offset),
        SIZE(rum_deferred), FIELD(rum_deferred, line), FIELD(rum_deferred, offset), FIELD(rum_deferred, length),
        FIELD(rum_deferred, kept),
        SIZE(rum_scan), FIELD(rum_scan, plan), FIELD(rum_scan, scratch), FIELD(rum_scan, text), FIELD(rum_scan, start),
        FIELD(rum_scan, size), FIELD(rum_scan, offset), FIELD(rum_scan, max_line), FIELD(rum_scan, file),
        FIELD(rum_scan, piece), FIELD(rum_scan, rows), FIELD(rum_scan, kinds), FIELD(rum_scan, numbers),
        FIELD(rum_scan, codes), FIELD(rum_scan, row_lines), FIELD(rum_scan, deferred), FIELD(rum_scan, kept),
        FIELD(rum_scan, seeds), FIELD(rum_scan, has_timestamp_prefix), FIELD(rum_scan, row_count),
        FIELD(rum_scan, deferred_count), FIELD(rum_scan, blank_count), FIELD(rum_scan, line_count),
        FIELD(rum_scan, walked_count), FIELD(rum_scan, kept_size),
        SIZE(rum_number), FIELD(rum_number, text), FIELD(rum_number, value),
        SIZE(rum_search), FIELD(rum_search, boundaries), FIELD(rum_search, numbers), FIELD(rum_search, found),
        SIZE(rum_intersect), FIELD(rum_intersect, sets), FIELD(rum_intersect, words), FIELD(rum_intersect, classes),
        FIELD(rum_intersect, paths), FIELD(rum_intersect, rows), FIELD(rum_intersect, pair_rows),
        FIELD(rum_intersect, pair_branches), FIELD(rum_intersect, start), FIELD(rum_intersect, count),
        SIZE(rum_lookup), FIELD(rum_lookup, first_column), FIELD(rum_lookup, columns), FIELD(rum_lookup, first_slot),
        FIELD(rum_lookup, mask),
        SIZE(rum_test), FIELD(rum_test, low), FIELD(rum_test, high), FIELD(rum_test, column), FIELD(rum_test, kinds),
        FIELD(rum_test, first_member), FIELD(rum_test, members), FIELD(rum_test, first_interval), FIELD(rum_test,
        intervals), FIELD(rum_test, bit), FIELD(rum_test, unused),
        SIZE(rum_probe), FIELD(rum_probe, lookups), FIELD(rum_probe, key_columns), FIELD(rum_probe, strides),
        FIELD(rum_probe, slot_keys), FIELD(rum_probe, slot_groups), FIELD(rum_probe, group_offsets), FIELD(rum_probe,
        entries), FIELD(rum_probe, test_offsets), FIELD(rum_probe, tests), FIELD(rum_probe, members), FIELD(rum_probe,
        lows), FIELD(rum_probe, highs), FIELD(rum_probe, kinds), FIELD(rum_probe, numbers), FIELD(rum_probe, ids),
        FIELD(rum_probe, pass_rows), FIELD(rum_probe, passes), FIELD(rum_probe, pass_bytes), FIELD(rum_probe,
        columns), FIELD(rum_probe, rows), FIELD(rum_probe, pair_rows), FIELD(rum_probe, pair_branches),
        FIELD(rum_probe, start), FIELD(rum_probe, count),
        SIZE(rum_field), FIELD(rum_field, kinds), FIELD(rum_field, numbers), FIELD(rum_field, codes),
        FIELD(rum_field, field_codes), FIELD(rum_field, label_count), FIELD(rum_field, first_label),
        SIZE(rum_folded), FIELD(rum_folded, begin), FIELD(rum_folded, end), FIELD(rum_folded, value),
        SIZE(rum_group), FIELD(rum_group, code), FIELD(rum_group, definition), FIELD(rum_group, size),
        FIELD(rum_group, period), FIELD(rum_group, minimum), FIELD(rum_group, maximum), FIELD(rum_group, limbs),
        SIZE(rum_time_range), FIELD(rum_time_range, field), FIELD(rum_time_range, max_timestamp),
        FIELD(rum_time_range, first), FIELD(rum_time_range, last),
        SIZE(rum_fold), FIELD(rum_fold, fields), FIELD(rum_fold, definitions), FIELD(rum_fold, dimension_fields),
        FIELD(rum_fold, dimensions), FIELD(rum_fold, matched), FIELD(rum_fold, is_odd), FIELD(rum_fold, time),
        FIELD(rum_fold, first_period), FIELD(rum_fold, period), FIELD(rum_fold, seeds), FIELD(rum_fold, slots), FIELD(rum_fold, groups),
        FIELD(rum_fold, labels), FIELD(rum_fold, members), FIELD(rum_fold, values), FIELD(rum_fold, reasons),
        FIELD(rum_fold, counts), FIELD(rum_fold, has_failed), FIELD(rum_fold, out_of_range), FIELD(rum_fold, too_late),
        FIELD(rum_fold, max_value), FIELD(rum_fold, max_timestamp), FIELD(rum_fold, group_count),
        FIELD(rum_fold, value_count),
        SIZE(rum_gather), FIELD(rum_gather, members), FIELD(rum_gather, values), FIELD(rum_gather, next),
        FIELD(rum_gather, ordered),
        SIZE(rum_entries), FIELD(rum_entries, lay_out_keys), FIELD(rum_entries, scan_lines),
        FIELD(rum_entries, scan_file), FIELD(rum_entries, search), FIELD(rum_entries, intersect),
        FIELD(rum_entries, probe), FIELD(rum_entries, time_range), FIELD(rum_entries, fold), FIELD(rum_entries, gather),
        FIELD(rum_entries, read_number), FIELD(rum_entries, find_line_quotes),
        {NULL, 0},
    };
    return facts;
}

const char *rum_sources(void)
{
    return RUM_SOURCES;
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

#if defined(RUM_HAS_X86)
extern const struct rum_entries rum_sse2, rum_avx2, rum_avx512;
#endif
#if defined(RUM_HAS_NEON)
extern const struct rum_entries rum_neon;
#endif

struct level {
    const char *name;
    const struct rum_entries *entries;
};

static bool has_instructions(const char *name)
{
#if defined(RUM_HAS_X86)
    __builtin_cpu_init();
    if (strcmp(name, "avx2") == 0) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
               __builtin_cpu_supports("popcnt");
    }
    if (strcmp(name, "avx512") == 0) {
        return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
               __builtin_cpu_supports("popcnt");
    }
#endif
    (void)name;
    return true; /* all processors of the kind that this was compiled for have the others */
}

/* The levels that were built, the best first. */
static const struct level levels[] = {
#if defined(RUM_HAS_X86)
    {"avx512", &rum_avx512},
    {"avx2", &rum_avx2},
    {"sse2", &rum_sse2},
#endif
#if defined(RUM_HAS_NEON)
    {"neon", &rum_neon},
#endif
    {"scalar", &rum_scalar},
};

const char *rum_best(void)
{
    const struct level *level = levels;
    while (!has_instructions(level->name)) {
        level++;
    }
    return level->name;
}

const struct rum_entries *rum_entries_for(const char *name)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].name, name) == 0 && has_instructions(name)) {
            return levels[i].entries;
        }
    }
    return NULL;
}
