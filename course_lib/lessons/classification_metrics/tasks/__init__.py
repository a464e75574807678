"""The tasks of lesson 04: count, divide, draw and choose."""
