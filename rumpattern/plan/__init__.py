"""Definitions to a plan: the columns to read and the predicates to evaluate, worked out once."""
