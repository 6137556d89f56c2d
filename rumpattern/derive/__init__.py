"""Matched rows to samples: the value, dimensions and period that an event publishes, or the reason why it does not."""
