"""The tasks of lesson 03: sums, labels and one pass over the data."""
