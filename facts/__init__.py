"""The clinical facts: what can be stated, charts that state it, and the readers of charts."""
