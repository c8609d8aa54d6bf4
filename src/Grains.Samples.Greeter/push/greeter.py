import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Greeter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection for many deliveries

    def do_POST(self):
        delivery = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        count = int(delivery["state"]["text"] if delivery["state"] else 0) + len(delivery["messages"])
        commit = json.dumps({"state": {"text": str(count), "contentType": "text/plain"}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(commit)))
        self.end_headers()
        self.wfile.write(commit)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Greeter).serve_forever()
