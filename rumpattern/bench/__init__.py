"""How fast definitions and events are processed on this machine, stage by stage."""
