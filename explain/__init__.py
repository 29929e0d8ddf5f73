"""Why, why not, what is missing: verdicts, criteria and reasons, read off the models of a case."""
