"""Series to output, one module a format, and what the two for CloudWatch share.

Data goes to the stream that is given; nothing here opens a file.
"""
