"""Stands in for google.colab: what the course looks for and calls, nothing else."""
