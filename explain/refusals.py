"""What is raised when a proof does not hold."""

from __future__ import annotations


class ProofError(Exception):
    """A proof that does not hold: the first step that fails, and why."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(step, message)
        self.step = step
        self.message = message

    def __str__(self) -> str:
        return f"{self.step}: {self.message}"
