"""A process that is killed at any moment loses no answer that it acknowledged."""

from __future__ import annotations

import json
import random
import signal
import threading
import time

import pytest

KILLS = 50


def read_events(process, told: list[str]) -> None:
    """Read acknowledged events until the process is gone; a line that was cut does not count."""
    told.extend(line.strip() for line in process.stdout if line.endswith("\n"))


def kill_in_session(start, after: int, wait: float) -> list[str]:
    """Kill an answering process so long after its n-th answer; return what it acknowledged."""
    process = start()
    process.stdin.write("go\n")
    process.stdin.flush()
    told = [process.stdout.readline().strip() for _ in range(after)]
    reader = threading.Thread(target=read_events, args=(process, told))
    reader.start()
    timer = threading.Timer(wait, process.send_signal, (signal.SIGKILL,))
    timer.start()
    reader.join(60)
    timer.join(60)
    assert process.wait(60) == -signal.SIGKILL
    return told


def check_whole(look, told: set[str]) -> None:
    """Nothing acknowledged is missing, the database is whole, and the journal has all of it."""
    assert told <= look.stored()
    assert told <= look.journalled()
    look.reopen()
    assert look.stored() == look.journalled()


def test_a_kill_in_mid_session_loses_nothing(loop, look) -> None:
    """What was told is in the database and in the journal before anybody opens it again."""
    told = kill_in_session(loop, after=3, wait=0.01)

    check_whole(look, set(told))
    assert len(told) >= 3


@pytest.mark.slow
def test_fifty_kills_of_a_session_lose_nothing(loop, look) -> None:
    """At random moments, one after the other on the same home."""
    rng = random.Random(7)
    told: set[str] = set()
    for _ in range(KILLS):
        told |= set(kill_in_session(loop, after=1 + rng.randrange(5), wait=rng.random() / 20))

        check_whole(look, told)


def answer_and_kill(command, card: str, wait: float) -> str | None:
    """Answer through the command line and kill it after some time; return the event it told."""
    process = command("card", "answer", card, "3", "--json")
    timer = threading.Timer(wait, process.kill)
    timer.start()
    out, _ = process.communicate(timeout=60)
    timer.cancel()
    timer.join()
    try:
        return json.loads(out)["data"]["event"]
    except ValueError:
        return None


@pytest.mark.slow
def test_fifty_kills_of_commands_lose_nothing(command, look) -> None:
    """`card answer` is killed anywhere between its start and after its end."""
    rng = random.Random(11)
    told: set[str] = set()
    for _ in range(2):  # the first makes the database
        begun = time.monotonic()
        first = command("card", "answer", "recall.topk-tie", "3", "--json")
        told.add(json.loads(first.communicate(timeout=60)[0])["data"]["event"])
        usual = time.monotonic() - begun
    killed = 0
    for _ in range(KILLS):
        wait = usual * (0.5 + rng.random() * 0.6)  # most of the first half are imports
        event = answer_and_kill(command, "recall.topk-tie", wait)
        killed += event is None
        told |= {event} - {None}

        assert told <= look.stored()
        assert told <= look.journalled()
    look.reopen()

    assert look.stored() == look.journalled()
    assert killed > 0
