"""Sends a file as fast as the kernel can: send.py PORT METHOD PATH FILE [TOKEN]. Prints the seconds until the reply.

With a TOKEN as the form of the app, without as it is. The file must be in memory for the figure to mean anything."""
import os
import socket
import sys
import time

port, method, path, name = sys.argv[1:5]
size = os.path.getsize(name)
before = after = b""
headers = f"{method} {path} HTTP/1.1\r\nHost: x\r\n"
if len(sys.argv) > 5:
    before = b"--edge\r\nContent-Disposition: form-data; name=media; filename=film.mp4\r\n\r\n"
    after = b"\r\n--edge--\r\n"
    headers += f"Authorization: Bearer {sys.argv[5]}\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
headers += f"Content-Length: {len(before) + size + len(after)}\r\n\r\n"
with open(name, "rb") as file, socket.create_connection(("127.0.0.1", int(port))) as to:
    begun = time.monotonic()
    to.sendall(headers.encode() + before)
    to.sendfile(file)
    to.sendall(after)
    reply = to.recv(65536)
    print(time.monotonic() - begun)
if reply.split(b" ")[1][:1] != b"2":
    sys.exit(reply.decode())
