"""The tasks of lesson 07: what a file asks for, and files that ask for nothing."""
