"""Metric definitions: what a user submits to RUM, read from files, text or Python objects."""
