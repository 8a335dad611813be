# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0

# `make` builds on the sourced ROS 2 distribution, or on one made from PyPI in the user's cache.
# `make PYTHON=/path/to/python3` chooses the interpreter.

PYTHON = python3
IN_ENV = . .ros/env.sh &&
# Where it is set, each worker of each run compiles all tests anew: 7 s.
unexport PYTHONDONTWRITEBYTECODE
# A file a worker, because fixtures of modules hold graphs. Each graph has a ROS domain of its own.
# What waited for another process in vain is tried once more, and counted as a rerun.
RERUN = --reruns 1 --only-rerun 'in vain'
# A worker that crashes ends the run: pytest-xdist may wait for good for what its successor has.
PYTEST = pytest -n auto --dist loadfile --max-worker-restart=0 $(RERUN)
SELECT = -m 'not slow'

.PHONY: env test_env demo check test test_all tests_here pytest_only test_distributions \
	test_training test_servers test_ray lint lint_only docs bench clean

env:
	@$(PYTHON) dev/build_overlay.py --apt

# With what only the tests need, a third of a gigabyte that the demo does without.
test_env:
	@$(PYTHON) dev/build_overlay.py --apt --tests

demo: env
	@$(IN_ENV) .ros/install/lib/ros_deep_learning/demo

# While working: lint, all tests without a ROS graph, and one graph a node.
check: test_env
	@$(PYTHON) dev/beside.py '$(MAKE) lint_only' \
		$(MAKE) pytest_only SELECT="-q -m 'not slow and (not ros or smoke)'"

# What CI runs: all but the slow tests, then what depends on rclpy on the other distributions
# (docs/distributions.md), which are made beside the first. All run, also where one fails, and the
# log ends with what failed.
test: export FAILURES = $(CURDIR)/.ros/failures
test:
	@rm -f $$FAILURES; \
	$(PYTHON) dev/beside.py '$(PYTHON) dev/test_distributions.py --only-build' \
		$(MAKE) --keep-going lint pytest_only; here=$$?; \
	$(PYTHON) dev/test_distributions.py --built; there=$$?; \
	test ! -e $$FAILURES || cat $$FAILURES; \
	echo "make test: status $$here here, $$there on the other distributions"; \
	exit $$((here | there))

# Everything: hours on a small machine.
test_all:
	@$(PYTHON) dev/install_chromium.py
	@$(PYTHON) dev/beside.py '$(PYTHON) dev/test_distributions.py --all' \
		$(MAKE) tests_here test_training test_servers test_ray \
		SELECT="--hypothesis-profile=thorough -m 'not training and not servers and not ray'"

tests_here: lint pytest_only

pytest_only:
	@$(IN_ENV) exec $(PYTEST) $(SELECT)

test_distributions:
	@$(PYTHON) dev/test_distributions.py

# Trainings with a PyTorch for the CPU, which no other test needs (CONTRIBUTING.md).
test_training: test_env .ros/training/installed
	@$(IN_ENV) PYTHONPATH=.ros/training:$$PYTHONPATH exec pytest -m training test/training

.ros/training/installed: dev/training/training.txt
	rm -rf .ros/training
	$(IN_ENV) python3 -m pip install --quiet --no-deps --only-binary=:all: \
		--target .ros/training -r $<
	touch $@

# A real Triton, which no other test needs: 0.3 GB in .ros/servers (docs/servers.md).
test_servers: test_env .ros/servers/installed
	@$(IN_ENV) exec pytest -m servers test/engines/remote

.ros/servers/installed: dev/servers/triton.txt
	rm -rf .ros/servers
	$(IN_ENV) python3 -m venv --without-pip .ros/servers/triton
	$(IN_ENV) python3 -m pip --python .ros/servers/triton/bin/python3 install --quiet --no-deps \
		--only-binary=:all: -r $<
	touch $@

# Ray, which no other test needs: 0.6 GB in .ros/ray (docs/fleet.md).
test_ray: test_env .ros/ray/installed
	@$(IN_ENV) PYTHONPATH=$(CURDIR)/.ros/ray:$$PYTHONPATH exec pytest -m ray test/fleet

.ros/ray/installed: dev/ray/ray.txt
	rm -rf .ros/ray
	$(IN_ENV) python3 -m pip install --quiet --no-deps --only-binary=:all: --target .ros/ray -r $<
	touch $@

lint: test_env lint_only

lint_only:
	$(IN_ENV) ruff check . && ruff format --check . && python3 dev/type_check.py

# The site in site/, with an API reference made from the docstrings; no ROS is needed.
docs: .ros/docs/installed
	NO_MKDOCS_2_WARNING=1 .ros/docs/bin/mkdocs build

.ros/docs/installed: dev/docs/docs.txt
	$(PYTHON) -m venv --clear .ros/docs
	.ros/docs/bin/pip install --quiet --no-deps --only-binary=:all: -r $<
	touch $@

# Every benchmark that this machine can run, or those of BENCH='--only cpu'; results in .ros/bench.
bench: test_env
	@$(IN_ENV) exec python3 benchmarks/bench.py $(BENCH)

# The underlays stay: they lie in $XDG_CACHE_HOME/ros_deep_learning/underlay.
clean:
	rm -rf .ros build dist demo_output site *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
