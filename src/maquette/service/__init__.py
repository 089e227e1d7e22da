"""The story of a request from words to files, and the one place where objects are built."""
