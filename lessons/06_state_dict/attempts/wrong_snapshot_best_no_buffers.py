# task: snapshot_best
# verdict: failed
# message: missing
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, {k: p.detach().clone() for k, p in model.named_parameters()}
    return best
