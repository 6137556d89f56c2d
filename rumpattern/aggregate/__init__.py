"""Samples to series: grouped, summed exactly, merged in any order."""
