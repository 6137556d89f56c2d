"""The version of the package, stated once: packaging, ``rumpattern --version`` and checkpoints read it here."""

__version__ = "0.1.0"
