"""Works on regions of OpenCV, scikit-image and scipy for segment_peers.py.

A work takes the pictures by name ("picture", "mask", "markers") and as "out" what it gave last time;
what it gives, `bytes_of` turns into the form that segment_outputs.h describes.
"""
import numpy as np

try:
    import cv2
except ImportError:
    cv2 = None
try:
    from scipy import ndimage
except ImportError:
    ndimage = None
try:
    from skimage import measure, morphology, segmentation
except ImportError:
    measure = None

BOX = ("area", "bbox", "centroid")


def opencv_watershed(given):
    markers = given["markers"].copy()
    return cv2.watershed(given["color"], markers)


def skimage_measure(given):
    labels = measure.label(given["mask"], connectivity=2)
    return measure.regionprops_table(labels, given["picture"], BOX + ("mean_intensity",))


def chain(given):
    """What otsu, fill_holes, components, distance, watershed and measure give, by all three."""
    picture = given["picture"]
    mask = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    filled = ndimage.binary_fill_holes(mask)
    mask = filled.view(np.uint8)
    cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    cross = ndimage.generate_binary_structure(2, 1)
    markers = measure.label(morphology.h_maxima(distance, 1, cross), connectivity=1)
    labels = segmentation.watershed(-distance, markers, mask=filled)
    measure.regionprops_table(labels, picture, BOX + ("mean_intensity",))
    return labels


def opencv_works():
    if cv2 is None:
        return {}
    return {
        "components": lambda given: cv2.connectedComponents(
            given["mask"], given["out"], connectivity=8, ltype=cv2.CV_32S)[1],
        "boxes": lambda given: cv2.connectedComponentsWithStats(
            given["mask"], *(given["out"] or [None])[1:2], connectivity=8, ltype=cv2.CV_32S),
        "distance": lambda given: cv2.distanceTransform(
            given["mask"], cv2.DIST_L2, cv2.DIST_MASK_PRECISE, given["out"]),
        "watershed": opencv_watershed,
        "contours": lambda given: cv2.findContours(
            given["mask"], cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE),
    }


def skimage_works():
    if measure is None:
        return {}
    return {
        "components": lambda given: measure.label(given["mask"], connectivity=2),
        "watershed": lambda given: segmentation.watershed(given["picture"], given["markers"]),
        "measure": skimage_measure,
    }


def scipy_works():
    if ndimage is None:
        return {}
    return {"fill_holes": lambda given: ndimage.binary_fill_holes(given["mask"])}


def chain_works():
    return {"chain": chain} if cv2 and measure and ndimage else {}


WORKS = {
    "opencv": opencv_works(),
    "scikit-image": skimage_works(),
    "scipy": scipy_works(),
    "opencv+scipy+scikit-image": chain_works(),
}


def boxes_of(out):
    _, _, stats, centres = out
    x, y, width, height, area = stats[1:].T
    return np.stack([area, y, x, y + height, x + width, centres[1:, 1], centres[1:, 0]], 1)


def measures_of(out):
    names = ["area", *(f"bbox-{i}" for i in range(4)), "centroid-0", "centroid-1",
             "mean_intensity"]
    return np.stack([out[name] for name in names], 1)


def contours_of(out):
    contours, hierarchy = out
    parts = []
    for points, links in zip(contours, hierarchy[0]):
        parts += [links, [len(points)], points[:, 0, ::-1].ravel()]
    return np.concatenate(parts) if parts else np.zeros(0)


def bytes_of(work, out):
    if work == "fill_holes":
        return out.astype(np.uint8)
    if work == "distance":
        return out.astype(np.float32)
    if work == "boxes":
        return boxes_of(out).astype(np.float64)
    if work == "measure":
        return measures_of(out).astype(np.float64)
    if work == "contours":
        return contours_of(out).astype(np.int32)
    return out.astype(np.int32)
