"""The tasks of lesson 12."""
