# make lab    set everything up and open the course in my_course/   (LAB_ARGS="--no-browser" passes through)
#             TORCH=cpu or TORCH=cuda chooses PyTorch's build (cpu where there is no NVIDIA driver)
# make test   set everything up and run every test
# make build  write notebooks/ and exercises/ from lessons/
# make check  are the built files fresh, and is every lesson complete?
# make site   write the web site into dist/site, to open or to publish; make test-site tries all of it in Chromium
# make bench  our code against the usual way, measured side by side; benchmarks/README.md has what can't be run everywhere
# make colab  write notebooks for Colab into dist/colab/, each with the course inside
# make test-colab   run them, and the tests of tasks, quizzes and explorers, with the versions that Colab has
# make test-versions  run the core of the tests with the oldest and the newest of every dependency
# make test-windows   run every lesson where the system seems to be Windows

.DEFAULT_GOAL := help
.PHONY: again help lab test build check site test-site colab test-colab test-versions test-windows bench constraints

# A tested Python of this machine, the oldest first; override with `make lab PYTHON=...`
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(if $(shell $(p) -c "import sys" 2>/dev/null && echo yes),$(p))))
BIN := .venv/bin
EVERYTHING := lab,grading,cluster,site,dev
SUITES := $(patsubst %,tests/classroom/test_%.py,tasks quiz_bank quiz_marking quiz_view check_quiz explorers furniture recall) \
  $(wildcard tests/lessons/test_explorer_*.py)
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:
	@grep -E '^# (make|  )' Makefile | sed 's/^# //'

# One stamp per door: learners don't install what only authors need.
define install
@$(if $(PYTHON),,echo "No Python was found. Install Python 3.11, 3.12 or 3.13 and run make again." >&2; exit 1)
@test -x $(BIN)/python || { $(PYTHON) tools/check_python.py && echo "Making .venv, an environment of the course's own." && $(PYTHON) -m venv .venv; }
@$(BIN)/python tools/install.py $(if $(TORCH),--torch=$(TORCH)) $(1)
@touch $@
endef

# TORCH asks for another build: what was installed before doesn't count.
.venv/lab-ready .venv/test-ready .venv/site-ready: $(if $(TORCH),again)
again:

.venv/lab-ready: pyproject.toml constraints.txt
	$(call install,lab)

.venv/test-ready: pyproject.toml constraints.txt
	$(call install,$(EVERYTHING))
	@touch .venv/lab-ready .venv/site-ready

.venv/site-ready: pyproject.toml constraints.txt
	$(call install,site)

lab: .venv/lab-ready
	@python -m course_lib lab $(LAB_ARGS)

# Hundreds of processes import the course: where a machine forbids it, each would compile it again.
test: .venv/test-ready
	ruff check .
	ruff format --check .
	codespell
	python tools/check_course.py
	PYTHONDONTWRITEBYTECODE= python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

build: .venv/test-ready
	python tools/build_course.py

check: .venv/test-ready
	python tools/build_course.py --check
	python tools/check_course.py

site: .venv/site-ready
	python -m tools.site $(SITE_ARGS)

# The whole site in Chromium; make test does it with one lesson.
test-site: .venv/test-ready
	COURSE_SITE=dist/site python -m pytest -n 0 tests/browser/test_site.py

colab: .venv/test-ready
	python tools/build_colab.py

# Not compiled: most of what is installed is never imported. What Colab lacks lies beside it, for the first cells.
COLAB_PIP := .venv-colab/bin/python -m pip --quiet --disable-pip-version-check
.venv-colab/ready: tests/colab/requirements.txt constraints.txt
	@$(PYTHON) -m venv --clear .venv-colab
	@echo "Installing Colab's versions into .venv-colab."
	@$(COLAB_PIP) install --no-compile --requirement tests/colab/requirements.txt
	@$(COLAB_PIP) download --no-deps --constraint constraints.txt --dest .venv-colab/wheels fsrs "setuptools>=77"
	@$(COLAB_PIP) install --no-deps --no-index --find-links .venv-colab/wheels --target .venv-colab/lacking fsrs
	@touch $@

test-colab: .venv-colab/ready colab
	COLAB_RELEASE_TAG=tests PYTHONPATH="$(CURDIR)/tests/colab/stand_in:$(CURDIR)/.venv-colab/lacking:$(CURDIR)" \
	  .venv-colab/bin/python -m pytest -n 2 --dist worksteal -W "ignore:Unclosed context:ResourceWarning" tests/colab $(SUITES)

# For one of them, or another torch: make test-versions VERSIONS="floor --torch 2.11.0"
test-versions:
	$(PYTHON) -m tools.versions $(VERSIONS)

test-windows: .venv/test-ready
	python -m tests.windows.test_on_windows $(LESSONS)

bench: .venv/test-ready
	python -m benchmarks

constraints: .venv/test-ready
	pip-compile --quiet --upgrade --all-extras --strip-extras --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --constraint constraints.in --output-file constraints.txt pyproject.toml
	sed -i.old 's/+cpu$$//' constraints.txt && rm constraints.txt.old
