"""Findings: what is wrong, where, and what to try. Every other room reports through this one."""
