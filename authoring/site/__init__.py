"""A static site of documents: what they say with their rules beside it, who concludes and uses what, tests and coverage."""
