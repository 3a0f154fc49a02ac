#!/usr/bin/python3
"""A decoder of coded streams written from core/coding/FORMAT.md alone, standard library only.

    trine_decode.py [--table FILE]... [--index FILE] STREAM > RAW
    trine_decode.py --check FOLDER     every NAME.trn in it must decode to what NAME.xxh3 says
    trine_decode.py --compare FILE     cases of another decoder: the stream, tables, index, each
                                       after its u32 length; u8 whether it decoded the stream to
                                       4 MiB at most, then u64 xxh3 of the raw bytes

A table FILE holds dictionaries by value, as FORMAT.md's params (varint:t table{t}); an index FILE
a byte for each symbol. --check takes them from NAME.tables and NAME.index where there are such.

One file, though a long one: whoever checks FORMAT.md against it, or ports it, reads both side by
side from top to bottom, in the same order.
"""
import argparse
import itertools
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from coding_xxh3 import xxh3  # noqa: E402

MAGIC = bytes.fromhex("8954524E0D0A1A0A")
COMPACT_MAGIC = bytes.fromhex("895443")
END_MAGIC = bytes.fromhex("54524E454E440D0A")
EXCERPT, NO_INDEX = 1, 2
CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 2, 7: 4}  # by the colour of a picture
SIGNED_ITEMS = (5, 6, 7, 8)
ITEM_BYTES = {1: 1, 2: 2, 3: 4, 4: 8, 5: 1, 6: 2, 7: 4, 8: 8, 9: 2, 10: 2, 11: 4, 12: 8, 13: 1}


class Corrupt(Exception):
    """Not a stream of this format."""


class NotOffered(Exception):
    """A version, a flag or a model that this page does not know; more bytes than were wanted."""


class Missing(Exception):
    """A table or a table index that was not given, or not the right one."""


def need(condition, what):
    if not condition:
        raise Corrupt(what)


class Reader:
    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def take(self, n):
        need(n <= len(self.data) - self.at, "cut off")
        self.at += n
        return self.data[self.at - n:self.at]

    def u(self, n):
        return int.from_bytes(self.take(n), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                need(byte != 0 or shift == 0, "varint longer than needed")
                need(value < 1 << 64, "varint beyond 64 bits")
                return value
            shift += 7
            need(shift < 70, "varint beyond 10 bytes")


def varint_bytes(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# ---- coders ----------------------------------------------------------------------------------


class Lanes:
    """N lanes of a range decoder over a reader; narrow (W = 16) or wide (W = 32)."""

    def __init__(self, reader, count, word_bits):
        self.reader = reader
        self.w = word_bits
        self.range = [(1 << 2 * word_bits) - 1] * count
        self.code = [reader.u(2 * word_bits // 8) for _ in range(count)]
        need(all(c < r for c, r in zip(self.code, self.range)), "initial code not below the range")

    def narrow(self, lane, offset, width):
        self.code[lane] -= offset
        self.range[lane] = width
        if width >> self.w == 0:
            self.code[lane] = self.code[lane] << self.w | self.reader.u(self.w // 8)
            self.range[lane] = width << self.w

    def slot(self, lane, bits):
        return min(self.code[lane] // (self.range[lane] >> bits), (1 << bits) - 1)

    def take_frequency(self, lane, bits, start, freq):
        offset = (self.range[lane] >> bits) * start
        last = start + freq == 1 << bits
        width = self.range[lane] - offset if last else (self.range[lane] >> bits) * freq
        self.narrow(lane, offset, width)

    def close(self):
        need(not any(self.code), "a lane does not end at 0")


class Nibble:
    def __init__(self):
        self.cdf = [4096 * i for i in range(17)]
        self.rate = 26214

    def decode(self, lanes, lane):
        r, code = lanes.range[lane], lanes.code[lane]
        s = 15
        while (r * self.cdf[s]) >> 16 > code:
            s -= 1
        offset = (r * self.cdf[s]) >> 16
        lanes.narrow(lane, offset, ((r * self.cdf[s + 1]) >> 16) - offset)
        return s

    def learn(self, s, slowest):
        r = self.rate = max(self.rate, slowest)
        cdf = self.cdf
        for i in range(1, 16):
            t = i if i <= s else 32752 + i
            cdf[i] += ((t - (cdf[i] >> 1)) * r + 16384) >> 15
        self.rate += ((-128 - (self.rate >> 1)) * r + 16384) >> 15


class Values:
    """Coded values of tables: nibbles and bits, in turn from T lanes."""

    def __init__(self, reader, count):
        self.lanes = Lanes(reader, count, 16)
        self.count = count
        self.next = 0

    def _lane(self):
        lane = self.next % self.count
        self.next += 1
        return lane

    def nibble(self, model):
        s = model.decode(self.lanes, self._lane())
        model.learn(s, 2048)
        return s

    def bits(self, n):
        lane = self._lane()
        v = self.lanes.slot(lane, n)
        self.lanes.take_frequency(lane, n, v, 1)
        return v

    def alphabet(self):
        models = [Nibble() for _ in range(16)]
        out, before = [], 0
        for s in range(0, 256, 4):
            before = self.nibble(models[before])
            out += [s + k for k in range(4) if before >> k & 1]
        return out

    def close(self):
        self.lanes.close()


def order_symbols(values_and_freqs):
    """[(value, start, freq)] in the order of the cumulative starts."""
    present = [(v, f) for v, f in sorted(values_and_freqs) if f > 0]
    last = max(present, key=lambda vf: (vf[1], -vf[0]))
    out, start = [], 0
    for v, f in [vf for vf in present if vf != last] + [last]:
        out.append((v, start, f))
        start += f
    return out


def find_symbol(symbols, slot):
    low, high = 0, len(symbols) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if symbols[middle][1] <= slot:
            low = middle
        else:
            high = middle - 1
    return symbols[low]


def decode_by_frequency(tables, lanes, lane_count):
    """Symbols by the table given for each of them, (symbols, bits), one at a time: a length that
    the payload does not hold costs no memory."""
    for i, (symbols, bits) in enumerate(tables):
        lane = i % lane_count
        value, start, freq = find_symbol(symbols, lanes.slot(lane, bits))
        lanes.take_frequency(lane, bits, start, freq)
        yield value


def read_frequencies(reader, bits):
    values = Values(reader, 1)
    models = [Nibble() for _ in range(16)]
    left, context, out = 1 << bits, 0, []
    for value in range(256):
        if left == 0:
            break
        n = values.nibble(models[context])
        freq = 0 if n == 0 else 1 << n - 1
        if n > 1:
            freq += values.bits(n - 1)
        need(freq <= left, "the frequencies' sum is too large")
        out.append((value, freq))
        context = n
        left -= freq
    need(left == 0, "the frequencies' sum is too small")
    need(sum(f > 0 for _, f in out) >= 2, "one symbol only")
    values.close()
    return out


def decode_static(payload, raw_length):
    reader = Reader(payload)
    head = reader.u(1)
    lane_count, bits = 1 << (head & 15), head >> 4
    need(lane_count <= 64 and 8 <= bits <= 14, "static parameters")
    symbols = order_symbols(read_frequencies(reader, bits))
    lanes = Lanes(reader, lane_count, 16)
    table = itertools.repeat((symbols, bits), raw_length)
    out = bytes(decode_by_frequency(table, lanes, lane_count))
    lanes.close()
    need(reader.at == len(payload), "words left over")
    return out


RUNS = (2, 3, 4, 6, 8, 16, 32)


class PairTables:
    """The frequency tables of STATIC, order 1: {context: (B, symbols)}."""

    def __init__(self, reader):
        self.values = values = Values(reader, 4)
        self.alphabet = values.alphabet()
        need(self.alphabet and self.alphabet[0] == 0, "alphabet without 0")
        fresh = lambda n: [Nibble() for _ in range(n)]
        totals, singles = fresh(16), fresh(17)
        self.pair, self.length = fresh(108), fresh(32)
        pairs = (len(self.alphabet) + 1) // 2
        self.above, self.average, self.long = [0] * pairs, [0] * pairs, [0] * 256
        self.tables, before = {}, 0
        for context in self.alphabet:
            before = values.nibble(totals[before])
            bits = before - 1
            need(bits <= 12, "total")
            if bits == 0:
                high = values.nibble(singles[16])
                number = high << 4 | values.nibble(singles[high])
                need(number < len(self.alphabet), "a symbol beyond the alphabet")
                self.tables[context] = (0, [(self.alphabet[number], 0, 1)])
            elif bits > 0:
                self.tables[context] = (bits, order_symbols(self.row(1 << bits, pairs)))
        values.close()

    def see(self, p, token, total):
        self.above[p] = token
        self.average[p] = (3 * self.average[p] + 16 * total + 2) >> 2

    def row(self, left, pairs):
        out, p, before, self.last = [], 0, 0, 0
        while p < pairs and left > 0:
            model = (min(before, 2) * 4 + min(3, self.average[p] + 8 >> 4)) * 9 + self.above[p]
            token = self.values.nibble(self.pair[model])
            if token >= 9:
                run = RUNS[token - 9]
                need(run <= pairs - p, "a run beyond the alphabet")
                for k in range(run):
                    self.see(p + k, 0, 0)
                p += run
                before = 0
                continue
            for i, kind in ((2 * p, token // 3), (2 * p + 1, token % 3)):
                freq = self.frequency(i, kind)
                need(freq <= left, "the frequencies' sum is too large")
                left -= freq
                if freq:
                    out.append((self.alphabet[i], freq))
            before = token // 3 + token % 3
            self.see(p, token, before)
            p += 1
        need(left == 0, "the frequencies' sum is too small")
        return out

    def frequency(self, i, kind):
        need(kind == 0 or i < len(self.alphabet), "a symbol beyond the alphabet")
        if kind < 2:
            return kind
        b = self.values.nibble(self.length[min(self.long[i], 7) * 4 + min(self.last // 2, 3)])
        need(b <= 10, "a frequency is too large")
        self.long[i] = self.last = b + 1
        return (1 << b + 1) + self.values.bits(b + 1)


def decode_static_pairs(payload, raw_length):
    reader = Reader(payload)
    lane_count = 1 << reader.u(1)
    need(lane_count <= 64, "static parameters")
    tables = PairTables(reader).tables
    lanes = Lanes(reader, lane_count, 16)
    out = bytearray(raw_length)
    before = [0] * lane_count
    stretch = raw_length // lane_count
    order = ((l, l * stretch + t) for t in range(stretch) for l in range(lane_count))
    rest = ((lane_count - 1, i) for i in range(lane_count * stretch, raw_length))
    for l, at in itertools.chain(order, rest):
        need(before[l] in tables, "a symbol without a table")
        bits, symbols = tables[before[l]]
        value, start, freq = find_symbol(symbols, lanes.slot(l, bits))
        lanes.take_frequency(l, bits, start, freq)
        out[at] = before[l] = value
    lanes.close()
    need(reader.at == len(payload), "words left over")
    return bytes(out)


def check_params(payload, reader):
    check = 0x5A
    for byte in payload[:reader.at]:
        check ^= byte
    need(reader.u(1) == check, "check of the parameters")


def decode_drifting(payload, raw_length):
    reader = Reader(payload)
    lane_count = 1 << (reader.u(1) & 15)
    piece, slow_byte = reader.u(1), reader.u(1)
    piece_log2, fast_shift = piece & 15, piece >> 4
    slow_shift, fast_share = slow_byte & 15, slow_byte >> 4
    check_params(payload, reader)
    need(lane_count <= 64 and piece_log2 >= 6 and 1 <= slow_shift <= 15 - piece_log2
         and fast_shift <= 7, "parameters of the drifting table")
    values = Values(reader, 1)
    alphabet = values.alphabet()
    values.close()
    need(len(alphabet) >= 2, "one symbol only")
    lanes = Lanes(reader, lane_count, 16)
    slow, fast = dict.fromkeys(alphabet, 26), dict.fromkeys(alphabet, 26)
    out = bytearray()
    while len(out) < raw_length:
        shared = (4096 - len(alphabet)) << 20
        for_fast = shared // 16 * fast_share
        a = (shared - for_fast) // sum(slow.values())
        b = for_fast // sum(fast.values())
        freq = {s: 1 + ((slow[s] * a + fast[s] * b) >> 20) for s in alphabet}
        top = max(alphabet, key=lambda s: (freq[s], -s))
        freq[top] += 4096 - sum(freq.values())
        symbols = order_symbols(freq.items())
        size = min(max(64, min(len(out), 1 << piece_log2)), raw_length - len(out))
        count = dict.fromkeys(alphabet, 0)
        for _ in range(size):
            lane = len(out) % lane_count
            value, start, width = find_symbol(symbols, lanes.slot(lane, 12))
            lanes.take_frequency(lane, 12, start, width)
            out.append(value)
            count[value] += 1
        for s in alphabet:
            if size == 1 << piece_log2:
                slow[s] -= slow[s] >> slow_shift
            slow[s] += 64 * count[s]
            fast[s] = (fast[s] >> fast_shift) + 64 * count[s]
    lanes.close()
    need(reader.at == len(payload), "words left over")
    return bytes(out)


def decode_adaptive(payload, order, raw_length):
    need(payload, "an empty payload")
    if order == 0 and payload[0] >> 4 == 1:
        return decode_drifting(payload, raw_length)
    reader = Reader(payload)
    lanes_log2, segment_log2, slowest = reader.u(1), reader.u(1), reader.u(2)
    slots_log2 = reader.u(1) if order == 2 else 8
    check_params(payload, reader)
    need(lanes_log2 <= 6 and segment_log2 <= 12 and 32 <= slowest <= 16384
         and 8 <= slots_log2 <= 16, "adaptive parameters")
    count = 1 << lanes_log2
    lanes = Lanes(reader, count, 16)
    contexts = {}

    def models_of(history):
        if order == 0:
            c = 0
        elif order == 1:
            c = history & 0xFF
        else:
            c = ((history & 0xFFFF) * 0x9E3779B1 & 0xFFFFFFFF) >> (32 - slots_log2)
        if c not in contexts:
            contexts[c] = (Nibble(), [Nibble() for _ in range(16)])
        return contexts[c]

    out = bytearray(raw_length)
    begin = 0
    while begin < raw_length:
        m = min(raw_length - begin, count << segment_log2)
        segment = min(1 << segment_log2, -(-m // count))
        history = [0] * count
        for t in range(segment):
            active = [l for l in range(count) if l * segment + t < m]
            models = [models_of(history[l]) for l in active]
            high = [model[0].decode(lanes, l) for l, model in zip(active, models)]
            for model, s in zip(models, high):
                model[0].learn(s, slowest)
            lows = [model[1][s] for model, s in zip(models, high)]
            low = [model.decode(lanes, l) for l, model in zip(active, lows)]
            for model, s in zip(lows, low):
                model.learn(s, slowest)
            for l, h, s in zip(active, high, low):
                byte = h << 4 | s
                out[begin + l * segment + t] = byte
                history[l] = (history[l] << 8 | byte) & 0xFFFF
        begin += m
    lanes.close()
    need(reader.at == len(payload), "words left over")
    return bytes(out)


class Dictionary:
    def __init__(self, params):
        reader = Reader(params)
        self.kind, self.bits = reader.u(1), reader.u(1)
        n = reader.varint()
        need(1 <= self.kind <= 4 and 8 <= self.bits <= 24 and 1 <= n <= 65536, "dictionary")
        values, following = [], 0
        for i in range(n):
            step = reader.varint()
            if i == 0 and self.kind == 4:
                values.append(step >> 1 ^ -(step & 1))
            else:
                values.append(following + step)
            following = values[-1] + 1
        limit = {1: 255, 2: 0x10FFFF, 3: 0xFFFFFFFF, 4: (1 << 63) - 1}[self.kind]
        need(values[-1] <= limit, "a symbol is out of range")
        if self.kind == 2:
            need(not any(0xD800 <= v < 0xE000 for v in values), "a symbol is a surrogate")
        freqs = [reader.varint() for _ in range(n)]
        need(min(freqs) >= 1 and sum(freqs) == 1 << self.bits, "the frequencies' sum is wrong")
        need(reader.at == len(params), "bytes after the dictionary")
        self.symbols = order_symbols(zip(values, freqs))


def read_tables(params, known):
    """The dictionaries of a header; `known`: those that may be named by id, {id: bytes}."""
    reader = Reader(params)
    count = reader.varint()
    need(1 <= count <= 256, "number of tables")
    tables = []
    for _ in range(count):
        how = reader.u(1)
        need(how <= 1, "how a table is given in the header")
        if how == 0:
            tables.append(Dictionary(reader.take(reader.varint())))
            continue
        table_id = reader.u(8)
        if table_id not in known:
            raise Missing("table %016x" % table_id)
        tables.append(Dictionary(known[table_id]))
    need(reader.at == len(params), "bytes after the tables")
    need(len({min(table.kind, 3) for table in tables}) == 1, "kinds of tables")
    need(count == 1 or tables[0].kind != 2, "several tables of text")
    return tables


def read_table_file(data):
    """{id: bytes} of the dictionaries by value in `data`."""
    reader = Reader(data)
    known = {}
    for _ in range(reader.varint()):
        need(reader.u(1) == 0, "a table by value")
        table = reader.take(reader.varint())
        known[xxh3(table)] = table
    return known


def decode_table(header, variant, payload, raw_offset, raw_length):
    tables = header["tables"]
    need(tables is not None, "a table block without a table")
    need((variant == 1) == (len(tables) > 1), "variant and number of tables")
    reader = Reader(payload)
    lanes_log2, n = reader.u(1), reader.varint()
    need(lanes_log2 <= 6 and 1 <= n <= raw_length, "table parameters")
    kind = tables[0].kind
    item_bytes = header["item"] if kind >= 3 else 1
    is_signed = kind >= 3 and header["kind"] in (2, 3, 5) and header["dtype"] in SIGNED_ITEMS
    need(item_bytes in (1, 2, 4) or item_bytes == 8 and is_signed, "elements of integers")
    index = bytes(n)
    if variant == 1:
        check = reader.u(4)
        need(raw_offset % item_bytes == 0 and n * item_bytes == raw_length, "cut inside a symbol")
        index = header["index"][raw_offset // item_bytes:][:n]
        if len(index) != n or max(index) >= len(tables):
            raise Missing("the table index is too short or out of range")
        if xxh3(index) & 0xFFFFFFFF != check:
            raise Missing("this is not the table index of the stream")
    word_bits = 16 if max(table.bits for table in tables) <= 14 else 32
    lanes = Lanes(reader, 1 << lanes_log2, word_bits)
    choices = [(table.symbols, table.bits) for table in tables]
    values = list(decode_by_frequency((choices[i] for i in index), lanes, 1 << lanes_log2))
    lanes.close()
    need(reader.at == len(payload), "words left over")
    if kind == 1:
        out = bytes(values)
    elif kind == 2:
        out = "".join(map(chr, values)).encode()
    else:
        least = -(1 << 8 * item_bytes - 1) if is_signed else 0
        need(least <= min(values) and max(values) < least + (1 << 8 * item_bytes),
             "a symbol does not fit its element")
        out = b"".join(v.to_bytes(item_bytes, "little", signed=is_signed) for v in values)
    need(len(out) == raw_length, "the symbols do not fill the block")
    return out


# ---- container -------------------------------------------------------------------------------


def read_form(fields, dtype, shape):
    """What kind 5 has more; returns how many of the last dimensions are packed to bits, or 0."""
    colour, depth, entry, n = fields.u(1), fields.u(1), fields.u(1), fields.varint()
    need(colour in CHANNELS and n <= 256, "colour or table of a picture")
    fields.take(n * entry)
    bits = {1: range(1, 9), 2: range(9, 17), 13: ()}.get(dtype, (8 * ITEM_BYTES[dtype],))
    need(depth in bits, "depth of a picture")
    row = 1 if CHANNELS[colour] == 1 else 2
    need(len(shape) in (row + 1, row + 2), "rank of a picture")
    need(row == 1 or shape[-1] == CHANNELS[colour], "channels of a picture")
    if colour == 5:
        need(dtype == 1 and entry in (3, 4, 6) and 1 <= n <= 1 << depth, "palette")
    elif entry or n:
        need(n == 1 and dtype <= 2 and (colour, entry) in ((1, 2), (3, 6)), "transparent value")
    return row if depth == 1 else 0


def read_content(fields, header):
    """Adds the content to the header; returns the bytes that its shape takes, None for bytes."""
    kind = fields.u(1)
    need(1 <= kind <= 5, "content kind")
    header.update(kind=kind, dtype=1, shape=None, item=1)
    if kind == 1:
        return None
    header["dtype"] = fields.u(1)
    rank = fields.u(1)
    need(header["dtype"] in ITEM_BYTES and rank <= 8, "dtype or rank")
    shape = header["shape"] = [fields.varint() for _ in range(rank)]
    need(all(dim < 1 << 62 for dim in shape), "a dimension")
    need(not (kind == 3 and rank not in (2, 3)) and not (kind == 4 and rank != 2), "rank")
    packed = read_form(fields, header["dtype"], shape) if kind == 5 else int(kind == 4)
    if packed:
        size = math.prod(shape[:-packed]) * ((math.prod(shape[-packed:]) + 7) // 8)
    else:
        size = header["item"] = ITEM_BYTES[header["dtype"]]
        for dim in shape:
            size *= dim
    need(size < 1 << 62, "the shape's bytes")
    return size


def check_header_params(header, minor):
    """Of the models that are known: what others take is theirs, until a block of them comes."""
    model, params = header["model"], header["params"]
    need(model != 2 or not params or minor > 0, "parameters of STATIC")
    if model == 3:
        need(params, "parameters of ADAPTIVE")
        need(params[0] > 2 or len(params) == 1, "parameters of ADAPTIVE")


def read_header(reader, known):
    begin = reader.at
    need(reader.take(8) == MAGIC, "magic")
    major, minor, flags = reader.u(1), reader.u(1), reader.u(1)
    if major != 1:
        raise NotOffered("major version %d" % major)
    n = reader.varint()
    need(n <= 1 << 20, "header length")
    fields = Reader(reader.take(n))
    need(xxh3(reader.data[begin:reader.at]) == reader.u(8), "header checksum")
    if flags & 0x0C:
        raise NotOffered("flags %d" % flags)
    header = {"flags": flags, "model": fields.u(1)}
    header["params"] = fields.take(fields.varint())
    size = read_content(fields, header)
    length = fields.varint()
    need(length <= 1 << 62, "raw length")
    header["raw"] = length - 1 if length else None
    header["block_size"] = fields.varint()
    need(1 <= header["block_size"] <= 1 << 30, "block size")
    need(fields.at == n or minor > 0, "bytes after the header's fields")
    need(size is None or header["raw"] == size, "raw length and shape")
    check_header_params(header, minor)
    header["tables"] = read_tables(header["params"], known) if header["model"] == 4 else None
    return header


def check_head(raw_offset, head):
    return xxh3(raw_offset.to_bytes(8, "little") + head) & 0xFFFFFFFF


def decode_payload(header, mode, model, variant, raw_offset, raw_length, payload):
    if mode == 1:
        return payload
    if mode == 2:
        return (payload * (raw_length // len(payload) + 1))[:raw_length]
    if model == 2 and variant == 0:
        return decode_static(payload, raw_length)
    if model == 2 and variant == 1:
        return decode_static_pairs(payload, raw_length)
    if model == 3 and variant <= 2:
        return decode_adaptive(payload, variant, raw_length)
    if model == 4 and variant <= 1:
        return decode_table(header, variant, payload, raw_offset, raw_length)
    raise NotOffered("model %d, variant %d" % (model, variant))


def check_lengths(mode, model, variant, raw, coded, side, most):
    need(1 <= raw <= most, "raw length of a block")
    need(mode == 3 or (model, variant) == (0, 0), "model of a block without one")
    need({1: coded == raw, 2: 1 <= coded <= min(raw, 16), 3: coded < raw}[mode],
         "coded length of a block")
    need({1: side == 0, 2: side == coded, 3: side <= coded}[mode], "side length of a block")


def within(raw, most):
    if raw > most:
        raise NotOffered("more than %d bytes" % most)


def decode_compact(reader, known, index, most):
    begin = reader.at
    reader.take(3)
    if reader.u(1) != 1:
        raise NotOffered("major version")
    header = {"index": index}
    size = read_content(reader, header)
    raw, mode, model, variant = reader.varint(), reader.u(1), reader.u(1), reader.u(1)
    length = reader.varint()
    need(length <= 1 << 20, "header length")
    params = reader.take(length)
    coded, side, checksum = reader.varint(), reader.varint(), reader.u(8)
    need(xxh3(reader.data[begin:reader.at]) & 0xFFFFFFFF == reader.u(4), "check of a compact head")
    need(size is None or size == raw, "raw length and shape")
    if raw == 0:
        need((mode, model, variant, length, coded, side) == (1, 0, 0, 0, 0, 0)
             and checksum == xxh3(b""), "an empty stream")
        return [], index
    need(1 <= mode <= 3, "mode")
    check_lengths(mode, model, variant, raw, coded, side, 65536)
    within(raw, most)
    # Of a model or an order that is not known, params are its own; decode_payload refuses it.
    takes_none = mode != 3 or model == 2 or (model == 3 and variant <= 2)
    need(not params or not takes_none, "parameters")
    header["tables"] = read_tables(params, known) if model == 4 else None
    decoded = decode_payload(header, mode, model, variant, 0, raw, reader.take(coded))
    need(len(decoded) == raw and xxh3(decoded) == checksum, "checksum of a block")
    return [(0, decoded)], rest_of_index(header, raw, index)


def payload_of(raw, size, side):
    """Of a block's size in the index its payload, in whose length the head's depends."""
    for length in range(1, 11):
        coded = size - 3 - len(varint_bytes(raw) + varint_bytes(side)) - length - 8 - 4
        if coded >= 0 and len(varint_bytes(coded)) == length:
            return coded
    raise Corrupt("an entry of the index")


def read_end(reader, header, begin, total, entries, offsets):
    raw, count = reader.varint(), reader.varint()
    mark = b"\0" + varint_bytes(raw) + varint_bytes(count)
    need(check_head(raw, mark) == reader.u(4), "check of the end mark")
    need(header["raw"] in (None, raw), "raw length of header and end mark")
    excerpt = header["flags"] & EXCERPT
    need(excerpt or (raw == total and count == len(entries)), "end mark and blocks")
    if header["flags"] & NO_INDEX:
        need(not excerpt, "an excerpt without index")
        return raw
    index = []
    for _ in range(count):
        index.append((reader.u(1), reader.u(1), reader.u(1), reader.varint(), reader.varint(),
                      reader.varint()))
    tail = reader.data[begin:reader.at]
    need(reader.u(8) == len(tail), "tail length")
    need(reader.u(8) == xxh3(tail), "checksum of the index")
    need(reader.take(8) == END_MAGIC, "end magic")
    for mode, model, variant, length, size, side in index:
        need(1 <= mode <= 3, "mode of an entry of the index")
        check_lengths(mode, model, variant, length, payload_of(length, size, side), side,
                      header["block_size"])
    need(sum(entry[3] for entry in index) == raw and sum(entry[4] for entry in index) < 1 << 62,
         "sums of the index")
    if not excerpt:
        need(index == entries, "index and blocks")
        return raw
    starts, start = {}, 0
    for entry in index:
        starts[start] = entry
        start += entry[3]
    need(all(starts.get(at) == entry for at, entry in zip(offsets, entries)),
         "a block that the index does not know")
    return raw


def rest_of_index(header, raw, index):
    """What of the table index comes after that of a stream of `raw` bytes."""
    if len(header["tables"] or []) < 2:
        return index
    used = raw // (header["item"] if header["tables"][0].kind == 3 else 1)
    if len(index) < used:
        raise Missing("the table index is too short")
    return index[used:]


def decode_stream(reader, known, index, excerpts, most):
    """Returns [(raw offset, bytes)] of the blocks that are there, and the rest of the table index."""
    if reader.data[reader.at:reader.at + 3] == COMPACT_MAGIC:
        return decode_compact(reader, known, index, most)
    first = reader.at == 0
    header = read_header(reader, known)
    header["index"] = index
    excerpt = header["flags"] & EXCERPT
    parts, entries, raw_offset = [], [], 0
    while True:
        begin = reader.at
        mode = reader.u(1)
        need(mode <= 3, "mode")
        if mode == 0:
            raw = read_end(reader, header, begin, raw_offset, entries, [at for at, _ in parts])
            alone = first and reader.at == len(reader.data)
            need(alone or not excerpt, "an excerpt among other streams")
            if not excerpts and sum(len(part) for _, part in parts) != raw:
                raise Missing("an excerpt that does not hold all")
            return parts, rest_of_index(header, raw, index)
        if excerpt:
            at = reader.varint()
            need(at >= raw_offset, "order of an excerpt")
            need(at < 1 << 62 and len(parts) < 1 << 20, "a block's raw offset, or too many blocks")
            raw_offset = at
        rest = reader.at
        model, variant = reader.u(1), reader.u(1)
        raw, coded, side = reader.varint(), reader.varint(), reader.varint()
        checksum = reader.u(8)
        head = bytes([mode]) + reader.data[rest:reader.at]
        need(check_head(raw_offset, head) == reader.u(4), "check of a block's head")
        check_lengths(mode, model, variant, raw, coded, side, header["block_size"])
        within(raw, most)
        most -= raw
        payload = reader.take(coded)
        decoded = decode_payload(header, mode, model, variant, raw_offset, raw, payload)
        need(len(decoded) == raw and xxh3(decoded) == checksum, "checksum of a block")
        parts.append((raw_offset, decoded))
        entries.append((mode, model, variant, raw, len(head) + 4 + coded, side))
        raw_offset += raw


def decode(data, known=None, index=b"", excerpts=True, most=1 << 62):
    """The raw bytes of all that `data` holds; of an excerpt, those of its blocks, unless `excerpts`
    are refused that lack some. `known`: tables that it may name, {id: bytes}; `index`: the number
    of each symbol's table. More than `most` bytes are refused. Raises Corrupt, NotOffered or
    Missing, nothing else."""
    reader = Reader(bytes(data))
    need(len(reader.data) > 0, "no bytes")
    out = []
    while reader.at < len(reader.data):
        parts, index = decode_stream(reader, known or {}, index, excerpts, most)
        out += [part for _, part in parts]
        most -= sum(len(part) for _, part in parts)
    if index:
        raise Missing("the table index is too long")
    return b"".join(out)


def refuses(error, what, data, known, index):
    try:
        decode(data, known, index)
    except error:
        return
    raise Corrupt("%s: went unnoticed" % what)


def check_folder(folder):
    streams = sorted(pathlib.Path(folder).glob("*.trn"))
    need(streams, "no streams in the folder")
    for path in streams:
        tables, side = path.with_suffix(".tables"), path.with_suffix(".index")
        known = read_table_file(tables.read_bytes()) if tables.exists() else {}
        index = side.read_bytes() if side.exists() else b""
        raw = decode(path.read_bytes(), known, index)
        length, checksum = path.with_suffix(".xxh3").read_text().split()
        need(len(raw) == int(length) and "%016x" % xxh3(raw) == checksum, path.name)
        # A damaged stream must be refused.
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        refuses((Corrupt, NotOffered), path.name + ", damaged", damaged, known, index)
        # What it needs beside itself must be there, and be right.
        if known:
            refuses(Missing, path.name + " without its tables", path.read_bytes(), {}, index)
        if index:
            wrong = bytes([index[0] ^ 1]) + index[1:]
            for other in (b"", index[:-1], index + index[:1], wrong):
                refuses(Missing, path.name + ", other index", path.read_bytes(), known, other)
    print("%d streams" % len(streams))


def compare(path):
    cases = Reader(path.read_bytes())
    decoded = refused = 0
    while cases.at < len(cases.data):
        begin = cases.at
        stream, tables, index = (cases.take(cases.u(4)) for _ in range(3))
        theirs = cases.u(8) if cases.u(1) else None
        known = read_table_file(tables) if tables else {}
        ours, why = None, ""
        try:
            ours = xxh3(decode(stream, known, index, excerpts=False, most=1 << 22))
        except (Corrupt, NotOffered, Missing) as error:
            why = str(error)
        need(ours == theirs, "the case at %d: %s here %s, %s there" % (begin, ours, why, theirs))
        decoded += ours is not None
        refused += ours is None
    need(decoded and refused, "cases of one kind only")
    print("%d decoded, %d refused, by both" % (decoded, refused))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FOLDER")
    parser.add_argument("--compare", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--table", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--index", type=pathlib.Path)
    parser.add_argument("stream", nargs="?", type=pathlib.Path)
    args = parser.parse_args()
    if sum(given is not None for given in (args.check, args.compare, args.stream)) != 1:
        parser.error("either --check FOLDER, --compare FILE or STREAM")
    if args.compare is not None:
        compare(args.compare)
        return
    if args.check is not None:
        check_folder(args.check)
        return
    known = {}
    for path in args.table:
        known.update(read_table_file(path.read_bytes()))
    index = args.index.read_bytes() if args.index is not None else b""
    sys.stdout.buffer.write(decode(args.stream.read_bytes(), known, index))


if __name__ == "__main__":
    main()
