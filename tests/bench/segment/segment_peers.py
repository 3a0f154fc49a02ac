#!/usr/bin/env python3
"""Works of OpenCV, scikit-image and scipy for segment_bench, each on one thread.

Reads lines and answers each with one:
  libraries               NAME VERSION of each that is installed, with commas between
  load NAME DTYPE H W FILE    keeps the picture
  has LIBRARY WORK N PICTURE MASK    yes or no; MASK is a picture's name or none
  run LIBRARY WORK N PICTURE MASK    seconds of the processor that it took once
  write LIBRARY WORK N PICTURE MASK FILE  writes what it gives: its foreground, a byte a pixel, or
                          what segment_region_peers.py says
"""
import sys
import time

import numpy as np
import segment_region_peers as regions

try:
    import cv2

    cv2.setNumThreads(1)
except ImportError:
    cv2 = None
try:
    import skimage
    from skimage import filters
except ImportError:
    skimage = None
try:
    import scipy
except ImportError:
    scipy = None

SLOW = 3  # [s]: what takes longer is run once
PICTURES = {}
OUTPUTS = {}
TOOK = {}
RANGES = {"uint8": 128, "uint16": 32768, "float32": 0.5}


def disk(radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return (x * x + y * y <= radius * radius).astype(np.uint8)


def adaptive(kind):
    def work(picture, window, out):
        return cv2.adaptiveThreshold(picture, 255, kind, cv2.THRESH_BINARY, window, 0, dst=out)

    return work


def opencv_works(dtype):
    if cv2 is None:
        return {}
    works = {
        "otsu": lambda picture, _, out: cv2.threshold(
            picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU, dst=out)[1],
        "smooth": lambda picture, sigma, out: cv2.GaussianBlur(picture, (0, 0), sigma, dst=out),
        "top_hat": lambda picture, radius, out: cv2.morphologyEx(
            picture, cv2.MORPH_TOPHAT, disk(radius), dst=out),
    }
    if dtype == "float32":
        del works["otsu"]
    if dtype == "uint8":
        works["mean"] = adaptive(cv2.ADAPTIVE_THRESH_MEAN_C)
        works["gaussian"] = adaptive(cv2.ADAPTIVE_THRESH_GAUSSIAN_C)
        works["median"] = lambda picture, radius, out: cv2.medianBlur(
            picture, 2 * radius + 1, dst=out)
    return works


def skimage_works(dtype):
    if skimage is None:
        return {}
    works = {
        "sauvola": lambda picture, window, _: picture > filters.threshold_sauvola(
            picture, window_size=window, k=0.2, r=RANGES[dtype]),
    }
    if dtype == "uint8":
        works["multi_otsu"] = lambda picture, classes, _: picture > filters.threshold_multiotsu(
            picture, classes=classes)[0]
    return works


def works_of(library, dtype):
    if library == "opencv":
        return opencv_works(dtype)
    return skimage_works(dtype) if library == "scikit-image" else {}


def work_of(library, work, number, picture, mask):
    """The work as a function of what it gave last time; nothing where the library has none."""
    if work in regions.WORKS[library]:
        given = {"picture": PICTURES[picture], "mask": PICTURES.get(mask),
                 "markers": PICTURES["markers"]}
        if work == "watershed" and library == "opencv":
            given["color"] = cv2.cvtColor(given["picture"], cv2.COLOR_GRAY2BGR)
        return lambda out: regions.WORKS[library][work](given | {"out": out})
    dtype = PICTURES[picture].dtype.name
    function = works_of(library, dtype).get(work)
    return function and (lambda out: function(PICTURES[picture], int(number), out))


def run(key):
    if TOOK.get(key, 0) > SLOW:
        return TOOK[key]
    function = work_of(*key)
    begin = time.thread_time()
    OUTPUTS[key] = function(OUTPUTS.get(key))
    TOOK[key] = time.thread_time() - begin
    return TOOK[key]


def write(key, path):
    run(key)
    library, work = key[:2]
    out = OUTPUTS[key]
    if work in regions.WORKS[library]:
        out = regions.bytes_of(work, out)
    elif work in ("median", "smooth", "top_hat"):
        out = (out > 128).astype(np.uint8)
    else:
        out = (out != 0).astype(np.uint8)
    out.tofile(path)


def libraries():
    known = [("opencv", cv2), ("scikit-image", skimage), ("scipy", scipy)]
    out = [(name, module.__version__) for name, module in known if module]
    if len(out) == len(known):
        out.append(("opencv+scipy+scikit-image", "all three"))
    return ",".join(" ".join(entry) for entry in out)


def answer(words):
    if words[0] == "libraries":
        return libraries()
    if words[0] == "load":
        name, dtype, height, width, path = words[1:]
        PICTURES[name] = np.fromfile(path, dtype).reshape(int(height), int(width))
        return "ok"
    key = tuple(words[1:6])
    if words[0] == "has":
        return "yes" if work_of(*key) else "no"
    if words[0] == "run":
        return repr(run(key))
    write(key, words[6])
    return "ok"


def main():
    for line in sys.stdin:
        print(answer(line.split()), flush=True)


if __name__ == "__main__":
    main()
