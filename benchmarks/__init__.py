"""Benchmarks of the stages, and the same job done by other tools."""
