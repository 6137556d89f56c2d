"""The event-pattern language: text to AST, AST to canonical text, and the slow matcher that defines the meaning."""
