"""The rehearsal of lesson 00."""
