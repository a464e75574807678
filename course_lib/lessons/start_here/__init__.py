"""Lesson 00: the welcome."""
