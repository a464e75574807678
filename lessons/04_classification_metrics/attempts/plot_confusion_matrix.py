# %% right: loops over rows and columns · message: "can be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% right: matshow, NumPy and viridis · message: "can be read"
import numpy as np


def plot_confusion_matrix(matrix, class_names, ax):
    """Ticks and names on top; viridis is dark where the share is small."""
    counts = matrix.numpy()
    shares = np.nan_to_num(counts / np.maximum(counts.sum(1)[:, None], 1))
    image = ax.matshow(shares, vmin=0.0, vmax=1.0)
    for (i, j), count in np.ndenumerate(counts):
        dark = shares[i, j] < 0.6
        ax.text(
            j,
            i,
            f"{count}",
            ha="center",
            va="center",
            color="w" if dark else "k",
            weight="bold",
        )
    ax.set(
        xticks=range(len(counts)), yticks=range(len(counts)), xlabel="PREDICTED", ylabel="TRUE"
    )
    ax.set_xticklabels(class_names, rotation=45)
    ax.set_yticklabels(class_names)
    ax.figure.colorbar(image, ax=ax)
    return ax


# %% right: the course's display on the unrolled matrix · message: "can be read"
import numpy as np

from course_lib.displays import ConfusionMatrixDisplay


def plot_confusion_matrix(matrix, class_names, ax):
    c = len(matrix)
    true, said = np.repeat(np.indices((c, c)).reshape(2, -1), matrix.flatten(), axis=1)
    return ConfusionMatrixDisplay(said, true, class_names=class_names).plot(ax).ax_


# %% right: pale shades, annotated in black, with thousands marked · message: "can be read"
import torch


def plot_confusion_matrix(matrix, class_names, ax):
    """Half transparent, so that black can be read everywhere."""
    shares = torch.nan_to_num(matrix / matrix.sum(dim=1)[:, None], nan=0.0)
    ax.imshow(shares.tolist(), cmap="Greens", alpha=0.5, clim=(0, 1), interpolation="nearest")
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            ax.annotate(f"{count:,d}", (j, i), ha="center", va="center", color="black")
    ax.xaxis.set_ticks(range(len(row)), labels=class_names)
    ax.yaxis.set_ticks(range(len(row)), labels=class_names)
    ax.set_xlabel("what was predicted")
    ax.set_ylabel("what is true")
    return ax


# %% right: pyplot, after making the axes the current one · message: "can be read"
import matplotlib.pyplot as plt
import numpy as np


def plot_confusion_matrix(matrix, class_names, ax):
    plt.sca(ax)
    counts = np.asarray(matrix)
    shares = counts / np.where(counts.sum(1) == 0, 1, counts.sum(1))[:, None]
    plt.imshow(shares, cmap="gray_r", vmin=0, vmax=1)
    for i, j in np.ndindex(*counts.shape):
        color = "white" if shares[i, j] >= 0.5 else "black"
        plt.text(j, i, str(counts[i, j]), color=color, ha="center", va="center_baseline")
    plt.xticks(range(len(counts)), class_names)
    plt.yticks(range(len(counts)), class_names)
    plt.xlabel("Predicted label")
    plt.ylabel("True label")
    return plt.gca()


# %% wrong: draws with pyplot on the current axes · clause 1 · message: "another axes"
import matplotlib.pyplot as plt


def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    plt.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            plt.text(j, i, count, color="white" if shares[i, j] > 0.7 else "black")
    plt.xticks(range(len(row)), class_names)
    plt.yticks(range(len(row)), class_names)
    plt.xlabel("Predicted class")
    plt.ylabel("True class")
    return ax


# %% wrong: a figure of its own · clause 1 · message: "opened a figure of its own"
import matplotlib.pyplot as plt


def plot_confusion_matrix(matrix, class_names, ax):
    figure, ax = plt.subplots()
    ax.imshow(matrix / matrix.sum(1, keepdim=True).clamp(min=1), cmap="Blues", vmin=0, vmax=1)
    ax.set(xlabel="Predicted class", ylabel="True class")
    return ax


# %% wrong: returns nothing · clause 1 · message: "the function returned NoneType, not `ax`"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")


# %% wrong: x and y of the text swapped · clause 2 · message: "The numbers are transposed"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(i, j, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: percentages in place of the counts · clause 2 · message: "belongs there"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, f"{shares[i, j]:.0%}", ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: no numbers · clause 2 · message: "No number was written"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            pass
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: the middle of a cell taken for its corner · clause 2 · message: "not in the middle"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j + 0.5, i + 0.5, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: only what is on the diagonal is written · clause 2 · message: "is without a number"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            if i != j:
                continue
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: numbers in place of the names · clause 3 · message: "stands '0'"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), range(len(matrix)))
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: names on one axis only · clause 3 · message: "On the y axis, at 0"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: names of the rows reversed · clause 3 · message: "reversed order"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names[::-1])
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: the labels of the axes swapped · clause 4 · message: "labels of the axes are swapped"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("true class")
    ax.set_ylabel("predicted class")
    return ax


# %% wrong: axes without labels · clause 4 · message: "it should say 'predicted'"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    return ax


# %% wrong: a label that doesn't say true · clause 4 · message: "it should say 'true'"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("Class")
    return ax


# %% wrong: row 0 at the bottom · clause 5 · message: "Row 0 stands at the bottom"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, origin="lower")
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: limits from 0 to C minus 1 · clause 5 · message: "out of view"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    ax.set_ylim(len(matrix) - 1.5, 0.5)
    return ax


# %% wrong: shaded by the counts · clause 6 · message: "the counts themselves"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(matrix, cmap="Greys", alpha=0.3)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: shaded by the shares of the columns · clause 6 · message: "the shares of the columns"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(0, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: no shading · clause 6 · message: "There is no image"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.set(xlim=(-0.5, len(matrix) - 0.5), ylim=(len(matrix) - 0.5, -0.5))
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: the colours' scale left to the matrix · clause 6 · message: "The colours go from"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", alpha=0.3)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: a row of zeros is NaN · clause 6 · message: "NaN, and has no colour"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.7 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: black on every shade · clause 7 · message: "can hardly be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: white on every shade · clause 7 · message: "can hardly be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: dark and pale the wrong way round · clause 7 · message: "can hardly be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "black" if shares[i, j] > 0.7 else "white"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% wrong: white from a share of one half on · clause 7 · message: "3 to 1 is the least"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            color = "white" if shares[i, j] > 0.5 else "black"
            ax.text(j, i, int(matrix[i, j]), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return ax


# %% right: black on white boxes · message: "can be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            box = dict(facecolor="white", edgecolor="none")
            ax.text(j, i, count, ha="center", va="center", color="black", bbox=box)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set(xlabel="Predicted class", ylabel="True class")
    return ax


# %% wrong: begins in the middle · clause 2 · message: "isn't centred"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.65 else "black"
            ax.text(j, i, str(count), color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set(xlabel="Predicted class", ylabel="True class")
    return ax


# %% wrong: half of the last row cut off · clause 5 · message: "whole or in part"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.65 else "black"
            ax.text(j, i, str(count), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set(xlabel="Predicted class", ylabel="True class")
    ax.set_ylim(len(matrix) - 1, -0.5)
    return ax


# %% wrong: another image over the shades · clause 6 · message: "shaded by something else"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.65 else "black"
            ax.text(j, i, str(count), ha="center", va="center", color=color)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set(xlabel="Predicted class", ylabel="True class")
    ax.imshow(matrix * 0, cmap="Greys", vmin=0, vmax=1)
    return ax


# %% wrong: letters as pale as breath · clause 7 · message: "can hardly be read"
def plot_confusion_matrix(matrix, class_names, ax):
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            color = "white" if shares[i, j] > 0.65 else "black"
            ax.text(j, i, str(count), ha="center", va="center", color=color, alpha=0.1)
    ax.set_xticks(range(len(matrix)), class_names)
    ax.set_yticks(range(len(matrix)), class_names)
    ax.set(xlabel="Predicted class", ylabel="True class")
    return ax
