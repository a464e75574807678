"""The tasks of lesson 02."""
