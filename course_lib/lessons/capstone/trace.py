"""Lesson 13: one training's life, from the split to the card, recorded from a real run of a small network."""

import tempfile
from pathlib import Path

import torch

from course_lib.checkpoints import load_file
from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.devices import saved_as
from course_lib.evaluation import Evaluation, evaluate
from course_lib.lessons.capstone.card import cost_of, digest_of, write_card
from course_lib.lessons.capstone.records import Process, digits_of_mnist, train_epoch
from course_lib.metrics import calibration_error, positive_scores, temperature, threshold_for_cost, wilson_interval
from course_lib.models import build_model
from course_lib.seeding import sealed
from course_lib.verification import model_fingerprint, take_snapshot

COSTS = {"false_positive": 1, "false_negative": 5}


def trace_capstone() -> Trace:
    """Split, train, be killed, resume, choose, ship, load, verify, test, report.

    >>> len(trace_capstone().stages)
    11
    """
    with sealed(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stages, process = _trained(folder)
        more, tested, about = _shipped(folder, process)
    return Trace("One training, from the split to the card", [*stages, *more, *_reported(tested, about)])


def _history(process: Process) -> list[dict[str, float]]:
    return [{"epoch": entry["step"], **entry["metrics"]} for entry in process.manager.history]


def _listing(process: Process) -> dict[str, str]:
    rows = [[str(row["epoch"]), f"{row['val_accuracy']:.3f}"] for row in _history(process)]
    return tables(["epoch", "validation"], ("checkpoints", rows, (), 0))


def _trained(folder: Path) -> tuple[list[Stage], Process]:
    splits = digits_of_mnist()
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    counts = [[len(part), int((part.tensors[1] == 8).sum())] for part in parts.values()]
    split = Stage(
        "split", goes_in="5,000 images and their labels.", happens="Each class is shuffled with a seed and cut.",
        comes_out="Three parts that share no image, each with the same share of eights.",
        note="From here on nothing is moved from one part to another.",
        **tables(["images", "eights"], ("", counts, tuple(parts), 0)),
    )  # fmt: skip
    first = Process(folder / "run")
    first.train(1, 2)
    two = Stage(
        "epochs 1 and 2", goes_in="A new network, 3,000 training images.", happens="Sixty steps, then a checkpoint.",
        comes_out="One file with everything that moves: weights, Adam's state, the order, the dice.", **_listing(first),
    )  # fmt: skip
    first.train(3, 4)
    four = Stage(
        "epochs 3 and 4", goes_in="The network after epoch 2.", happens="Sixty more, and a second checkpoint.",
        comes_out="Two files; the older one stays, should the newer be damaged.", **_listing(first),
    )  # fmt: skip
    lost = train_epoch(first.model, first.optimizer, first.loader, stop=17)
    killed = Stage(
        "killed in epoch 5", goes_in="The network after epoch 4.",
        happens=f"After {lost} of 30 batches the process ends. (Here its objects are thrown away, which is what a kill leaves.)",
        comes_out=f"The two files, and nothing of the {lost} batches.",
    )  # fmt: skip
    second = Process(folder / "run")
    resumed = second.manager.load("last")
    start = Stage(
        "a new process", goes_in="The same script, the same folder.",
        happens="New objects are built with the seed; then all of them are filled from the newest file, the random states last.",
        comes_out=f"A training that stands after epoch {resumed.step}.",
    )  # fmt: skip
    second.train(resumed.step + 1, 6)
    unbroken = Process(folder / "unbroken")
    unbroken.train(1, 6)
    same = model_fingerprint(second.model) == model_fingerprint(unbroken.model)
    end = Stage(
        "epochs 5 and 6, again", goes_in=f"Epoch {resumed.step}, restored.",
        happens="Two epochs, and beside it a run of six that nobody interrupted.",
        comes_out=f"Equal in every bit with the unbroken run: {same}.", **_listing(second),
    )  # fmt: skip
    return [split, two, four, killed, start, end], second


def _shipped(folder: Path, process: Process) -> tuple[list[Stage], Evaluation, dict]:
    splits, history = digits_of_mnist(), _history(process)
    best = process.manager.load("best", only=["model"])
    choose = Stage(
        "choose", goes_in="Three checkpoints and their validation accuracies.", happens="The highest wins; of equals the earlier.",
        comes_out=f"Epoch {best.step}, {best.metrics['val_accuracy']:.3f}. The test images have not been looked at.",
        **tables(["epoch", "validation", ""], ("", [
            [str(r["epoch"]), f"{r['val_accuracy']:.3f}", "chosen" if r["epoch"] == best.step else ""] for r in history
        ], (), 0)),
    )  # fmt: skip
    fixed, path = [tuple(t[:64] for t in splits.validation.tensors)], folder / "digits.pt"
    content = {"model": process.model.state_dict(), "config": process.model.config}
    content["snapshot"] = take_snapshot(process.model.eval(), fixed)
    with saved_as("cuda:0", only=process.model):
        torch.save(content, path)
    ship = Stage(
        "ship", goes_in="The chosen weights.", happens="Weights, config and the answers to 64 fixed images go into one file.",
        comes_out=f"{path.stat().st_size:,} bytes, tagged cuda:0 as a GPU would tag them.",
    )  # fmt: skip
    loaded = load_file(path, map_location="cpu")
    model = build_model(loaded["config"]).eval()
    model.load_state_dict(loaded["model"])
    with torch.no_grad():
        equal = torch.equal(model(fixed[0][0]), loaded["snapshot"]["logits"])
    verify = Stage(
        "load and verify", goes_in="The file, on a machine without a GPU.",
        happens="The network is built from the config, filled, and asked the 64 images again.",
        comes_out=f"{loaded['snapshot']['logits'].numel()} logits, equal in every bit: {equal}.",
        note="Not: about as accurate as before.",
    )  # fmt: skip
    tested = evaluate(model, [splits.test.tensors])
    validated = evaluate(model, [splits.validation.tensors])
    about = {
        "history": history,
        "best": best.step,
        "validated": validated,
        "digest": digest_of(path),
        "config": loaded["config"],
    }
    return [choose, ship, verify], tested, about


def _reported(tested: Evaluation, about: dict) -> list[Stage]:
    right, n = int(tested.confusion.trace()), tested.n
    low, high = wilson_interval(right, n)
    threshold = threshold_for_cost(about["validated"], positive=8, **COSTS)
    T = temperature(about["validated"])
    scores, hits = positive_scores(tested, positive=8), tested.targets.numpy() == 8
    costs = [cost_of(scores >= cut, hits, **COSTS) for cut in (0.0, threshold)]
    cooled = (tested.logits.double() / T).softmax(1)
    errors = [calibration_error(tested), calibration_error(cooled, tested.targets)]
    test = Stage(
        "one look at the test", goes_in="1,000 images that chose nothing; threshold and temperature from validation data.",
        happens=f"{right} of {n} are right: {right / n:.3f}, 95 % interval {low:.3f} to {high:.3f}.",
        comes_out="Figures, each with a baseline or an interval.",
        **tables(["before", "chosen"], ("cost of eights, calibration error", [[f"{c:.0f}" for c in costs], [f"{e:.3f}" for e in errors]], ("cost", "error"), 0)),
    )  # fmt: skip
    facts = {
        "title": "Digits, a trace", "purpose": "Shows how a card comes about.", "classes": digits_of_mnist().class_names,
        "data": {"images": 5000}, "training": {"network": str(about["config"]), "best epoch": about["best"]},
        "file": {"SHA-256": about["digest"]}, "limits": ["Made to be looked at."], "load": "see the lesson",
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        card = write_card(
            Path(name, "card.html"),
            facts,
            tested=tested,
            history=about["history"],
            threshold=threshold,
            temperature=T,
            positive=8,
        )
    written = Stage(
        "the card", goes_in="The facts that only you know, and the evaluation.",
        happens="Every metric is computed from the evaluation, every text is escaped.",
        comes_out=f"One HTML file of {len(card):,} characters with {card.count('<svg')} pictures, each with its words.",
    )  # fmt: skip
    return [test, written]
