"""The HTTP API, which imports no PyTorch."""
