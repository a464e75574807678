"""What the figures in the README come from: ratios, measured side by side in one run."""
