# %% [markdown]
# One pipeline in five pieces, a page in words, and four quiz questions. Each piece is tried on inputs of its own: a mistake in
# one costs nothing in the next, and you may take them in any order. `check(...)` tells you at once what it saw; nothing is graded
# until you hand the notebook in.

# %%
import html
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checkpoints import save_file
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. Split (15 minutes)
#
# A collection has copies of its images, of some many: shifted, turned, photographed twice. `groups` says which rows come from one
# image. You split by image, so that no copy of a test image is trained on.
#
# Write `split_indices(labels, groups, *, shares, seed)`. `labels` and `groups` are int64 tensors (N,); the rows of a group all have
# the same label; `shares` is a pair, the shares of the training and the validation part, such as `(0.6, 0.2)`:
#
# 1. it returns three sequences of row numbers (tensors, lists, arrays, ...): training, validation, test. Each of the N rows
#    stands in one of them, once;
# 2. rows of the same group are in the same part;
# 3. the split is stratified: of the g groups of each class, shares[0] · g are in the training part and shares[1] · g in the
#    validation part, give or take one; the test part has what is left;
# 4. the same seed gives the same split, another seed another one;
# 5. the global random states (PyTorch's, NumPy's, Python's) are afterwards as they were.


# %% solution="split_indices"
def split_indices(labels, groups, *, shares, seed):
    """Three tensors of row numbers: training, validation, test."""
    ### BEGIN SOLUTION
    generator, parts = torch.Generator().manual_seed(seed), ([], [], [])
    for k in labels.unique():
        own = groups[labels == k].unique()
        own = own[torch.randperm(len(own), generator=generator)]
        first = round(shares[0] * len(own))
        second = first + round(shares[1] * len(own))
        for part, some in zip(parts, own.tensor_split([first, second])):
            part.append(some)
    return tuple(torch.isin(groups, torch.cat(part)).nonzero().squeeze(1) for part in parts)
    ### END SOLUTION


# %% check="split_indices"
check(split_indices)

# %% [markdown]
# ## 2. Train, be killed, go on (20 minutes)
#
# Write `train_and_checkpoint(build, images, labels, folder, *, epochs)`. It may be killed at any moment, and is then called again
# with the same arguments. `build()` is what a new process starts with: it seeds the global generator and returns a new model, a
# new optimizer and a new `torch.Generator` for the order.
#
# 1. Each epoch goes once through all rows, in the order `torch.randperm(len(images), generator=generator)`, in batches of 50 with a
#    smaller last one; each batch is one step on the cross-entropy, in training mode;
# 2. after the epochs 2, 4, 6, ..., and no others, it writes `folder/epoch-002.pt`, `folder/epoch-004.pt`, ...: three digits, the
#    epochs that are done. (`folder` is a `pathlib.Path` that exists; there are fewer than 1,000 epochs);
# 3. a file gets its name when it is whole, by renaming, as `save_file` does; `torch.load(..., weights_only=True)` takes it;
# 4. if there are such files, it goes on from the one of the highest epoch that can be loaded; one that breaks off is passed over.
#    Other files are ignored, and stay. Epochs that are done are not trained again;
# 5. a run that was killed and called again ends like one that was left alone, in **every bit**. The model has dropout and batch norm;
# 6. it returns the model, with `epochs` epochs done in all.


# %% solution="train_and_checkpoint"
def train_and_checkpoint(build, images, labels, folder, *, epochs):
    """Train to the end, from the newest good checkpoint in `folder`."""
    ### BEGIN SOLUTION
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # it breaks off: the next older
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])  # last: building the model drew from it
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model
    ### END SOLUTION


# %% check="train_and_checkpoint"
check(train_and_checkpoint)

# %% [markdown]
# ## 3. Load it, and prove it (10 minutes)
#
# You run the server. It has no GPU, and it serves no model that can't show that it is the one that was saved.
#
# A file holds a dictionary: `model` (a state_dict, tagged with some device), `config`, and a record, `images` (N, ...) with the `logits`
# (N, C) that the model gave for them, in eval mode, on a CPU. Write `load_verified(path, build)`; `build(config)` returns a new
# network.
#
# 1. it returns the network, built with the file's config and filled with the file's weights, on a machine that has no GPU,
#    whatever the tag;
# 2. it comes back in eval mode, in all its parts;
# 3. nothing in the file is executed: what `weights_only=True` refuses is refused;
# 4. a missing or an additional tensor is an error;
# 5. if the logits of the network for `images` differ from the record in any bit, or in shape, it raises a `ValueError`.


# %% solution="load_verified"
def load_verified(path, build):
    """The model in the file, if it answers as it did where it was saved."""
    ### BEGIN SOLUTION
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model
    ### END SOLUTION


# %% check="load_verified"
check(load_verified)

# %% [markdown]
# ## 4. Report (15 minutes)
#
# Write `test_report(logits, targets, *, names, positive)`, with logits (N, C), targets (N,) and C names; `positive` is a class as
# `targets` has it, a number. It leaves both tensors as they are, and returns a dictionary with
#
# 1. `n` and `accuracy`, a share;
# 2. `interval`: Wilson's 95 % interval of the accuracy, two numbers, low and high;
# 3. `baseline`: the share of the commonest class among the targets;
# 4. `recall`: a dictionary, the recall of each class by its name; NaN for a class that has no example;
# 5. `confusion`: the matrix (C, C) as rows of counts (lists, array or tensor), a row for each true class, a column for each predicted;
# 6. `auc`: the area under the ROC curve of class `positive` against the rest, ranked by the softmax probability of that class; pairs with
#    equal probabilities count one half. Compute them in float64: in float32 many images get a 1, and their order is lost.


# %% solution="test_report"
def test_report(logits, targets, *, names, positive):
    """The figures of a test, each with what it needs to be read."""
    ### BEGIN SOLUTION
    from sklearn.metrics import roc_auc_score

    from course_lib.metrics import wilson_interval

    n, classes = len(targets), len(names)
    confusion = torch.zeros(classes, classes, dtype=torch.int64)
    for true, called in zip(targets, logits.argmax(1)):
        confusion[true, called] += 1
    right, support = int(confusion.trace()), confusion.sum(1)
    recall = confusion.diagonal() / support  # 0 / 0 is NaN
    probability = logits.double().softmax(1)[:, positive]
    return {
        "n": n,
        "accuracy": right / n,
        "interval": tuple(wilson_interval(right, n)),
        "baseline": support.max().item() / n,
        "recall": dict(zip(names, recall.tolist())),
        "confusion": confusion.tolist(),
        "auc": float(roc_auc_score(targets == positive, probability)),
    }
    ### END SOLUTION


# %% check="test_report"
check(test_report)

# %% [markdown]
# ## 5. The card (15 minutes)
#
# Write `model_card(facts, limits, *, svg, alt)`. `facts` maps names to values, `limits` is a list of sentences, `svg` a picture as the
# text `<svg ...>...</svg>`, `alt` what it shows, in words.
#
# 1. It returns an HTML document as text: `<html lang="en">`, with one `<title>` and one `<h1>`, each with the text of `facts["name"]`;
# 2. every fact has a row in a table, in the order of `facts`: the name in a `<th scope="row">`, the value in a `<td>`, a `float` with
#    three digits after the point, anything else as `str` gives it. The table has no other rows;
# 3. every limit is a `<li>`, in order; there are no others;
# 4. the picture stands in it as it came, within an element with `role="img"` and `aria-label` set to `alt`;
# 5. all texts but the picture are escaped, once: a browser shows them as they came;
# 6. nothing is fetched or run: no `src`, no `href`, no script;
# 7. if `facts` has no `name`, `accuracy`, `interval` or `sha256`, it raises a `ValueError` whose message names it; if `limits` is empty,
#    one that says `limits`.


# %% solution="model_card"
def model_card(facts, limits, *, svg, alt):
    """The card as one HTML document."""
    ### BEGIN SOLUTION
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><h2>Limits</h2><ul>{items}</ul></body></html>'
    )
    ### END SOLUTION


# %% check="model_card"
check(model_card)

# %% [markdown]
# ## 6. Its limits (10 minutes)
#
# A charity wants to read handwritten amounts on donation slips with the model of this lesson, and asks you for the section *Limits* of its
# card. In six to ten sentences: what it was made from and what that leaves open; two things of your report that a user would get
# wrong without help; one silent failure that their scanner may cause, and how they notice it; and what they should measure on their own
# slips before they rely on it, with how many.

# %% [markdown] written="limits"
# ### BEGIN SOLUTION
# **Rubric, 2 points.** One point for *limits that follow from this work*: the data (5,000 images of one collection, single centred
# digits, so no amounts, no points or commas, other writers), an interval and not a single figure, and at least one figure whose reading
# needs help (accuracy against the baseline and per class; the area, which says nothing about the threshold; a threshold that was chosen
# for other costs; probabilities that are true for other data). One point for *what to do*: a silent failure of the inputs (dark on light,
# another size or position, an empty field is answered, too) with a check that notices it (the mean of the pixels, a share that is refused),
# and a measurement on their own slips: a number of digits with a reason (1,000 give about ± 1.4 points at 95 %), drawn at random from the
# slips, looked at once, with the errors per digit and per amount. Half a point each if a half is thin; none for "may make mistakes" alone.
#
# **Model answer.** The model was trained, chosen and tested on 5,000 images of one collection: single digits, centred, white on black. It
# has not seen amounts, commas or empty fields, and it will name a digit for each of them. On 1,000 test images it was right in about 95 of
# 100, and the interval leaves a point and a half either way; for a single digit, with 100 images, about four. An amount of four digits is
# right only if all four are: at 95 % each that is about 81 in 100. The area of 0.99 says that eights are ranked well, not that your
# threshold is right: it was chosen for a missed eight that costs five false alarms. Your scanner delivers dark on light: the model then
# answers nearly at random and is sure of itself, so refuse an image whose mean lies far from 0.13. Before you rely on it, have 1,000 digits
# of your own slips, drawn at random, read by two people, and compare: that gives the accuracy to about ± 1.4 points. Look at them once; what
# you tune needs slips of its own.
# ### END SOLUTION
