"""Writes what other libraries answer for pictures made by rule, one line a case.

    python make_golden.py opencv > opencv-4.6.0.txt          (opencv-python-headless 4.6.0.66)
    python make_golden.py skimage > scikit-image-0.19.3.txt  (scikit-image 0.19.3, numpy 1.24)

A line is "OPERATION DTYPE RULE LEVELS HEIGHT WIDTH SEED PARAMETERS... = ANSWER"; the answer is
thresholds, or the FNV-1a hash of a mask's bytes, of a label map's or of contours' little-endian
int32: per contour next, previous, child, parent, the number of points, and x, y of each.
"""

import sys

import numpy as np


def picture(dtype, rule, levels, height, width, seed):
    state = seed
    cells = []
    for y in range(height):
        for x in range(width):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            r = state >> 33
            if rule == "noise":
                v = r % levels
            elif rule == "blocks":
                v = ((x // 7 + y // 5) % 3) * (levels // 4) + r % (levels // 5 + 1)
            elif rule == "ramp":
                v = (x * levels // width + r % (levels // 8 + 1)) % levels
            else:  # mask: levels is the density in percent
                v = 255 if r % 100 < levels else 0
            cells.append(v)
    array = np.array(cells, dtype=np.int64).reshape(height, width)
    if dtype == "float32":
        return array.astype(np.float32) / np.float32(max(levels - 1, 1))
    return array.astype(dtype)


def fnv(array):
    h = 14695981039346656037
    for byte in np.ascontiguousarray(array).tobytes():
        h = (h ^ byte) * 1099511628211 % 2**64
    return f"{h:016x}"


def pictures(dtypes):
    seed = 1
    for dtype in dtypes:
        for levels in (2, 7, 60, 256) if dtype == "uint8" else (3, 200, 5000, 65536):
            for rule in ("noise", "blocks", "ramp"):
                for height, width in ((1, 9), (13, 29), (40, 51)):
                    seed += 1
                    yield dtype, rule, levels, height, width, seed


def emit(operation, made, parameters, answer):
    print(operation, *made, *parameters, "=", answer)


def opencv():
    import cv2

    cv2.ipp.setUseIPP(False)
    for made in pictures(("uint8", "uint16")):
        threshold, _ = cv2.threshold(picture(*made), 0, 255, cv2.THRESH_OTSU)
        emit("otsu", made, (), repr(float(threshold)))
    for i, made in enumerate(pictures(("uint8",))):
        for window, offset, invert in ((3, 0.0, 0), (7, 2.5, 1), (21, -1.5, i % 2), (51, 3.0, 0)):
            kinds = {"mean": cv2.ADAPTIVE_THRESH_MEAN_C, "gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C}
            for name, kind in kinds.items():
                if name == "gaussian" and window > 7:
                    continue
                mask = cv2.adaptiveThreshold(
                    picture(*made), 255, kind,
                    cv2.THRESH_BINARY_INV if invert else cv2.THRESH_BINARY, window, offset)
                emit(name, made, (window, offset, invert), fnv(mask))
    for density in (10, 35, 60, 85):
        for height, width in ((1, 12), (17, 23), (48, 40)):
            made = ("uint8", "mask", density, height, width, density * 100 + height)
            mask = picture(*made)
            found, hierarchy = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
            numbers = []
            for contour, links in zip(found, hierarchy[0]):
                numbers += list(links) + [len(contour)] + list(contour.ravel())
            emit("contours", made, (), fnv(np.array(numbers, dtype=np.int32)))
            for connectivity in (4, 8):
                _, labels = cv2.connectedComponentsWithAlgorithm(
                    mask, connectivity, cv2.CV_32S, cv2.CCL_WU)
                emit("components", made, (connectivity,), fnv(labels.astype(np.int32)))


def skimage():
    from scipy import ndimage
    from skimage.filters import (threshold_local, threshold_multiotsu, threshold_otsu,
                                 threshold_sauvola)

    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        gray = picture(*made)
        emit("otsu", made, (), repr(float(threshold_otsu(gray))))
        bins = 256 if made[0] == "float32" else int(gray.max()) - int(gray.min()) + 1
        for classes in (2, 3, 4, 5):
            if bins > 256 or (classes == 5 and bins > 80):
                continue
            try:
                answer = threshold_multiotsu(gray, classes)
            except ValueError:
                continue
            emit("multi_otsu", made, (classes,), " ".join(repr(float(t)) for t in answer))
        if made[0] == "float32":
            continue
        for window, offset, k in ((3, 0.0, 0.2), (15, 2.5, 0.34), (31, -1.0, -0.1)):
            invert = i % 2
            mean = gray > threshold_local(gray, window, "mean", offset)
            emit("mean", made, (window, offset, invert), fnv(np.uint8(255) * (mean != invert)))
            sauvola = gray > threshold_sauvola(gray, window, k)
            emit("sauvola", made, (window, k, invert), fnv(np.uint8(255) * (sauvola != invert)))
    for density in (55, 75, 90):
        made = ("uint8", "mask", density, 30, 37, density)
        for connectivity in (4, 8):
            structure = np.ones((3, 3)) if connectivity == 8 else None
            filled = ndimage.binary_fill_holes(picture(*made) > 0, structure)
            emit("fill_holes", made, (connectivity,), fnv(np.uint8(255) * filled))


{"opencv": opencv, "skimage": skimage}[sys.argv[1]]()
