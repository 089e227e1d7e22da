"""What was made: assets as rows, their bytes as content-addressed blobs."""
