"""Columns to matches: which definitions match which rows."""
