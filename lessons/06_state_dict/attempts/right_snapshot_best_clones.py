# task: snapshot_best
# verdict: passed
# message: later training leaves it alone
def snapshot_best(model, train_epoch, score, *, epochs):
    """Clones, and the scores in a list."""
    scores = []
    for _ in range(epochs):
        train_epoch(model)
        scores.append(score(model))
        if scores.index(max(scores)) == len(scores) - 1:
            best = {
                name: tensor.detach().clone() for name, tensor in model.state_dict().items()
            }
    return best
