# task: save_checkpoint
# verdict: failed
# message: under the file's own name
import torch


def save_checkpoint(checkpoint, path):
    torch.save(checkpoint, path)
