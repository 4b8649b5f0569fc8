# SPDX-License-Identifier: Apache-2.0
"""Just enough of HTTP/2 and gRPC to send what no library would."""
import socket
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    """A frame (RFC 9113, 4.1)."""
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def headers(fields):
    """A block of headers, each a literal (RFC 7541, 6.2.2)."""
    return b"".join(b"\0" + bytes([len(name)]) + name.encode()
                    + bytes([len(value)]) + value.encode()
                    for name, value in fields.items())


def message(fields):
    """Numbers and texts as a message of protobuf, with gRPC's prefix."""
    def varint(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])
    out = b""
    for number, value in fields.items():
        if isinstance(value, str):
            out += varint(number << 3 | 2) + varint(len(value)) + value.encode()
        else:
            out += varint(number << 3) + varint(value)
    return b"\0" + len(out).to_bytes(4, "big") + out


class OddServer:
    """Answers each call with the next of `replies`, functions of the call's
    stream that give bytes; then says no more."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self):
        self.listener.close()

    def serve(self):
        peer, _ = self.listener.accept()
        with peer, peer.makefile("rb") as stream:
            peer.sendall(frame(SETTINGS))
            stream.read(len(PREFACE))
            while head := stream.read(9):
                stream.read(int.from_bytes(head[:3], "big"))
                if head[3] == SETTINGS and not head[4] & ACK:
                    peer.sendall(frame(SETTINGS, ACK))
                if head[3] == HEADERS and self.replies:
                    call = int.from_bytes(head[5:], "big")
                    peer.sendall(self.replies.pop(0)(call))
