#!/usr/bin/env python3
"""Works of OpenCV and scikit-image for segment_bench, each on one thread.

Reads lines and answers each with one:
  libraries               NAME VERSION of each that is installed, with commas between
  load DTYPE H W FILE     keeps the picture as DTYPE's
  has LIBRARY WORK N DTYPE    yes or no
  run LIBRARY WORK N DTYPE    seconds of the processor that it took once
  write LIBRARY WORK N DTYPE FILE  writes its foreground, a byte a pixel
"""
import sys
import time

import numpy as np

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

PICTURES = {}
OUTPUTS = {}
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
    return opencv_works(dtype) if library == "opencv" else skimage_works(dtype)


def run(library, work, number, dtype):
    key = library, work, dtype
    function = works_of(library, dtype)[work]
    begin = time.thread_time()
    OUTPUTS[key] = function(PICTURES[dtype], int(number), OUTPUTS.get(key))
    return time.thread_time() - begin


def answer(words):
    if words[0] == "libraries":
        known = [("opencv", cv2), ("scikit-image", skimage)]
        return ",".join(f"{name} {module.__version__}" for name, module in known if module)
    if words[0] == "load":
        dtype, height, width, path = words[1:]
        PICTURES[dtype] = np.fromfile(path, dtype).reshape(int(height), int(width))
        OUTPUTS.clear()
        return "ok"
    library, work, number, dtype = words[1:5]
    if words[0] == "has":
        return "yes" if work in works_of(library, dtype) else "no"
    if words[0] == "run":
        return repr(run(library, work, number, dtype))
    run(library, work, number, dtype)
    out = OUTPUTS[library, work, dtype]
    is_gray = work in ("median", "smooth", "top_hat")
    (out > 128 if is_gray else out != 0).astype(np.uint8).tofile(words[5])
    return "ok"


def main():
    for line in sys.stdin:
        print(answer(line.split()), flush=True)


if __name__ == "__main__":
    main()
