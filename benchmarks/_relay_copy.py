"""The limit beside the relay: the same cameras' bytes copied from socket to socket, and nothing else done to them."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import time
from multiprocessing.connection import Connection

BUFFER = 1 << 17


def process(control: Connection, cameras_at: int, count: int) -> None:
    """Say a port, take `count` viewers there, then pull as many cameras and copy until told to stop."""
    server = socket.create_server(("127.0.0.1", 0), backlog=512)
    control.send(server.getsockname()[1])
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    viewers = [server.accept()[0] for _ in range(count)]
    for i, viewer in enumerate(viewers):
        viewer.setblocking(False)
        selector.register(_playing(cameras_at, i), selectors.EVENT_READ, viewer)
    control.send("playing")
    buffer = memoryview(bytearray(BUFFER))
    while True:
        for key, _ in selector.select():
            if key.data is None:
                if control.recv() == ("stop",):
                    return
                control.send((time.process_time(), time.monotonic_ns()))
                continue
            assert isinstance(key.fileobj, socket.socket)
            got = key.fileobj.recv_into(buffer)
            with contextlib.suppress(OSError):
                key.data.send(buffer[:got])


def _playing(port: int, index: int) -> socket.socket:
    """Return a connection on which a camera plays."""
    sock = socket.create_connection(("127.0.0.1", port))
    url = f"rtsp://127.0.0.1:{port}/{index}"
    for cseq, (method, extra) in enumerate(
        (("DESCRIBE", ""), ("SETUP", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), ("PLAY", "")), 1
    ):
        sock.sendall(f"{method} {url} RTSP/1.0\r\nCSeq: {cseq}\r\n{extra}\r\n".encode())
        said = b""
        while b"\r\n\r\n" not in said:
            said += sock.recv(1 if method == "PLAY" else 4096)
        length = re.search(rb"Content-Length: (\d+)", said)
        wanted = said.index(b"\r\n\r\n") + 4 + (int(length[1]) if length else 0)
        while len(said) < wanted:
            said += sock.recv(wanted - len(said))
    sock.setblocking(False)
    return sock
