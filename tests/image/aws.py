"""Takes a test CA's certificates; answers in this network for the names of AWS: what they are (DNS), and what they say (HTTPS), from a
simulator behind. Never checks what it is asked: the simulator does."""

import fcntl
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
from pathlib import Path

# Whoever asks for any name is told that it is here.
HERE = "127.0.0.1"
NAMES = "*.eu-west-1.amazonaws.com"


def lo_up() -> None:
    """A network of one's own begins with its loopback down. Source: netdevice(7), SIOCSIFFLAGS, IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
        fcntl.ioctl(it, 0x8914, struct.pack("16sh", b"lo", 0x1))


def certified(folder: Path) -> tuple[Path, Path]:
    """A CA that nobody knows, and a certificate and key of it for AWS's names, in one file."""
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes"]
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=a test's CA", "-keyout", "ca.key", "-out", "ca.crt")
    openssl(*new, "-subj", "/CN=aws", "-keyout", "aws.key", "-out", "aws.csr")
    (folder / "names").write_text(f"subjectAltName=DNS:{NAMES}\n")
    by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    openssl("x509", "-req", "-in", "aws.csr", *by, "-extfile", "names", "-out", "aws.crt")
    both = folder / "aws.pem"
    both.write_text((folder / "aws.crt").read_text() + (folder / "aws.key").read_text())
    return folder / "ca.crt", both


class _Name(socketserver.BaseRequestHandler):
    """One question, one answer: an A record for who asks for one, nothing for anything else. Source: RFC 1035, section 4.1."""

    def handle(self) -> None:
        asked, sender = self.request
        end = asked.index(b"\0", 12) + 1
        question = asked[12 : end + 4]
        (kind,) = struct.unpack("!H", asked[end : end + 2])
        record = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton(HERE)) if kind == 1 else b""
        header = struct.pack("!2sHHHHH", asked[:2], 0x8180, 1, bool(record), 0, 0)
        sender.sendto(header + question + record, self.client_address)


def names() -> socketserver.ThreadingUDPServer:
    """Answers for every name."""
    server = socketserver.ThreadingUDPServer((HERE, 53), _Name)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Front:
    """Takes HTTPS where AWS does; carries it to a port of this machine."""

    def __init__(self, certificate: Path, port: int):
        self._port = port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server((HERE, 443))
        self.carried: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(here,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            here = self._tls.wrap_socket(plain, server_side=True)
        except (ssl.SSLError, OSError):
            plain.close()
            return
        self.carried.append(here.version())
        there = socket.create_connection((HERE, self._port))
        back = threading.Thread(target=_carry, args=(there, here), daemon=True)
        back.start()
        _carry(here, there)
        back.join()
        here.close()
        there.close()

    def close(self) -> None:
        self._listener.close()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
