"""Findings and the rulebook of their codes. Every other package reports through this one."""
