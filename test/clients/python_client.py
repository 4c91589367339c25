"""A client of a Cell service in Python's standard library alone, written from docs/protocol.md.

It exists to prove that the document is complete, and as a start for clients in other languages. As a program it takes
one command per line of standard input, as JSON, and answers each with a line of JSON:

    python3 python_client.py SOCKET
    {"do": "hello"}
    {"do": "call", "method": "greet", "args": [{"name": "World"}], "deadline": 1000}
    {"do": "stream", "method": "count", "args": [5]}
    {"do": "stream", "method": "count", "args": [1000000], "stop_after": 3}
    {"do": "call", "method": "total", "args": [null], "items": [1, 2, 3]}
    {"do": "vectors", "file": "docs/vectors/frames.json"}
"""

import hmac
import json
import socket
import struct
import sys

# --- MessagePack: what the protocol uses of it -----------------------------------------------------------------------


def pack(value):
    """The MessagePack of None, bool, int, float, str, bytes, list and dict."""
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_int(value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        data = value.encode("utf-8")
        return pack_head(len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB)) + data
    if isinstance(value, bytes):
        return pack_head(len(value), None, 0, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, list):
        return pack_head(len(value), 0x90, 16, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        entries = b"".join(pack(key) + pack(item) for key, item in value.items())
        return pack_head(len(value), 0x80, 16, (None, 0xDE, 0xDF)) + entries
    raise TypeError("cannot pack %r" % (value,))


def pack_int(value):
    if 0 <= value < 0x80:
        return struct.pack("B", value)
    if -32 <= value < 0:
        return struct.pack("b", value)
    unsigned = ((0xCC, ">BB", 1 << 8), (0xCD, ">BH", 1 << 16), (0xCE, ">BI", 1 << 32), (0xCF, ">BQ", 1 << 64))
    signed = ((0xD0, ">Bb", 1 << 7), (0xD1, ">Bh", 1 << 15), (0xD2, ">Bi", 1 << 31), (0xD3, ">Bq", 1 << 63))
    for head, layout, bound in unsigned if value >= 0 else signed:
        if -bound <= value < bound:
            return struct.pack(layout, head, value)
    raise OverflowError(value)


def pack_head(count, fix, fix_below, heads):
    if count < fix_below:
        return struct.pack("B", fix | count)
    for head, layout, bound in zip(heads, (">BB", ">BH", ">BI"), (1 << 8, 1 << 16, 1 << 32)):
        if head is not None and count < bound:
            return struct.pack(layout, head, count)
    raise OverflowError(count)


NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
LENGTHS = {
    0xD9: ("str", ">B"), 0xDA: ("str", ">H"), 0xDB: ("str", ">I"),
    0xC4: ("bin", ">B"), 0xC5: ("bin", ">H"), 0xC6: ("bin", ">I"),
    0xDC: ("array", ">H"), 0xDD: ("array", ">I"), 0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
    0xC7: ("ext", ">B"), 0xC8: ("ext", ">H"), 0xC9: ("ext", ">I"),
}  # fmt: skip


class Unpacker:
    """Reads values one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("truncated MessagePack")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def value(self):
        head = self.take(1)[0]
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head < 0x90:
            return self.sized("map", head & 0x0F)
        if head < 0xA0:
            return self.sized("array", head & 0x0F)
        if head < 0xC0:
            return self.sized("str", head & 0x1F)
        if head in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[head]
        if head in NUMBERS:
            return self.number(NUMBERS[head])
        if 0xD4 <= head <= 0xD8:
            return self.sized("ext", 1 << (head - 0xD4))
        if head in LENGTHS:
            kind, layout = LENGTHS[head]
            return self.sized(kind, self.number(layout))
        raise ValueError("0x%x is not MessagePack" % head)

    def sized(self, kind, count):
        if kind == "str":
            return self.take(count).decode("utf-8")
        if kind == "bin":
            return self.take(count)
        if kind == "array":
            return [self.value() for _ in range(count)]
        if kind == "map":
            return {self.value(): self.value() for _ in range(count)}
        return self.extension(self.number(">b"), self.take(count))

    @staticmethod
    def extension(kind, data):
        """A timestamp as seconds since 1970; there is no other extension."""
        if kind != -1:
            raise ValueError("extension %d" % kind)
        if len(data) == 4:
            return struct.unpack(">I", data)[0]
        if len(data) == 8:
            packed = struct.unpack(">Q", data)[0]
            return (packed & 0x3FFFFFFFF) + (packed >> 34) / 1e9
        nanoseconds, seconds = struct.unpack(">Iq", data)
        return seconds + nanoseconds / 1e9


def unpack(data):
    unpacker = Unpacker(data)
    value = unpacker.value()
    if unpacker.at != len(data):
        raise ValueError("bytes follow the value")
    return value


# --- Frames: section 2 ------------------------------------------------------------------------------------------------

HEADER = struct.Struct("<IBBHI8s")
KINDS = ["", "request", "response", "error", "item", "end", "cancel", "credit", "ping", "pong", "goaway", "upgrade"]
REQUEST, RESPONSE, ERROR, ITEM, END, CANCEL, CREDIT, PING, PONG, GOAWAY = range(1, 11)
METADATA, LAST = 1, 2
HELLO, SCHEMA, STATS = 0xFFFF, 0xFFFE, 0xFFFC
WINDOW = 262144


class Frame:
    def __init__(self, kind, flags, method, call_id, last8, payload):
        self.kind, self.flags, self.method, self.call_id = kind, flags, method, call_id
        self.last8, self.payload = last8, payload

    def bytes(self):
        head = HEADER.pack(len(self.payload), self.kind, self.flags, self.method, self.call_id, self.last8)
        return head + self.payload

    @property
    def cost(self):
        return HEADER.size + len(self.payload)


class CallError(Exception):
    def __init__(self, fields):
        super().__init__(fields["message"])
        self.fields = fields


# --- The client: sections 4 to 8 ---------------------------------------------------------------------------------------


class Client:
    """One call at a time, on one connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = b""
        self.next_id = 0
        self.draining = False
        hello_id = self.open(HELLO, bytes(8), pack([]))
        schema_id = self.open(SCHEMA, bytes(8), pack([]))
        self.hello = self.result(hello_id)
        if self.hello["protocol"] != 1:
            raise RuntimeError("the server speaks another protocol")
        self.schema = self.result(schema_id)
        self.indexes = {name: index for index, name in enumerate(sorted(self.schema["methods"]))}

    def open(self, index, gene, payload, flags=0):
        if self.draining:
            raise RuntimeError("the server takes no further calls")
        self.next_id += 1
        self.send(Frame(REQUEST, flags, index, self.next_id, gene, payload))
        return self.next_id

    def request(self, name, args, deadline=None):
        gene = bytes.fromhex(self.schema["methods"][name]["gene"])
        metadata = b"" if deadline is None else pack({"deadline": deadline})
        return self.open(self.indexes[name], gene, metadata + pack(args), METADATA if metadata else 0)

    def call(self, name, args, deadline=None, items=None):
        call_id = self.request(name, args, deadline)
        return self.result(call_id, items)

    def stream(self, name, args, deadline=None, stop_after=None, items=None):
        """Yields the items of a streamed result; leaving early cancels the call."""
        call_id = self.request(name, args, deadline)
        sender = Sender(self, call_id, items)
        consumed = taken = 0
        while True:
            frame = self.receive(call_id, sender)
            if frame.kind == END:
                return
            if frame.kind != ITEM:
                raise RuntimeError("violation: kind %d in a stream" % frame.kind)
            yield unpack(frame.payload)
            taken += 1
            if frame.flags & LAST:
                return
            if taken == stop_after:
                self.send(Frame(CANCEL, 0, 0, call_id, bytes(8), b""))
                return
            consumed += frame.cost
            if consumed >= WINDOW // 2:
                self.send(Frame(CREDIT, 0, 0, call_id, bytes(8), pack(consumed)))
                consumed = 0

    def result(self, call_id, items=None):
        frame = self.receive(call_id, Sender(self, call_id, items))
        if frame.kind != RESPONSE:
            raise RuntimeError("violation: kind %d for a single result" % frame.kind)
        return unpack(frame.payload)

    def receive(self, call_id, sender):
        """The next frame that answers a call. Sends the call's own items meanwhile, as its credit allows."""
        while True:
            sender.send()
            frame = self.read()
            if frame.kind == PING:
                self.send(Frame(PONG, 0, 0, frame.call_id, frame.last8, b""))
            elif frame.kind == GOAWAY:
                self.draining = True
            elif frame.call_id != call_id:
                continue
            elif frame.kind == CREDIT:
                sender.credit += unpack(frame.payload)
            elif frame.kind == CANCEL:
                sender.items = None
            elif frame.kind == ERROR:
                raise CallError(unpack(frame.payload))
            else:
                return frame

    def read(self):
        length, kind, flags, method, call_id, last8 = HEADER.unpack(self.read_exactly(HEADER.size))
        if not 1 <= kind <= GOAWAY:
            raise RuntimeError("violation: kind %d" % kind)
        return Frame(kind, flags, method, call_id, last8, self.read_exactly(length))

    def read_exactly(self, count):
        while len(self.buffer) < count:
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise ConnectionError("the server closed the connection")
            self.buffer += chunk
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, frame):
        self.socket.sendall(frame.bytes())


class Sender:
    """The items of a stream parameter."""

    def __init__(self, client, call_id, items):
        self.client, self.call_id, self.credit = client, call_id, WINDOW
        self.items = None if items is None else iter(items)

    def send(self):
        while self.items is not None and self.credit > 0:
            try:
                frame = Frame(ITEM, 0, 0, self.call_id, bytes(8), pack(next(self.items)))
                self.credit -= frame.cost
            except StopIteration:
                frame = Frame(END, 0, 0, self.call_id, bytes(8), b"")
                self.items = None
            self.client.send(frame)


# --- The vectors: section 12 -------------------------------------------------------------------------------------------


def check_vectors(path):
    """Decodes every golden frame, and what it packs itself; gives how many frames there were."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file, object_hook=untagged)
    frames = document["frames"]
    upgrades = [frame["payload"] for frame in frames if frame["kind"] == "upgrade" and "payload" in frame]
    check_proofs(document["upgradeSecret"], upgrades)
    for expected in frames:
        data = bytes.fromhex(expected["hex"])
        length, kind, flags, method, call_id, last8 = HEADER.unpack(data[: HEADER.size])
        payload = data[HEADER.size :]
        unpacker = Unpacker(payload)
        found = {
            "kind": KINDS[kind],
            "flags": [name for bit, name in ((METADATA, "metadata"), (LAST, "last")) if flags & bit],
            "method": method,
            "callId": call_id,
            "last8": last8.hex(),
        }
        for part in ("metadata", "payload"):
            if part in expected:
                found[part] = unpacker.value()
        assert length == len(payload) == unpacker.at, expected["name"]
        for field, value in found.items():
            assert value == expected[field], "%s: %s is %r" % (expected["name"], field, value)
        assert Frame(kind, flags, method, call_id, last8, payload).bytes() == data, expected["name"]
        assert unpack(pack(expected.get("payload"))) == expected.get("payload"), expected["name"]
    return len(frames)


def untagged(fields):
    """JSON has no bytes."""
    return bytes.fromhex(fields["$bytes"]) if "$bytes" in fields else fields


def check_proofs(secret, messages):
    """What each side shows before it shares memory, section 12. This client never asks for that."""
    nonces = b"".join(next(m["nonce"] for m in messages if m["step"] == step) for step in ("hello", "challenge"))
    for message in messages:
        if "proof" in message:
            side = b"server" if message["step"] == "challenge" else b"client"
            proof = hmac.digest(secret, b"cell shared memory 1: " + side + nonces, "sha256")
            assert hmac.compare_digest(proof, message["proof"]), message["step"]


def perform(client, command):
    what, args = command["do"], command.get("args", [])
    if what == "hello":
        return client.hello
    if what == "methods":
        return sorted(client.schema["methods"])
    if what == "stats":
        return client.result(client.open(STATS, bytes(8), pack([])))
    if what == "vectors":
        return check_vectors(command["file"])
    items = command.get("items")
    if isinstance(items, int):
        items = range(items)
    if what == "call":
        return client.call(command["method"], args, command.get("deadline"), items)
    stream = client.stream(command["method"], args, command.get("deadline"), command.get("stop_after"), items)
    return sum(1 for _ in stream) if command.get("count") else list(stream)


def main():
    client = Client(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = {"ok": perform(client, json.loads(line))}
        except CallError as error:
            answer = {"error": error.fields}
        print(json.dumps(answer, default=lambda data: {"hex": data.hex()}), flush=True)


if __name__ == "__main__":
    main()
