"""Event lines to columns: a batch, the two readers that build it, and one event read slowly."""
