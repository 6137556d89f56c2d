"""Samples to data points: grouped, summed exactly, merged in any order."""
