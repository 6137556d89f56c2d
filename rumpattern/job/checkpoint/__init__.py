"""The progress of a replay, kept in a folder, so that an interrupted one can be resumed."""
