"""The event-pattern language: text to AST, AST to canonical text, and the matcher that defines its meaning."""
