"""The jobs in SQL for DuckDB: a temporary table of the metrics of definitions.json, and eight columns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import duckdb

from benchmarks.columns import NUMBERS, STRINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.run import Job

READ = """read_json(
            $events,
            format = 'newline_delimited',
            columns = {
                event_timestamp: 'BIGINT',
                event_type: 'VARCHAR',
                metadata: 'STRUCT(browserName VARCHAR, pageId VARCHAR, deviceType VARCHAR)',
                event_details: 'STRUCT("value" DOUBLE, duration DOUBLE, response STRUCT(status DOUBLE))'
            }
        )"""
# One scan that parses the nine members that the job needs and no others. An event has at most one metric by each of the
# three dimensions, so three structs an event say everything. Variants with twelve structs, with a union of twelve
# selects over a materialised scan, with grouping sets, with numbers for the names of metrics, with detection switched
# off, with known records and with smaller buffers were as fast or slower: about three quarters of the time is JSON.
METRICS = f"""
CREATE OR REPLACE TEMP TABLE result AS
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
        FROM {READ}
        WHERE event_type IN (
            'com.amazon.rum.js_error_event', 'com.amazon.rum.session_start_event', 'com.amazon.rum.page_view_event',
            'com.amazon.rum.http_event', 'com.amazon.rum.performance_navigation_event',
            'com.amazon.rum.performance_resource_event', 'com.amazon.rum.largest_contentful_paint_event',
            'com.amazon.rum.first_input_delay_event', 'com.amazon.rum.cumulative_layout_shift_event'
        )
    ),
    data AS (
        SELECT minute, unnest([
            {{
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
            }},
            {{
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
            }},
            {{
                name: CASE kind
                    WHEN 'largest_contentful_paint' THEN 'WebVitalsLargestContentfulPaint'
                    WHEN 'http' THEN CASE WHEN status >= 500 AND status <= 599 THEN 'Http5xxCount' END
                    WHEN 'performance_navigation' THEN
                        CASE WHEN duration >= 8000 THEN 'NavigationFrustratedTransaction' END
                END,
                dimension: device,
                value: CASE kind WHEN 'largest_contentful_paint' THEN value ELSE 1 END
            }}
        ], recursive := true)
        FROM events
    )
    SELECT name, dimension, minute, count(*) AS count, sum(value) AS sum, min(value) AS min, max(value) AS max
    FROM data
    WHERE name IS NOT NULL AND dimension IS NOT NULL AND value IS NOT NULL
    GROUP BY ALL
"""


def metrics(cores: int) -> Job:
    """Return the job for some threads."""
    return partial(_metrics, _connect(cores))


def _connect(cores: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": cores, "preserve_insertion_order": False})


def _metrics(connection: duckdb.DuckDBPyConnection, events: Path) -> Callable[[Path], None]:
    connection.execute(METRICS, {"events": str(events)})
    return partial(_write, connection)


def _write(connection: duckdb.DuckDBPyConnection, result: Path) -> None:
    connection.execute("COPY result TO $result (FORMAT json)", {"result": str(result)})


def columns(cores: int) -> Job:
    """Return the job of making columns, counted as they come, which took less time than keeping them."""
    return partial(_columns, _connect(cores))


def _columns(connection: duckdb.DuckDBPyConnection, events: Path) -> Callable[[Path], None]:
    counts = ", ".join(f"count({path})" for path in (*STRINGS, *NUMBERS))
    connection.execute(f"SELECT {counts} FROM {READ}", {"events": str(events)}).fetchall()
    return partial(_tally, connection, events)


def _tally(connection: duckdb.DuckDBPyConnection, events: Path, result: Path) -> None:
    parts = [f"SELECT '{path}' AS name, {path} AS dimension, 0 AS value FROM events" for path in STRINGS]
    parts += [f"SELECT '{path}', '', {path} FROM events" for path in NUMBERS]
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE result AS
        WITH events AS MATERIALIZED (FROM {READ}), data AS ({" UNION ALL ".join(parts)})
        SELECT name, dimension, 0 AS minute, count(*) AS count, sum(value) AS sum, min(value) AS min, max(value) AS max
        FROM data
        WHERE dimension IS NOT NULL AND value IS NOT NULL
        GROUP BY ALL""",
        {"events": str(events)},
    )
    _write(connection, result)
