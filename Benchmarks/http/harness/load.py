"""The load generator, held at the two moments between which a gateway is measured."""

import json
import os
import subprocess

from harness.gateways import Failure
from harness.processes import OTHER_CORE, Process

SECONDS_MAX = 120


class Load:
    """One run of `load`. On entry all connections are open and answered once; on exit they are closed."""

    def __init__(self, directory, port, keys, body, connections, **wishes):
        path = os.path.join(directory, "body")
        with open(path, "wb") as file:
            file.write(body)
        argv = [os.path.join(directory, "bin/load"), "--port", port, "--body", path, "--connections", connections]
        for key in keys:
            argv += ["--key", key]
        for name, value in wishes.items():
            argv += [f"--{name}"] if value is True else [f"--{name}", value]
        self.process = Process(
            ["timeout", str(SECONDS_MAX), *map(str, argv)], OTHER_CORE, os.path.join(directory, "load.log"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _line(self):
        line = self.process.popen.stdout.readline()
        if not line:
            raise Failure(f"load: {self.process.tail()}")
        return line

    def __enter__(self):
        try:
            self._line()
            return self
        except BaseException:
            self.process.stop()
            raise

    def go(self):
        """Does the work; returns the figures of `load`. Any error is a failure of the whole measurement."""
        self._say_go()
        figures = json.loads(self._line())
        if figures["errors"]:
            raise Failure(f"load: {figures['errors']} errors: {self.process.tail()}")
        return figures

    def _say_go(self):
        self.process.popen.stdin.write("\n")
        self.process.popen.stdin.flush()

    def __exit__(self, kind, *_):
        if kind is None:
            self.process.popen.stdin.close()
            self.process.popen.wait(SECONDS_MAX)
        self.process.stop()
