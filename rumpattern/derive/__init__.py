"""Matched rows to samples: what an event publishes, or why nothing."""
