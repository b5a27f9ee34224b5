"""A loopback of our own, with the TCP that most machines have."""

import ctypes
import fcntl
import os
import socket
import struct

CONGESTION = "/proc/sys/net/ipv4/tcp_congestion_control"
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def enter(congestion):
    """Moves this process and all that it starts into a network of its own whose TCP uses `congestion`.

    Without the right to that (root) it stays where it is. Returns the congestion control that counts.
    """
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            request = struct.pack("16sH14x", b"lo", 0)
            flags = struct.unpack_from("H", fcntl.ioctl(device, SIOCGIFFLAGS, request), 16)[0]
            fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
        with open(CONGESTION, "w") as file:
            file.write(congestion)
    if not os.path.exists(CONGESTION):
        return "unknown"
    with open(CONGESTION) as file:
        return file.read().strip()
