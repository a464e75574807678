# task: found_of_the_ill
# verdict: passed
# message: recall

import torch


def found_of_the_ill(says, ill):
    """Tensors do the counting; zero over zero is nan by itself."""
    says, ill = torch.tensor(says), torch.tensor(ill)
    return (says & ill).sum() / ill.sum()
