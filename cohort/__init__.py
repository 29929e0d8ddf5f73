"""Whole books of cases: the same rules, decided many cases at a time."""
