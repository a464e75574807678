"""The tasks of lesson 13."""
