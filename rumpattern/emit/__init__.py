"""Series to output, one module a format. Data goes to the stream that is given; nothing here opens a file."""
