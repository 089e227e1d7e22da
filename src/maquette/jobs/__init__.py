"""Durable jobs: what was accepted is done, or said to have failed, whatever dies meanwhile."""
