"""The command `course`: what it prints, and its exit codes."""

import io
import json
import sys

import pytest
import torch

from course_lib.__main__ import main


def test_inspect_describes_a_file_for_people_and_for_programs(tmp_path, capsys):
    good, page = tmp_path / "good.pt", tmp_path / "page.pt"
    torch.save({"model": torch.nn.Linear(2, 1).state_dict()}, good)
    page.write_text("<!DOCTYPE html><html>")
    assert main(["inspect", str(good)]) == 0
    assert "checkpoint = load_file(" in capsys.readouterr().out
    assert main(["inspect", str(good), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "good"
    assert main(["inspect", str(page)]) == 1
    assert "a web page" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "gone.pt")]) == 2
    assert "Check the path" in capsys.readouterr().err


def test_inspect_executes_nothing(tmp_path, capsys):
    class Stranger:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    torch.save({"model": Stranger()}, tmp_path / "stranger.pt")
    assert main(["inspect", str(tmp_path / "stranger.pt")]) == 1
    assert "safe: NO" in capsys.readouterr().out
    assert not (tmp_path / "ran").exists()


def test_explain_takes_an_argument_or_a_pipe(monkeypatch, capsys):
    assert main(["explain", "EOFError: Ran out of input"]) == 0
    said = capsys.readouterr().out
    assert "The file is empty." in said
    monkeypatch.setattr(sys, "stdin", io.StringIO("Traceback ...\nEOFError: Ran out of input\n"))
    assert main(["explain"]) == 0
    assert capsys.readouterr().out == said
    assert main(["explain", "nothing of the kind"]) == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["explain"]) == 2
    assert "Expected the text of an error" in capsys.readouterr().err


def test_an_option_that_a_command_does_not_know_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["progress", "--json"])
    assert "takes nothing more; got --json" in capsys.readouterr().err


def test_progress_says_when_nothing_can_be_kept(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    assert main(["progress"]) == 0
    said = capsys.readouterr()
    assert "Start here" in said.out
    assert "Progress can't be kept" in said.err
    assert "COURSE_DATA_DIR=" in said.err
