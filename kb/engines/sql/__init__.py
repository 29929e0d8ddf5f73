"""The checked Program as SQL: one compilation, for every database that `sqlglot` can write for."""
