"""The step-wise batching of language models: requests join, leave and end at any token."""
