#!/usr/bin/env python3
"""Makes the data of the quick start and of the README's commands, always the same.

Usage: make_sample.py FOLDER
Writes into FOLDER:
  cells.pgm, cells.png  640x480, 8 bit: bright cells, several of them touching, on a background with
                        uneven light, blur and noise; truth.json says how many: {"cells": N}
  page.png              dark strokes in rows on paper that is lit from one corner
  tie.png               four gray values between which several thresholds are equally good
  photo.png             colour, 8 bit
  stack.tif             the cells in focus and twice out of it, a page each
  depth.npy             float64 [120,160]: a step of 1.5 m, NaN where nothing was measured
  features.npy          float32 [2,16,24,24]: activations with a few strong responses
  normalized.npy        what normalization with the AlexNet preset must give of them, computed here
                        in float64 straight from the formula
  grad.npy              a gradient of their size
  book.txt              2.5 MB of words, the frequent ones often
  latent.npy, scales.npy, narrow.json, broad.json   values of 0 to 31, which of two distributions
                        each follows, and these
  a.bin, t.json         bytes of four values, and how often each comes
Needs numpy only. RandomState's streams are frozen by numpy's policy, so the data never change.
"""

import json
import pathlib
import struct
import sys
import zlib

import numpy as np

HEIGHT, WIDTH = 480, 640


def place_cells(rng):
    """Centres, axes and angles of ellipses: pairs and triples that touch, and single ones."""
    cells = []

    def free(y, x, reach):
        return all((y - c[0]) ** 2 + (x - c[1]) ** 2 > (reach + c[2] + 4) ** 2 for c in cells)

    tries = 0
    while len(cells) < 70 and tries < 5000:
        tries += 1
        y, x = rng.uniform(34, HEIGHT - 34), rng.uniform(34, WIDTH - 34)
        group = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
        radius = rng.uniform(12, 17)
        if not free(y, x, radius * (1 if group == 1 else 2.6)):
            continue
        turn = rng.uniform(0, 2 * np.pi)
        members = []
        for i in range(group):
            # Neighbours' centres lie 1.62 radii apart, so that outlines overlap in a waist; triples
            # stand in a bent row (in a triangle they would have no waist but a common middle).
            bend = turn + (0 if i < 2 else 2.4)
            distance = 0 if i == 0 else 1.62 * radius
            cy, cx = y + distance * np.sin(bend), x + distance * np.cos(bend)
            axes = radius * rng.uniform(0.93, 1.07), radius * rng.uniform(0.93, 1.07)
            members.append((cy, cx, *axes, rng.uniform(0, np.pi), rng.uniform(0.8, 1.0)))
        if all(30 < m[0] < HEIGHT - 30 and 30 < m[1] < WIDTH - 30 for m in members):
            cells += members
    return cells


def blur(picture, sigma):
    reach = int(3 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        picture = sum(
            k * np.take(padded, np.arange(i, i + picture.shape[axis]), axis=axis)
            for i, k in enumerate(kernel))
    return picture


def make_picture(rng):
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    cells = place_cells(rng)
    body = np.zeros((HEIGHT, WIDTH))
    for cy, cx, ry, rx, angle, brightness in cells:
        dy, dx = yy - cy, xx - cx
        u = (dx * np.cos(angle) + dy * np.sin(angle)) / rx
        v = (-dx * np.sin(angle) + dy * np.cos(angle)) / ry
        d2 = u * u + v * v
        texture = 1 - 0.25 * d2 + 0.05 * np.sin(cx + 0.9 * dx) * np.sin(cy + 0.7 * dy)
        body = np.maximum(body, np.where(d2 <= 1, brightness * texture, 0))
    # Light falls off towards the lower right; the background glows where the light is strong.
    light = 1.25 - 0.55 * (xx / WIDTH) - 0.35 * (yy / HEIGHT)
    clean = blur(light * (26 + 118 * body), 1.1)
    noisy = rng.poisson(clean) + rng.normal(0, 2.5, clean.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8), len(cells)


def normalize(x, n=5, alpha=1e-4, beta=0.75, k=2.0):
    x = x.astype(np.float64)
    total = np.zeros_like(x)
    for c in range(x.shape[1]):
        lo, hi = max(0, c - n // 2), min(x.shape[1], c + n // 2 + 1)
        total[:, c] = (x[:, lo:hi] ** 2).sum(axis=1)
    return x / (k + alpha * total) ** beta


def make_page(rng):
    """Rows of strokes, [300,400]."""
    yy, xx = np.mgrid[0:300, 0:400].astype(np.float64)
    ink = np.zeros((300, 400), bool)
    for top in range(20, 280, 26):
        x = 20
        while x < 370:
            width, kind = int(rng.randint(2, 5)), int(rng.randint(3))
            if kind == 0:
                ink[top:top + 16, x:x + width] = True
            elif kind == 1:
                ink[top + 6:top + 9, x:x + 4 * width] = True
            x += 5 * width
    paper = 235 - 120 * (xx + yy) / 700
    page = np.where(ink, paper * 0.45, paper) + rng.normal(0, 3, ink.shape)
    return np.clip(np.rint(blur(page, 0.6)), 0, 255).astype(np.uint8)


def make_photo(rng):
    """A smooth scene in colour, [120,160,3]."""
    yy, xx = np.mgrid[0:120, 0:160].astype(np.float64)
    waves = [128 + 90 * np.sin(xx / a + c) * np.cos(yy / b) for a, b, c in
             ((23, 31, 0), (41, 17, 1), (13, 53, 2))]
    noisy = np.stack(waves, 2) + rng.normal(0, 4, (120, 160, 3))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def make_book(rng):
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    odds = 1 / np.arange(2.0, 28.0)
    words = ["".join(rng.choice(letters, rng.randint(2, 9), p=odds / odds.sum()))
             for _ in range(4000)]
    odds = 1 / np.arange(3.0, 4003.0)
    chosen = rng.choice(4000, 440_000, p=odds / odds.sum())
    lines = [" ".join(words[i] for i in chosen[at:at + 12]) for at in range(0, len(chosen), 12)]
    return "\n".join(lines) + "\n"


def make_latent(rng, folder):
    """Values around 16, narrowly or broadly, and the counts that say so."""
    scales = (rng.rand(8, 32, 32) < 0.5).astype(np.uint8)
    values = np.where(scales == 0, rng.normal(16, 1.2, scales.shape),
                      rng.normal(16, 6, scales.shape))
    np.save(folder / "latent.npy", np.clip(np.rint(values), 0, 31).astype(np.uint8))
    np.save(folder / "scales.npy", scales)
    symbols = np.arange(32)
    for name, sigma in (("narrow", 1.2), ("broad", 6)):
        odds = np.exp(-0.5 * ((symbols - 16) / sigma) ** 2)
        counts = np.maximum(1, np.rint(1e6 * odds / odds.sum())).astype(int)
        table = {"symbols": symbols.tolist(), "counts": counts.tolist()}
        (folder / f"{name}.json").write_text(json.dumps(table) + "\n")


def make_bytes(rng, folder):
    (folder / "a.bin").write_bytes(
        rng.choice(4, 10_000, p=[0.7, 0.2, 0.06, 0.04]).astype(np.uint8).tobytes())
    table = {"symbols": [0, 1, 2, 3], "probabilities": ["0.7", "0.2", "0.06", "0.04"]}
    (folder / "t.json").write_text(json.dumps(table) + "\n")


def write_png(path, pixels):
    """8 bit, gray or RGB."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    height, width = pixels.shape[:2]
    colour = 0 if pixels.ndim == 2 else 2
    rows = np.zeros((height, 1 + pixels.size // height), np.uint8)  # each begins with filter 0
    rows[:, 1:] = pixels.reshape(height, -1)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" +
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)) +
        chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b""))


def write_tiff(path, pages):
    """8 bit, gray, a page and a strip each."""
    file = b"II*\0" + struct.pack("<I", 8)
    for number, pixels in enumerate(pages):
        height, width = pixels.shape
        at = len(file) + 2 + 12 * 8 + 4
        following = at + pixels.size if number + 1 < len(pages) else 0
        file += struct.pack("<H", 8)
        for tag, value in ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, at),
                           (278, height), (279, pixels.size)):
            file += struct.pack("<HHII", tag, 4, 1, value)
        file += struct.pack("<I", following) + pixels.tobytes()
    path.write_bytes(file)


def make_depth(rng):
    depth = np.where(np.mgrid[0:120, 0:160][1] < 70, 3.0, 4.5) + rng.normal(0, 0.02, (120, 160))
    depth[rng.rand(120, 160) < 0.03] = np.nan
    return depth


def make_examples(folder, picture, shape):
    """What the README's commands need beside the quick start's files."""
    rng = np.random.RandomState(21)
    write_png(folder / "cells.png", picture)
    write_png(folder / "page.png", make_page(rng))
    write_png(folder / "tie.png", np.repeat(np.array([[10, 60, 140, 190]], np.uint8), 16, 0))
    write_png(folder / "photo.png", make_photo(rng))
    np.save(folder / "grad.npy", rng.normal(0, 1, shape).astype(np.float32))
    (folder / "book.txt").write_text(make_book(rng))
    make_latent(rng, folder)
    make_bytes(rng, folder)
    focus = picture.astype(np.float64)
    write_tiff(folder / "stack.tif",
               [picture] + [np.rint(blur(focus, s)).astype(np.uint8) for s in (2.0, 4.0)])
    np.save(folder / "depth.npy", make_depth(rng))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.RandomState(20)
    picture, count = make_picture(rng)
    with open(folder / "cells.pgm", "wb") as out:
        out.write(b"P5\n%d %d\n255\n" % (WIDTH, HEIGHT) + picture.tobytes())
    features = rng.gamma(0.6, 9.0, (2, 16, 24, 24)) * (rng.rand(2, 16, 24, 24) > 0.3)
    features = features.astype(np.float32)
    np.save(folder / "features.npy", features)
    np.save(folder / "normalized.npy", normalize(features))
    (folder / "truth.json").write_text(json.dumps({"cells": count}) + "\n")
    make_examples(folder, picture, features.shape)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
