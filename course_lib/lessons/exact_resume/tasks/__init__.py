"""The tasks of lesson 10."""
