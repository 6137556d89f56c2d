"""The tests of rumpattern: their folders are those of the package."""
