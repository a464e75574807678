# task: train_with_checkpoints
# verdict: passed
# message: unbroken run ends
import os

import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    path = lambda epoch: os.path.join(str(folder), "epoch-%03d.pt" % epoch)
    done = next((e for e in range(999, 0, -1) if os.path.exists(path(e))), 0)
    if done:
        with open(path(done), "rb") as file:
            checkpoint = torch.load(file, weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
    losses = []
    for epoch in range(done, epochs):
        model.train(True)
        parts = []
        for x, y in batches:
            per_image = F.cross_entropy(model(x), y, reduction="none")
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad = None
            per_image.mean().backward()
            optimizer.step()
            parts.append(per_image.detach())
        losses.append(torch.cat(parts).mean().item())
        if (epoch + 1) % every == 0:
            checkpoint = dict(
                epoch=epoch + 1,
                loss=losses[-1],
                model=model.state_dict(),
                optimizer=optimizer.state_dict(),
                more="text",
            )
            torch.save(checkpoint, path(epoch + 1))
    return losses
