"""Speech: from a text to samples with the times of its words, by any voice; imports no PyTorch."""
