"""A bucket's strict doorkeeper: strict.py PORT. Every request's signature is made anew by botocore, for s3rver, which
is at PORT, looks at none; what does not match is answered 403. Prints the port it listens on.

Uploads in parts are watched, and disturbed when asked for:
  GET  /-/open                            those that were begun and neither completed nor aborted, as JSON
  POST /-/disturb?part=N&times=N&how=W    that part fails so often: how is 500, or "cut" for a broken connection
"""
import datetime
import hmac
import http.client
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEYS = Credentials("S3RVER", "S3RVER")
REGION = "us-east-1"
SIGNED = "host;x-amz-content-sha256;x-amz-date"

uploads = set()
disturbance = {"part": None, "times": 0, "how": ""}


def sign(auth, method, url, headers, when):
    request = AWSRequest(method, url, headers=headers)
    request.context["timestamp"] = when
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def is_now(when, seconds):
    then = datetime.datetime.strptime(when, "%Y%m%dT%H%M%SZ")
    age = (datetime.datetime.utcnow() - then).total_seconds()
    return -900 < age < seconds


def is_signed_by_header(method, url, headers):
    scope = f"S3RVER/{headers['x-amz-date'][:8]}/{REGION}/s3/aws4_request"
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\w+)", headers["Authorization"])
    if not found or found[1] != scope or found[2] != SIGNED or not is_now(headers["x-amz-date"], 900):
        return False
    signed = {name: headers[name] for name in SIGNED.split(";")}
    return hmac.compare_digest(found[3], sign(S3SigV4Auth(KEYS, "s3", REGION), method, url, signed, headers["x-amz-date"]))


def is_signed_by_query(method, url, headers, query):
    when, seconds = query["X-Amz-Date"][0], int(query["X-Amz-Expires"][0])
    scope = f"S3RVER/{when[:8]}/{REGION}/s3/aws4_request"
    if query["X-Amz-Credential"] != [scope] or query["X-Amz-SignedHeaders"] != ["host"] or not is_now(when, seconds):
        return False
    bare = re.sub(r"&X-Amz-Signature=\w+$", "", url)
    wanted = sign(S3SigV4QueryAuth(KEYS, "s3", REGION, seconds), method, bare, {"host": headers["Host"]}, when)
    return bare != url and hmac.compare_digest(query["X-Amz-Signature"][0], wanted)


class Doorkeeper(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def control(self, url, query):
        if url.path == "/-/open":
            return self.answer(200, json.dumps(sorted(uploads)).encode())
        disturbance.update(part=query["part"][0], times=int(query["times"][0]), how=query["how"][0])
        return self.answer(204)

    def disturb(self, query):
        if query.get("partNumber") != [disturbance["part"]] or disturbance["times"] <= 0:
            return False
        disturbance["times"] -= 1
        if disturbance["how"] == "cut":
            self.close_connection = True
        else:
            self.answer(500, b"<Error><Code>InternalError</Code></Error>")
        return True

    def watch(self, query, status, body):
        if status < 300 and "uploads" in query:
            uploads.add(re.search(rb"<UploadId>(.*?)</UploadId>", body)[1].decode())
        if status < 300 and "uploadId" in query and self.command == "POST":
            uploads.discard(query["uploadId"][0])

    def forward(self, body):
        to = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
        to.putrequest(self.command, self.path.removeprefix("/storage/v1/s3"), skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            to.putheader(name, value)
        to.endheaders(body)
        reply = to.getresponse()
        return reply.status, reply.read(), [(n, v) for n, v in reply.getheaders() if n.lower() not in ("connection", "transfer-encoding", "keep-alive")]

    def serve(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if url.path.startswith("/-/"):
            return self.control(url, query)
        full = f"http://{self.headers['Host']}{self.path}"
        good = (is_signed_by_query(self.command, full, self.headers, query) if "X-Amz-Signature" in query
                else "Authorization" in self.headers and is_signed_by_header(self.command, full, self.headers))
        if not good:
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if self.disturb(query):
            return None
        if self.command == "DELETE" and "uploadId" in query:  # s3rver cannot
            uploads.discard(query["uploadId"][0])
            return self.answer(204)
        status, text, headers = self.forward(body)
        self.watch(query, status, text)
        return self.answer(status, text, headers)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Doorkeeper)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
