"""Explanations as text and data, one format per module."""
