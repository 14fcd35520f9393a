#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests rcuscope open: it serves exactly the export, to this machine only, once.

    test_open.py RCUSCOPE RECORDING PAGE
"""
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile

failures = []


def expect(what, condition):
    print("ok" if condition else "NOT OK", what)
    if not condition:
        failures.append(what)


class Opened:
    """A running rcuscope open that waits for requests."""

    def __init__(self, rcuscope, *arguments):
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
        self.process = subprocess.Popen([rcuscope, "open", *arguments], stdout=subprocess.PIPE, text=True, env=environment)
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Waiting"):
                break
        port, self.path = re.search(r"http://127\.0\.0\.1:(\d+)(/[0-9a-f]{32}/[\w.-]+)", self.said).groups()
        self.port = int(port)

    def request(self, method="GET", path=None, host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path or self.path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), body

    def end(self):
        return self.process.wait(timeout=20)


def main(rcuscope, recording, page):
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "x.pftrace")
        html = os.path.join(folder, "x.html")
        with_page = os.path.getsize(page) > 0
        subprocess.run([rcuscope, "export", recording, "-o", trace], check=True)
        with open(trace, "rb") as file:
            wanted = file.read()

        opened = Opened(rcuscope, "--port", "0", recording)
        expect("without a desktop the address is printed", "https://ui.perfetto.dev/#!/?url=http://127.0.0.1:" in opened.said)
        expect("another path is not there", opened.request(path="/etc/passwd")[0] == 404)
        expect("nor is one that climbs", opened.request(path="/../" + os.path.basename(recording))[0] == 404)
        expect("another host's name is refused", opened.request(host=f"evil.example:{opened.port}")[0] == 403)
        expect("nothing is taken", opened.request(method="POST")[0] == 405)
        expect("its name alone is not enough", opened.request(path="/" + opened.path.rsplit("/", 1)[1])[0] == 404)
        status, headers, _ = opened.request(method="OPTIONS")
        expect("a page of Perfetto's is told that it may", status == 204 and
               headers["Access-Control-Allow-Origin"] == "https://ui.perfetto.dev" and
               headers["Access-Control-Allow-Private-Network"] == "true")
        expect("asking for its size does not end it", opened.request(method="HEAD")[0] == 200)
        with socket.create_connection(("127.0.0.1", opened.port)) as silent, \
                socket.create_connection(("127.0.0.1", opened.port)) as deaf:
            silent.send(b"GET / HT")
            deaf.send(f"GET {opened.path} HTTP/1.1\r\nHost: 127.0.0.1:{opened.port}\r\n\r\n".encode())
            taken = subprocess.run([rcuscope, "open", "--no-browser", "--port", str(opened.port), recording],
                                   capture_output=True, text=True, check=False)
            expect("a port that is taken is an error that says so", taken.returncode == 3 and "hint:" in taken.stderr)
            status, headers, body = opened.request()
        expect("the trace is what export writes", status == 200 and body == wanted)
        expect("only Perfetto's pages may read it", headers["Access-Control-Allow-Origin"] == "https://ui.perfetto.dev")
        expect("no copy stays behind", headers["Cache-Control"] == "no-store")
        expect("then it ends", opened.end() == 0)

        if with_page:
            subprocess.run([rcuscope, "export", recording, "-o", html], check=True)
            opened = Opened(rcuscope, "--html", recording)
            status, headers, body = opened.request()
            with open(html, "rb") as file:
                expect("the page is what export writes", status == 200 and body == file.read())
            expect("nobody else's page may read it", "Access-Control-Allow-Origin" not in headers)
            expect("then it ends, too", opened.end() == 0)
        missing = subprocess.run([rcuscope, "open", "--port", "0", "nowhere.rcu"], capture_output=True, check=False)
        expect("a recording that is not there is an error", missing.returncode == 2)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
