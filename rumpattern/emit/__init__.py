"""Data points to output: one module for each format, and what the two for CloudWatch share.

Everything is written to the stream that the caller passes; nothing here opens a file.
"""
