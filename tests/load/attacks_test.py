"""The attacks in little against a server process: it lives, answers, and ends in order.

Usage: attacks_test.py TRINE_SERVER
"""

import sys
import tempfile
import unittest

import grpc

import attack_tools
import attacks
import h2
import processes

SERVER = sys.argv.pop(1)
# Held only as long as it takes to ask the server something meanwhile.
HOLD_S = 0.5


def info(address):
    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(attack_tools.INFO)(b"", timeout=processes.PATIENCE_S,
                                                 wait_for_ready=True)


class Attacks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = processes.Server(SERVER, folder.name, level="off")
        self.addCleanup(self.server.__exit__)
        self.assertIn(b"max_message_bytes", info(self.server.address))

    def survives(self, name):
        attack, _, little = attacks.ATTACKS[name]
        told = attack(self.server.address, little, HOLD_S)
        self.assertTrue(self.server.alive(), f"{name}: {told}")
        self.assertIn(b"max_message_bytes", info(self.server.address), told)
        # What the attack began has ended: no call is left.
        processes.wait_until(lambda: self.server.metric("trine_active_calls") == 0,
                             f"{name}: the end of its calls")
        self.assertEqual(self.server.metric("trine_inflight_bytes"), 0)
        self.assertEqual(self.server.end(), 0, self.server.log())
        return told

    def test_a_frame_by_hand_is_answered(self):
        # Else none of the attacks below would reach what it aims at.
        with h2.Connection(self.server.address) as connection:
            connection.send(h2.header_frames(1, h2.grpc_headers(attack_tools.INFO)))
            connection.send(h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(b"")))
            received = b""
            while (got := connection.read_frame()) is not None:
                kind, flags, stream, payload = got
                if kind == h2.DATA and stream == 1:
                    received += payload
                if kind == h2.HEADERS and flags & h2.END_STREAM:
                    break
            self.assertIn(b"max_message_bytes", received)

    def test_rapid_reset(self):
        self.survives("rapid-reset")

    def test_slow_loris(self):
        self.assertIn("150 connections", self.survives("slow-loris"))

    def test_it_accepts_again_after_it_ran_out_of_descriptors(self):
        with tempfile.TemporaryDirectory() as folder, processes.Server(
                SERVER, folder, level="off", descriptors=128) as server:
            tally = attack_tools.Tally()
            connections = attack_tools.open_many(server.address, 200, tally)
            processes.wait_until(lambda: processes.descriptors(server.pid) == 128,
                                 "the last descriptor")
            attack_tools.close_all(connections)
            self.assertIn(b"max_message_bytes", info(server.address))
            self.assertEqual(server.end(), 0)

    def test_slow_readers(self):
        self.survives("slow-readers")

    def test_header_floods(self):
        for name in ("hpack-flood", "hpack-varint", "continuation-flood", "bad-headers"):
            attack, _, little = attacks.ATTACKS[name]
            attack(self.server.address, little, HOLD_S)
            self.assertTrue(self.server.alive(), name)
        self.survives("control-flood")

    def test_a_compressed_bomb_is_refused(self):
        self.assertIn("5 refused", self.survives("compressed-bomb"))

    def test_a_compressed_message_is_refused_before_it_is_inflated(self):
        address = self.server.address
        before = processes.memory_mib(self.server.pid, "VmHWM")
        with h2.Connection(address) as connection:
            connection.send(h2.header_frames(
                1, h2.grpc_headers(attack_tools.ENCODE, ("grpc-encoding", "gzip"))))
            bomb = h2.message(attacks.zero_bomb(256 << 20), compressed=True)
            self.assertEqual(attack_tools.send_windowed(connection, 1, bomb), "refused")
        info(address)
        self.assertLess(processes.memory_mib(self.server.pid, "VmHWM") - before, 128)

    def test_a_message_without_an_end_is_cut_off(self):
        with tempfile.TemporaryDirectory() as folder, processes.Server(
                SERVER, folder, "--max-message-bytes", "16MiB", "--max-buffer-bytes", "48MiB",
                level="off") as server:
            told = attacks.endless_message(server.address, 256, HOLD_S)
            self.assertIn("1 cut off", told)
            self.assertIn(b"max_message_bytes", info(server.address))
            self.assertEqual(server.end(), 0)

    def test_malformed_frames(self):
        self.survives("malformed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
