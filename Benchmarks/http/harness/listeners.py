"""Clients that listen to speech, each as fast as it comes or at a rate."""

import select
import socket
import time

from harness.gateways import Failure

ROUND_SECONDS = 0.1
RECEIVE_BYTES = 16 * 1024  # of the kernel, for each: what a slow reader has not read waits in front of it, not in it


class Listeners:
    """On entry all streams have begun; on exit they are closed."""

    def __init__(self, gateway, body, count, bytes_a_second):
        self.take = int(bytes_a_second * ROUND_SECONDS) if bytes_a_second else 1 << 20
        self.sockets = []
        for number in range(count):
            keys = gateway.keys[number % len(gateway.keys) :][:1] if gateway.keys else []
            head = ["POST /v1/audio/speech HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
            head += [f"Content-Length: {len(body)}", *(f"Authorization: Bearer {key}" for key in keys)]
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", gateway.port))
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            self.sockets.append(connection)

    def __enter__(self):
        for connection in self.sockets:
            if not connection.recv(4096).startswith(b"HTTP/1.1 200 "):
                raise Failure("a request for speech was refused")
            connection.setblocking(False)
        return self

    def listen(self, seconds, resident):
        """Reads for a while; returns how many bytes came, and the most that `resident()` said meanwhile."""
        came, most, end = 0, 0, time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for connection in select.select(self.sockets, [], [], 0)[0]:
                piece = connection.recv(self.take)
                if not piece:
                    raise Failure("a stream of speech ended")
                came += len(piece)
            most = max(most, resident())
            time.sleep(max(0, ROUND_SECONDS - (time.monotonic() - now)))
        return came, most

    def __exit__(self, *_):
        for connection in self.sockets:
            connection.close()
