"""The readings of the rules, apart from the rules: ``--profile`` takes their names."""

from enum import StrEnum


class Profile(StrEnum):
    """The reading of rules that the API reference leaves open: by their meaning, by their letter, or tolerant."""

    DOCUMENTED = "documented"
    STRICT = "strict"
    LENIENT = "lenient"
