"""A table of attacks and outcomes, printed with `--attack-table`."""

from __future__ import annotations

from collections import defaultdict

import pytest

FOUND: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that prints the table."""
    parser.addoption("--attack-table", action="store_true", help="print attacks by class and mode")


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep each attack's class, mode and verdict."""
    told = dict(report.user_properties)
    if report.when == "call" and "attack" in told:
        outcome = told["verdict"] if report.passed else "HOLE"
        FOUND[told["attack"]][told["mode"]].append(outcome)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table: a line for each class, a column for each mode."""
    if not config.getoption("--attack-table", default=False):
        return
    terminalreporter.section("attacks")
    for kind in sorted(FOUND):
        for mode, outcomes in sorted(FOUND[kind].items()):
            counts = ", ".join(f"{outcomes.count(o)} {o}" for o in sorted(set(outcomes)))
            terminalreporter.write_line(f"{kind[:60]:60} {mode:14} {len(outcomes):3}  {counts}")
    total = sum(len(outcomes) for modes in FOUND.values() for outcomes in modes.values())
    terminalreporter.write_line(f"{total} runs")
