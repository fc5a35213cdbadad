"""`make cluster`: the program shows a failover without losses, and leaves no process and no file behind.

Seen to fail when: the standby never becomes synchronous; the service gets the address of one host only.
"""

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.promises.checks import BACK_WITHIN_S, SLACK_S
from tests.server import ROOT
from tests.waiting import HANGS_S


@pytest.mark.tools
def test_orders_go_on_after_the_primary_was_killed_and_nothing_is_left_behind() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.failover", "--seconds", "0.5"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with program:
        assert program.stdout is not None
        shown = ""
        for line in program.stdout:
            shown += line
            if "Ctrl-C ends everything" in line:
                break
        own = psutil.Process(program.pid).children(recursive=True)
        program.send_signal(signal.SIGINT)
        assert program.wait(HANGS_S) == 0, shown

    figures = dict(re.findall(r"^  (\S.*?\S) {2,}(\S.*)$", shown, re.MULTILINE))
    folder = figures["data"].partition(",")[0]
    assert int(figures["acknowledged orders"]) > 0
    assert figures["refused for now"] != "0, sent again with the same key"
    assert (figures["acknowledged and LOST"], figures["keys with two orders"]) == ("0", "0")
    assert figures["carbon-orders audit"] == "every check holds"
    first = re.search(r"First order acknowledged (\S+) s after the promotion", shown)
    assert first is not None
    assert float(first[1]) < BACK_WITHIN_S + SLACK_S
    assert psutil.wait_procs(own, timeout=HANGS_S)[1] == []
    assert [each.pid for each in psutil.process_iter() if folder in " ".join(_words(each))] == []
    assert not Path(folder).exists()


def _words(process: psutil.Process) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return words
