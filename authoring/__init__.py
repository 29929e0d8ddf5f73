"""The policy author's bench: tests, coverage, mutation, lint, layout, impact, editor."""
