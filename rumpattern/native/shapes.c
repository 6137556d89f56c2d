/* The fast way to the values of an event: comparison with shapes seen before, several times faster than the grammar.
 *
 * A shape is what an event is without its scalar values: names, brackets, commas, white space. Where the text between two
 * values is, byte for byte, that of an event walked before, the grammar has nothing new to say; only the values are
 * checked. Shapes that begin alike share nodes of a tree, so that every event takes one way through it.
 *
 * Span caches go further: texts that repeat from one event to the next as a whole, such as a session's metadata. A span
 * begins where an event begins, or an object in it ends, and goes up to the end of the next object. Where it begins, its
 * text is compared with the last one that was read there. If that is the same, so is all that was noted of it, and reading
 * goes on behind it: the same text, read from the same node on, is read in the same way. A span that is rarely the same
 * begins one value later from then on, until it is too short.
 */
#include "walk.c"

enum {
    NODE_TEXT = 50,
    MAX_NODES = 4096,
    MAX_OTHERS = 64, /* alternatives tried in turn: keys that are never the same make as many as there is room for */
    MAX_SPANS = 31,
    MIN_SPAN = 128, /* bytes of a span that is worth it */
    MAX_SPAN = 1024,
    SPAN_MEMBERS = 16,
    SPAN_TRIAL = 16, /* how many more texts than repetitions there may be, until a span is given up */
    SPAN_LUCK = 64, /* how many more repetitions than texts count */
    ROOT = 0
};

/* What follows the text of a node: a kind of value, or one of these. */
enum {
    A_SCALAR = RUM_NUMBER, /* a number or a literal */
    A_PART = RUM_KINDS, /* the text goes on in the next node */
    THE_END
};

/* One cache line; the text comes first, so that a load of 64 bytes is that line. Node ROOT comes before all shapes; 0 in
 * the place of a node stands for none. */
struct node {
    uint8_t text[NODE_TEXT];
    uint8_t length; /* of the text */
    uint8_t kind; /* of the value behind it */
    uint16_t member; /* that the value fills */
    uint16_t next; /* the node after it */
    uint16_t other; /* the node to try instead */
    uint8_t quotes; /* how many are in the text */
    uint8_t tail; /* bytes from the last of them to the end, 0 without quotes */
    uint8_t closes; /* whether an object of the event ends in the text */
    uint8_t opened; /* the span cache that begins behind the text, 0 for none */
    uint8_t follows; /* whether `next` is the node behind it in memory */
    uint8_t tried; /* whether a span has ever begun there */
};

/* A member that was noted in a span; distances are from the beginning of the span. */
struct recalled {
    uint16_t member;
    uint16_t kind;
    uint16_t begin;
    uint16_t stop;
};

/* What is remembered of the last text of a span. */
struct span_cache {
    uint32_t length; /* 0 if it is not known */
    uint32_t quotes; /* how many there are in the text */
    uint16_t next; /* the node behind it */
    uint16_t member_count;
    int32_t changes; /* by how many its texts outnumber its repetitions */
    struct recalled members[SPAN_MEMBERS];
    uint8_t text[MAX_SPAN];
};

struct shapes {
    struct node nodes[MAX_NODES];
    struct span_cache spans[MAX_SPANS + 1];
    uint32_t node_count; /* ROOT is not counted, so that zeros are no shapes */
    uint32_t taken; /* whose bits tell which span caches are taken; 0 is none */
    uint32_t members; /* of the plan that events were read for: nodes and spans number them */
};

/* A span that is being read: the node that opened it, where its text and its quotes begin, and how many members had been
 * visited before it. */
struct open_span {
    uint32_t cache; /* 0 if there is none */
    uint32_t opener;
    place begin;
    const int32_t *quote;
    uint32_t visited;
};

/* The members of an event in the order in which they were noted by its shape, for the spans that are remembered of them;
 * later ones are left out, and a span that would hold them is not remembered. */
enum { MAX_VISITED = 256 };

/* --- span caches -------------------------------------------------------------------------------------------------- */

/* The length of the text at an address if the span had the same last, else 0. */
INLINED uint32_t repeated_length(const struct span_cache *cache, place begin)
{
    for (uint32_t done = 0; done < cache->length; done += 64) {
        uint32_t block = done + 64 <= cache->length ? done : cache->length - 64;
        if (differing_64(cache->text + block, begin + block)) {
            return 0;
        }
    }
    return cache->length;
}

/* Note what was noted of a span's last text, which stands at an address. */
INLINED void recall(struct span_cache *cache, place begin, struct notes *notes)
{
    cache->changes--;
    for (uint32_t i = 0; i < cache->member_count; i++) {
        const struct recalled *recalled = &cache->members[i];
        note(notes, recalled->member, (uint8_t)recalled->kind, begin + recalled->begin, begin + recalled->stop);
    }
}

/* Keep the text of a span that stops before `stop`, and its members, if there is room for them.
 *
 * `next` is the first alternative for what follows, and not the node that this event took: the next event may take
 * another. Returns the length of the text if the span is rarely the same, else 0. */
static NOT_INLINED uint32_t remember(struct span_cache *cache, const struct open_span *open, place stop,
                                     const int32_t *quote, uint16_t next, const struct notes *notes,
                                     const uint16_t *visited, uint32_t visited_count)
{
    uint32_t length = (uint32_t)(stop - open->begin), count = visited_count - open->visited;
    cache->changes = (cache->changes > -SPAN_LUCK ? cache->changes : -SPAN_LUCK) + 1;
    cache->length = 0;
    if (length >= 64 && length <= MAX_SPAN && count <= SPAN_MEMBERS && visited_count <= MAX_VISITED) {
        uint32_t from = (uint32_t)(open->begin - notes->event);
        cache->length = length;
        cache->quotes = (uint32_t)(quote - open->quote);
        cache->next = next;
        cache->member_count = (uint16_t)count;
        for (uint32_t i = 0; i < count; i++) {
            uint16_t member = visited[open->visited + i];
            struct span span = notes->spans[member];
            cache->members[i] = (struct recalled){member, notes->kinds[member], (uint16_t)(span.begin - from),
                                                  (uint16_t)(span.stop - from)};
        }
        memcpy(cache->text, open->begin, length);
    }
    return cache->changes > SPAN_TRIAL ? length : 0;
}

/* Let a node open a span, if none has ever begun there and there is a cache left. */
static void open_at(struct shapes *shapes, struct node *node)
{
    uint64_t free_caches = ~(uint64_t)(shapes->taken | 1);
    uint32_t cache = trailing_zeros(free_caches);
    if (!node->tried && cache <= MAX_SPANS) {
        shapes->taken |= (uint32_t)1 << cache;
        node->tried = 1;
        node->opened = (uint8_t)cache;
        shapes->spans[cache].length = 0;
        shapes->spans[cache].changes = 0;
    }
}

/* Let the nodes that follow the opener of a span open it, whose text has some length; if that is too short, none. */
static NOT_INLINED void open_later(struct shapes *shapes, const struct open_span *open, uint32_t length)
{
    struct node *opener = &shapes->nodes[open->opener];
    opener->opened = 0;
    shapes->taken &= ~((uint32_t)1 << open->cache);
    for (uint32_t next = length >= MIN_SPAN ? opener->next : 0; next; next = shapes->nodes[next].other) {
        struct node *node = &shapes->nodes[next];
        if (!node->closes && node->kind != THE_END) {
            open_at(shapes, node);
        }
    }
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

/* Note the values of an event whose quotes are noted; return the address after it, 0 if its shape is not known.
 *
 * For each node on the way: the text between two values is compared (one load of 64 bytes, of which the first `length`
 * count), then the value behind it is delimited and noted. If the text differs, the next alternative is tried at the same
 * place; when none is left, the shape is not known and the event is walked.
 *
 * Why it is fast: `begin` is computed from the quote list (the last quote of the text, and how far the text goes beyond
 * it) and not from `at`, where the value before ended. So a value can be taken up before the end of the number in front of
 * it is known, and what waits for that is a comparison whose outcome the processor predicts. Nearly all events take one
 * way through the tree, and the index of a node that is next in memory (`follows`) does not wait for a load. Tried and
 * left, as they were not faster: 32 bytes at once, prefetching nodes, and guessing a node by event type.
 *
 * What it relies on:
 * - The text is compared before the quote list is used. Equal texts have equal quotes, which is what keeps `quote` and
 *   `at` at the same point of the event; it holds only if every node advances both.
 * - A shape is learned only of an event that the grammar accepted. So names, brackets and commas need no check here, a
 *   member cannot come twice, and values need only be well formed (find_quotes for strings, scalar_end).
 * - A span that ends here is remembered before another one opens at the same node.
 * - When 0 is returned some members have been noted. The caller forgets them before it walks the event. */
static NOT_INLINED place match_shape(struct shapes *shapes, struct notes *notes)
{
    uint16_t visited[MAX_VISITED];
    uint32_t visited_count = 0;
    struct open_span open = {0, 0, NULL, NULL, 0};
    place event = notes->event, at = event;
    const int32_t *quote = notes->quotes;
    uint32_t index = shapes->nodes[ROOT].next, first = index;
    while (index) {
        const struct node *node = &shapes->nodes[index];
        uint64_t length = node->length;
        if (unlikely(differing_64(node->text, at) & (((uint64_t)1 << length) - 1))) {
            index = node->other;
            continue;
        }
        const int32_t *after = quote + node->quotes;
        VERIFY(after - notes->quotes + (node->kind == RUM_STRING) <= notes->quote_count);
        place begin = likely(node->tail) ? event + after[-1] + node->tail : at + length, stop = begin;
        uint8_t kind = node->kind;
        if (likely(kind == RUM_STRING)) {
            stop = event + after[0];
        } else if (kind == A_SCALAR) {
            stop = scalar_end(begin, &kind);
            if (unlikely(!stop)) {
                index = node->other;
                continue;
            }
        } else if (unlikely(kind == RUM_ARRAY)) {
            stop = *begin == '[' ? array_end(event, begin, &after) : NULL;
            if (!stop) {
                index = node->other;
                continue;
            }
        }
        if (unlikely(node->closes | node->opened)) {
            if (open.cache && node->closes) {
                uint32_t changing = remember(&shapes->spans[open.cache], &open, at, quote, (uint16_t)first, notes, visited,
                                             visited_count);
                if (changing) {
                    open_later(shapes, &open, changing);
                }
                open.cache = 0;
            }
            if (node->opened) {
                struct span_cache *cache = &shapes->spans[node->opened];
                open = (struct open_span){node->opened, index, begin, after, visited_count};
                uint32_t same = repeated_length(cache, begin);
                if (same) {
                    recall(cache, begin, notes);
                    at = begin + same;
                    quote = after + cache->quotes;
                    first = index = cache->next;
                    open.cache = 0;
                    continue;
                }
            }
        }
        if (unlikely(kind == THE_END)) {
            return begin;
        }
        if (unlikely(node->member != RUM_NOTHING)) {
            note(notes, node->member, kind, begin, stop);
            if (likely(visited_count < MAX_VISITED)) {
                visited[visited_count] = node->member;
            }
            visited_count++;
        }
        at = stop;
        quote = after;
        first = index = likely(node->follows) ? index + 1 : node->next;
    }
    return NULL;
}

/* --- learning ----------------------------------------------------------------------------------------------------- */

/* Tell whether a quote within an event is part of an escape. It may be one in a key of an object of which nothing is
 * wanted; find_quotes does not list those, so no node may count them. */
static bool is_escaped(place at)
{
    bool escaped = false;
    for (; at[-1] == '\\'; at--) { /* an event begins with a brace */
        escaped = !escaped;
    }
    return escaped;
}

/* The node after another that has some text and value, which is added if there is none; ROOT without room. */
static uint32_t add_node(struct shapes *shapes, uint32_t before, place text, uint64_t length, uint8_t kind, int32_t member,
                         bool closes)
{
    uint16_t *link = &shapes->nodes[before].next;
    uint32_t others = 0;
    for (; *link; link = &shapes->nodes[*link].other) {
        const struct node *node = &shapes->nodes[*link];
        if (node->length == length && node->kind == kind && node->member == member &&
            memcmp(node->text, text, length) == 0) {
            return *link;
        }
        others++;
    }
    if (shapes->node_count == MAX_NODES - 1 || others == MAX_OTHERS) {
        return ROOT;
    }
    uint32_t index = ++shapes->node_count;
    *link = (uint16_t)index;
    shapes->nodes[before].follows = shapes->nodes[before].next == before + 1;
    struct node *node = &shapes->nodes[index];
    memset(node, 0, sizeof *node);
    node->length = (uint8_t)length;
    node->kind = kind;
    node->member = (uint16_t)member;
    node->closes = closes;
    memcpy(node->text, text, length);
    for (uint64_t i = 0; i < length; i++) {
        if (text[i] == '"' && !is_escaped(text + i)) {
            node->quotes++;
            node->tail = (uint8_t)(length - i);
        }
    }
    return index;
}

/* Add the text between two addresses, and the value behind it, to a node; return the last node, ROOT without room. */
static uint32_t add_text(struct shapes *shapes, uint32_t node, place begin, place end, uint8_t kind, int32_t member,
                         bool closes)
{
    for (; end - begin >= NODE_TEXT; begin += NODE_TEXT, closes = false) {
        node = add_node(shapes, node, begin, NODE_TEXT, A_PART, RUM_NOTHING, closes);
        if (node == ROOT) {
            return ROOT;
        }
    }
    return add_node(shapes, node, begin, (uint64_t)(end - begin), kind, member, closes);
}

/* How many bytes there are from a value to the end of the next object, 0 if there is none. */
static uint32_t span_length(const struct notes *notes, uint64_t first, uint64_t values)
{
    const struct step *trail = notes->trail;
    uint32_t last = trail[first].span.stop, part = trail[first].part;
    for (uint64_t value = first + 1; value < values; value++) {
        if ((part & 1) && trail[value].part != part) {
            break;
        }
        last = trail[value].span.stop;
        part = trail[value].part;
    }
    return part & 1 ? last - trail[first].span.begin : 0;
}

/* Add the shape of an event that was walked up to `end` and has so many values in its trail. */
static NOT_INLINED void learn_shape(struct shapes *shapes, const struct notes *notes, place end, uint64_t values)
{
    uint32_t index = ROOT, part = 0;
    bool is_settled = false;
    place at = notes->event;
    for (uint64_t value = 0; value < values; value++) {
        struct step step = notes->trail[value];
        bool closes = (part & 1) && part != step.part;
        uint8_t kind = step.kind >= RUM_STRING ? (uint8_t)step.kind : A_SCALAR;
        index = add_text(shapes, index, at, notes->event + step.span.begin, kind, step.member, closes);
        if (index == ROOT) {
            return;
        }
        struct node *node = &shapes->nodes[index];
        is_settled = (is_settled && !closes) || node->opened;
        if (!is_settled && !node->tried) {
            is_settled = true; /* if it is too short from here, it is from the next values on */
            if (span_length(notes, value, values) >= MIN_SPAN) {
                open_at(shapes, node);
            }
        }
        at = notes->event + step.span.stop;
        part = step.part;
    }
    add_text(shapes, index, at, end, THE_END, RUM_NOTHING, part & 1);
}

/* Make a tree empty again. */
static void forget_shapes(struct shapes *shapes)
{
    memset(&shapes->nodes[ROOT], 0, sizeof shapes->nodes[ROOT]);
    shapes->node_count = 0;
    shapes->taken = 0;
}
