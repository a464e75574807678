"""The tasks of lesson 05: curves, areas, thresholds and intervals from scores."""
