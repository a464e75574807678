# task: evaluation_mode
# verdict: failed
# message: could not be entered


def evaluation_mode(model):
    model.eval()
