"""The job of definitions.json in SQL.

``python -m benchmarks.duckdb_sql EVENTS RESULT THREADS`` writes one row for each metric, dimension value and minute.
"""

import sys

import duckdb

# One scan that parses the nine members that the job needs and no others. An event has at most one metric by each of the
# three dimensions, so three structs an event say everything. Variants with twelve structs, with a union of twelve
# selects over a materialised scan, and with grouping sets were as fast or slower.
JOB = """
COPY (
    WITH events AS (
        SELECT
            event_timestamp // 60000 * 60 AS minute,
            event_type[16:-7] AS kind,  -- what stands between com.amazon.rum. and _event
            CASE WHEN metadata.browserName IN ('Chrome', 'Safari', 'Firefox', 'Edge') THEN metadata.browserName END
                AS browser,
            metadata.pageId AS page,
            CASE WHEN metadata.deviceType IN ('desktop', 'mobile', 'tablet') THEN metadata.deviceType END AS device,
            event_details.value AS value,
            event_details.duration AS duration,
            event_details.response.status AS status
        FROM read_json(
            $events,
            format = 'newline_delimited',
            columns = {
                event_timestamp: 'BIGINT',
                event_type: 'VARCHAR',
                metadata: 'STRUCT(browserName VARCHAR, pageId VARCHAR, deviceType VARCHAR)',
                event_details: 'STRUCT("value" DOUBLE, duration DOUBLE, response STRUCT(status DOUBLE))'
            }
        )
        WHERE event_type IN (
            'com.amazon.rum.js_error_event', 'com.amazon.rum.session_start_event', 'com.amazon.rum.page_view_event',
            'com.amazon.rum.http_event', 'com.amazon.rum.performance_navigation_event',
            'com.amazon.rum.performance_resource_event', 'com.amazon.rum.largest_contentful_paint_event',
            'com.amazon.rum.first_input_delay_event', 'com.amazon.rum.cumulative_layout_shift_event'
        )
    ),
    data AS (
        SELECT minute, unnest([
            {
                name: CASE kind
                    WHEN 'performance_resource' THEN 'PerformanceResourceDuration'
                    WHEN 'first_input_delay' THEN 'WebVitalsFirstInputDelay'
                    WHEN 'js_error' THEN 'JsErrorCount'
                    WHEN 'session_start' THEN 'SessionCount'
                    WHEN 'performance_navigation' THEN
                        CASE WHEN duration >= 2000 AND duration < 8000 THEN 'NavigationToleratedTransaction' END
                END,
                dimension: browser,
                value: CASE kind
                    WHEN 'performance_resource' THEN duration WHEN 'first_input_delay' THEN value ELSE 1
                END
            },
            {
                name: CASE kind
                    WHEN 'page_view' THEN 'PageViewCount'
                    WHEN 'http' THEN CASE WHEN status >= 400 AND status < 500 THEN 'Http4xxCount' END
                    WHEN 'performance_navigation' THEN 'PerformanceNavigationDuration'
                    WHEN 'cumulative_layout_shift' THEN 'WebVitalsCumulativeLayoutShift'
                END,
                dimension: page,
                value: CASE kind
                    WHEN 'performance_navigation' THEN duration WHEN 'cumulative_layout_shift' THEN value ELSE 1
                END
            },
            {
                name: CASE kind
                    WHEN 'largest_contentful_paint' THEN 'WebVitalsLargestContentfulPaint'
                    WHEN 'http' THEN CASE WHEN status >= 500 AND status <= 599 THEN 'Http5xxCount' END
                    WHEN 'performance_navigation' THEN
                        CASE WHEN duration >= 8000 THEN 'NavigationFrustratedTransaction' END
                END,
                dimension: device,
                value: CASE kind WHEN 'largest_contentful_paint' THEN value ELSE 1 END
            }
        ], recursive := true)
        FROM events
    )
    SELECT name, dimension, minute, count(*) AS count, sum(value) AS sum, min(value) AS min, max(value) AS max
    FROM data
    WHERE name IS NOT NULL AND dimension IS NOT NULL AND value IS NOT NULL
    GROUP BY ALL
) TO $result (FORMAT json)
"""


def main(events: str, result: str, threads: str) -> None:
    connection = duckdb.connect(config={"threads": int(threads), "preserve_insertion_order": False})
    connection.execute(JOB, {"events": events, "result": result})


if __name__ == "__main__":
    main(*sys.argv[1:])
