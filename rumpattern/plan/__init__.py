"""The plan: what definitions need of every event, worked out once."""
