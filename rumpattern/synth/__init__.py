"""Seeded, realistic RUM events in every input form, for fixtures, tests and benchmarks."""
