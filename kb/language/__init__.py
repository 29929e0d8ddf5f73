"""Text to checked Program: grammar, syntax tree, documents, names, types, safety, strata, printer."""
