"""Readers of charts: each turns what a record says into facts with their places."""
