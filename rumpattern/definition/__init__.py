"""Metric definitions: reading them from files, text or Python values, and checking them by the rules of RUM."""
