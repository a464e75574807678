"""The tasks of lesson 11: files from one machine's devices, read on another's."""
