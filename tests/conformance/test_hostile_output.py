#!/usr/bin/env python3
"""What a server prints is shown, and does nothing to the terminal that it is shown on."""
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.environ["COAPSPEC_BUILD"], "bin", "coapspec")
HOST = "127.0.0.153"

# Answers pings by Resets; anything else ends it, with words that try to command a terminal.
SERVER = r"""
import os, socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("HOST", int(sys.argv[1])))
while True:
    data, sender = udp.recvfrom(2048)
    if len(data) == 4 and data[0] == 0x40 and data[1] == 0:
        udp.sendto(b"\x70\x00" + data[2:], sender)
    else:
        os.write(2, b"\x1b]0;owned\x07ERROR: \x1b[2J\xc2\x9b31m\x9b\x7fboom\n")
        os._exit(1)
""".replace("HOST", HOST)


class HostileOutput(unittest.TestCase):
    def check(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            server = os.path.join(folder, "server.py")
            with open(server, "w", encoding="utf-8") as f:
                f.write(SERVER)
            r = subprocess.run([PROGRAM, *words, "--spawn", f"{sys.executable} {server} {{port}}",
                                f"coap://{HOST}", "--out", os.path.join(folder, "out")],
                               capture_output=True, timeout=200, check=False)
        said = r.stdout + r.stderr
        self.assertIn(b"boom", said)
        for bad in [b"\x1b", b"\x07", b"\xc2\x9b", b"\x9b", b"\x7f"]:
            self.assertNotIn(bad, said)
        self.assertEqual(r.returncode, 4, said)

    def test_of_fuzzing(self):
        self.check("fuzz", "--seconds", "3", "--seed", "1")

    def test_of_a_run(self):
        self.check("run", "--section", "7252/4.2", "--transport", "udp")

    def test_of_a_replay(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.scn")
            with open(file, "w", encoding="utf-8") as f:
                f.write("# x\nid crash/0/x\ntransport udp\n---\n> CON GET mid=1\nalive\n")
            self.check("replay", file, "--verbose")


if __name__ == "__main__":
    unittest.main()
