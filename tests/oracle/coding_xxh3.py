"""XXH3, 64 bits, seed 0, default secret, after the algorithm's description; standard library only."""
import struct

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
_M = (1 << 64) - 1
_P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5)


def _u32(b, at):
    return int.from_bytes(b[at:at + 4], "little")


def _u64(b, at):
    return int.from_bytes(b[at:at + 8], "little")


def _swap(x):
    return int.from_bytes(x.to_bytes(8, "little"), "big")


def _rotl(x, n):
    return ((x << n) | (x >> (64 - n))) & _M


def _fold(a, b):
    product = a * b
    return (product & _M) ^ (product >> 64)


def _avalanche64(h):
    h = ((h ^ (h >> 33)) * _P64[1]) & _M
    h = ((h ^ (h >> 29)) * _P64[2]) & _M
    return h ^ (h >> 32)


def _avalanche(h):
    h = ((h ^ (h >> 37)) * 0x165667919E3779F9) & _M
    return h ^ (h >> 32)


def _mix16(data, at, secret_at):
    return _fold(_u64(data, at) ^ _u64(_SECRET, secret_at),
                 _u64(data, at + 8) ^ _u64(_SECRET, secret_at + 8))


def _short(data):
    n = len(data)
    if n == 0:
        return _avalanche64(_u64(_SECRET, 56) ^ _u64(_SECRET, 64))
    if n <= 3:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return _avalanche64(combined ^ _u32(_SECRET, 0) ^ _u32(_SECRET, 4))
    if n <= 8:
        h = (_u32(data, n - 4) + (_u32(data, 0) << 32)) ^ _u64(_SECRET, 8) ^ _u64(_SECRET, 16)
        h ^= _rotl(h, 49) ^ _rotl(h, 24)
        h = (h * 0x9FB21C651E98DF25) & _M
        h ^= (h >> 35) + n
        h = (h * 0x9FB21C651E98DF25) & _M
        return h ^ (h >> 28)
    low = _u64(data, 0) ^ _u64(_SECRET, 24) ^ _u64(_SECRET, 32)
    high = _u64(data, n - 8) ^ _u64(_SECRET, 40) ^ _u64(_SECRET, 48)
    return _avalanche((n + _swap(low) + high + _fold(low, high)) & _M)


def _middle(data):
    n = len(data)
    acc = n * _P64[0]
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            acc += _mix16(data, 16 * i, 32 * i) + _mix16(data, n - 16 * (i + 1), 32 * i + 16)
        return _avalanche(acc & _M)
    for i in range(8):
        acc += _mix16(data, 16 * i, 16 * i)
    acc = _avalanche(acc & _M)
    for i in range(8, n // 16):
        acc += _mix16(data, 16 * i, 16 * (i - 8) + 3)
    return _avalanche((acc + _mix16(data, n - 16, 136 - 17)) & _M)


def _long(data):
    acc = [_P32[2], _P64[0], _P64[1], _P64[2], _P64[3], _P32[1], _P64[4], _P32[0]]

    def stripe(at, secret_at):
        values = struct.unpack_from("<8Q", data, at)
        keys = struct.unpack_from("<8Q", _SECRET, secret_at)
        for i in range(8):
            key = values[i] ^ keys[i]
            acc[i ^ 1] = (acc[i ^ 1] + values[i]) & _M
            acc[i] = (acc[i] + (key & 0xFFFFFFFF) * (key >> 32)) & _M

    n = len(data)
    per_block = (len(_SECRET) - 64) // 8
    blocks = (n - 1) // (64 * per_block)
    for b in range(blocks):
        for s in range(per_block):
            stripe(64 * (b * per_block + s), 8 * s)
        for i in range(8):
            a = acc[i] ^ (acc[i] >> 47) ^ _u64(_SECRET, len(_SECRET) - 64 + 8 * i)
            acc[i] = (a * _P32[0]) & _M
    begin = 64 * per_block * blocks
    for s in range((n - 1 - begin) // 64):
        stripe(begin + 64 * s, 8 * s)
    stripe(n - 64, len(_SECRET) - 64 - 7)
    result = n * _P64[0]
    for i in range(4):
        result += _fold(acc[2 * i] ^ _u64(_SECRET, 11 + 16 * i),
                        acc[2 * i + 1] ^ _u64(_SECRET, 19 + 16 * i))
    return _avalanche(result & _M)


def xxh3(data):
    data = bytes(data)
    if len(data) <= 16:
        return _short(data)
    return _middle(data) if len(data) <= 240 else _long(data)
