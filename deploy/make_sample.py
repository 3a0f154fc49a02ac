#!/usr/bin/env python3
"""Makes the data of the quick start: a picture of cells and a feature map, always the same.

Usage: make_sample.py FOLDER
Writes FOLDER/cells.pgm (640x480, 8 bit: bright cells, several of them touching, on a background
with uneven light, blur and noise), FOLDER/features.npy (float32, [2,16,24,24]: activations with a
few strong responses), FOLDER/normalized.npy (what normalization with the AlexNet preset must give,
computed here in float64 straight from the formula) and FOLDER/truth.json ({"cells": N}).
Needs numpy only. RandomState's streams are frozen by numpy's policy, so the data never change.
"""

import json
import pathlib
import sys

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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
