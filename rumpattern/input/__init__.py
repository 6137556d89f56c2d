"""Input to blocks of event lines: sources, containers, buffers, and what could not be read."""
