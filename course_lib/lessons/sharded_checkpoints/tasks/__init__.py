"""The tasks of lesson 14: folders that several ranks write and read."""
