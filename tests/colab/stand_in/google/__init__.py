"""Stands in for Google's packages."""
