"""Exact counts of system calls, by the kernel's tracepoints; unlike strace they hardly slow the process down."""

import os
import signal
import subprocess
import time

from harness.gateways import Failure

TRACING = "/sys/kernel/tracing/events/syscalls"
ALL = "raw_syscalls:sys_enter"
NAMED = (
    "epoll_wait epoll_pwait epoll_pwait2 epoll_ctl poll ppoll read readv recvfrom recvmsg write writev sendto sendmsg "
    "futex timerfd_settime nanosleep clock_nanosleep sched_yield accept4 connect close shutdown setsockopt fdatasync "
    "pread64 pwrite64 madvise mmap munmap ioctl getsockopt"
).split()


def count(workers, directory, work):
    """Calls `work`; returns what it returned and the system calls of `workers` meanwhile: all, and by name."""
    events = [ALL] + [f"syscalls:sys_enter_{name}" for name in NAMED if os.path.isdir(f"{TRACING}/sys_enter_{name}")]
    output = os.path.join(directory, "perf")
    control, commands = os.pipe()
    replies, acknowledge = os.pipe()
    argv = ["perf", "stat", "-x", ",", "-o", output, "-D", "-1", "--control", f"fd:{control},{acknowledge}"]
    argv += ["-e", ",".join(events), "-p", ",".join(map(str, workers))]
    perf = subprocess.Popen(argv, pass_fds=[control, acknowledge], start_new_session=True, stderr=subprocess.PIPE)
    os.close(control)
    os.close(acknowledge)
    try:
        _tell(commands, replies, b"enable\n", perf)
        result = work()
        _tell(commands, replies, b"disable\n", perf)
        perf.send_signal(signal.SIGINT)
        perf.wait(10)
    finally:
        perf.kill()
        perf.wait()
        os.close(commands)
        os.close(replies)
    counts = _read(output)
    total = counts.pop("all")
    return result, total, counts | {"other": total - sum(counts.values())}


def _tell(commands, replies, command, perf):
    os.write(commands, command)
    if not os.read(replies, 16):
        raise Failure(f"perf stat cannot count system calls: {perf.stderr.read().decode()}")


def _read(output):
    counts = {}
    with open(output) as file:
        for line in file:
            fields = line.split(",")
            if len(fields) > 2 and fields[0].isdigit():
                name = "all" if fields[2] == ALL else fields[2].removeprefix("syscalls:sys_enter_")
                counts[name] = int(fields[0])
    return counts
