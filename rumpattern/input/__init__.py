"""Input to blocks of event lines: sources, input forms, buffers, and rejects."""
