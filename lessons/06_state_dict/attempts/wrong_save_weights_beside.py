# task: save_weights
# verdict: failed
# message: Expected one file
import json

import torch


def save_weights(model, path):
    torch.save(model.state_dict(), path)
    with open(str(path) + ".json", "w") as file:
        json.dump(sorted(model.state_dict()), file)
