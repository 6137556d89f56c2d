"""Where blocks are processed: in threads or in worker processes, in the order of the input."""
