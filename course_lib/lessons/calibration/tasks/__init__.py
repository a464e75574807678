"""The tasks of lesson 15."""
