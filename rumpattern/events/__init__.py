"""Event bytes to batches: sources, containers, the canonical event, and the columns that a plan asks for."""
