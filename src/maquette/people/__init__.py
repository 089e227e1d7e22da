"""People: who they are, what they may do, and what was done; no PyTorch."""
