"""The tasks of lesson 14."""
