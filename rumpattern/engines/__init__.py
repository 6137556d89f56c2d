"""Where blocks are processed: in this process, or in workers beside it."""
