"""Processes that are pinned to a core, measured and ended."""

import os
import signal
import subprocess
import time

GATEWAY_CORE = "1"
OTHER_CORE = "0"

nice = 0


def set_nice(value):
    """The priority of the processes that are started from now on; below zero it needs root."""
    global nice
    nice = value


def _parents():
    """Process id to the id of its parent, of every process."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass  # it ended meanwhile
    return parents


class Process:
    """A process of ours on one core. It ends with us, whatever ends us."""

    def __init__(self, argv, core, log, **options):
        self.log = log
        self.argv = argv
        with open(log, "ab") as file:
            options = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": file} | options
            self.started = time.monotonic()
            prefix = ["nice", "-n", str(nice), "setpriv", "--pdeathsig", "TERM", "taskset", "-c", core]
            self.popen = subprocess.Popen([*prefix, *argv], start_new_session=True, **options)
        if nice and os.path.exists(f"/proc/{self.popen.pid}/autogroup"):
            # Its session competes as one with other sessions, whatever the priorities within.
            with open(f"/proc/{self.popen.pid}/autogroup", "w") as file:
                file.write(str(nice))

    def workers(self):
        """The ids of the processes that do the work: this one, or where it has children, those without any."""
        parents = _parents()
        mine = {self.popen.pid}
        for _ in range(3):
            mine |= {child for child, parent in parents.items() if parent in mine}
        return sorted(mine - {parents.get(process) for process in mine})

    def cpu(self):
        """Seconds of CPU that the workers have used, all their threads, user and system, in nanosecond steps.

        The clock is the one of clock_getcpuclockid(3): utime + stime of /proc/PID/stat without its rounding.
        """
        return sum(time.clock_gettime(~worker << 3 | 2) for worker in self.workers())

    def resident(self):
        """Bytes of resident memory of the workers."""
        total = 0
        for worker in self.workers():
            with open(f"/proc/{worker}/status") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))
        return total

    def tail(self):
        """The end of what it printed."""
        with open(self.log, errors="replace") as file:
            return file.read()[-1000:]

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
