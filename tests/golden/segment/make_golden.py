"""Writes what other libraries answer for pictures made by rule, one line a case.

    python make_golden.py opencv > opencv-4.6.0.txt          (opencv-python-headless 4.6.0.66)
    python make_golden.py skimage > scikit-image-0.19.3.txt  (scikit-image 0.19.3, numpy 1.24)
    python make_golden.py skimage_auto > scikit-image-0.26.0.txt  (scikit-image 0.26.0, numpy 2.4)
    python make_golden.py imagej ij.jar > imagej-1.53t.txt   (ImageJ 1.53t, Java 17)
    python make_golden.py histograms FOLDER > histograms.txt (scikit-image's pictures as PNG)
    python make_golden.py deviations > scikit-image-0.26.0-local.txt  (scikit-image 0.26.0, numpy 2.4)
    python make_golden.py doxa > doxa-0.9.2.txt                 (doxapy 0.9.2)
    python make_golden.py filters > scikit-image-0.26.0-filters.txt  (scikit-image 0.26.0, scipy 1.17)
    python make_golden.py imagej_filters ij.jar > imagej-1.52i-filters.txt  (ImageJ 1.52i, Java 17)
    python make_golden.py edges > opencv-5.0.0-edges.txt     (opencv-python-headless 5.0.0)
    python make_golden.py triangle > opencv-5.0.0-triangle.txt  (opencv-python-headless 5.0.0)
    python make_golden.py opencv_filters > opencv-5.0.0-filters.txt  (opencv-python-headless 5.0.0; 4.6.0 alike)

Of doxa's three lines are left out where its masks differ: of Wolf and NICK on pictures of 7 levels,
where its variance is a rounded difference, and of ISauvola on one ramp.

A line is "OPERATION DTYPE RULE LEVELS HEIGHT WIDTH SEED PARAMETERS... = ANSWER"; the answer is
thresholds or "none", or the FNV-1a hash of a mask's bytes, of a label map's or of contours' little-endian
int32: per contour next, previous, child, parent, the number of points, and x, y of each; of filters that
of the filtered picture's bytes.
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
    if dtype in ("float32", "float64"):  # of float64 numbers that float32 holds
        return (array.astype(np.float32) / np.float32(max(levels - 1, 1))).astype(dtype)
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


def triangle():
    import cv2

    cv2.ipp.setUseIPP(False)
    for made in pictures(("uint8",)):
        threshold, _ = cv2.threshold(picture(*made), 0, 255, cv2.THRESH_TRIANGLE)
        emit("triangle", made, (), repr(float(threshold)))


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



def skimage_auto():
    from skimage import filters

    methods = {"li": filters.threshold_li, "yen": filters.threshold_yen,
               "triangle": filters.threshold_triangle, "isodata": filters.threshold_isodata,
               "minimum": filters.threshold_minimum, "global_mean": filters.threshold_mean}
    for made in pictures(("uint8", "uint16", "float32")):
        gray = picture(*made)
        for name, method in methods.items():
            if name == "minimum" and made[0] == "uint16" and made[2] > 200:
                continue  # minutes
            try:
                answer = repr(float(method(gray.copy())))
            except (RuntimeError, IndexError):
                answer = "none"
            emit(name, made, (), answer)
    for i, made in enumerate(pictures(("uint8", "float32"))):
        gray = picture(*made)
        low, high = (float(q) for q in np.quantile(gray, (0.4, 0.8)))
        mask = filters.apply_hysteresis_threshold(gray, low, high)
        emit("hysteresis", made, (low, high, 0), fnv(np.uint8(255) * mask))


JAVA = """
import ij.process.AutoThresholder;
public class Ask {
  public static void main(String[] args) throws Exception {
    java.io.PrintStream out = System.out;
    System.setOut(System.err);
    java.util.Scanner in = new java.util.Scanner(System.in);
    while (in.hasNext()) {
      int[] counts = new int[256];
      for (int i = 0; i < 256; ++i) counts[i] = in.nextInt();
      for (String method : args) {
        final int[] own = counts.clone();
        final String[] answer = {"none"};
        Thread thread = new Thread(() -> answer[0] = "" + new AutoThresholder().getThreshold(
            AutoThresholder.Method.valueOf(method), own));
        thread.setDaemon(true);
        thread.start();
        thread.join(3000);  // some do not end
        out.print(answer[0] + " ");
      }
      out.println();
    }
    out.flush();
    System.exit(0);
  }
}
"""


def imagej():
    import pathlib
    import subprocess
    import tempfile

    methods = {"li": "Li", "yen": "Yen", "triangle": "Triangle", "isodata": "IsoData",
               "minimum": "Minimum", "global_mean": "Mean", "min_error": "MinError",
               "max_entropy": "MaxEntropy", "huang": "Huang", "moments": "Moments",
               "renyi": "RenyiEntropy", "percentile": "Percentile"}
    made = list(pictures(("uint8",)))
    counts = [np.bincount(picture(*m).ravel(), minlength=256) for m in made]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "Ask.java"
        source.write_text(JAVA)
        lines = subprocess.run(
            ["java", "-cp", sys.argv[2], str(source), *methods.values()], check=True, text=True,
            input="\n".join(" ".join(map(str, c)) for c in counts),
            stdout=subprocess.PIPE).stdout.splitlines()
    for m, line in zip(made, lines):
        for name, answer in zip(methods, line.split()):
            emit(name, m, (), answer)


JAVA_FILTERS = """
import ij.plugin.ContrastEnhancer;
import ij.plugin.filter.*;
import ij.process.*;
public class Ask {
  static void filter(ImageProcessor picture, String name, double a, double b) {
    final boolean light = b != 0;
    RankFilters ranks = new RankFilters();
    if (name.equals("median")) ranks.rank(picture, a, RankFilters.MEDIAN);
    if (name.equals("mean")) ranks.rank(picture, a, RankFilters.MEAN);
    if (name.equals("top_hat")) ranks.rank(picture, a, RankFilters.TOP_HAT, 0, 0, light, false);
    if (name.equals("gaussian")) new GaussianBlur().blurGaussian(picture, a);
    if (name.equals("rolling_ball"))
      new BackgroundSubtracter().rollingBallBackground(picture, a, false, light, false, true, true);
    if (name.equals("stretch")) {
      ContrastEnhancer enhancer = new ContrastEnhancer();
      enhancer.setNormalize(true);
      enhancer.stretchHistogram(picture, 2 * a);
    }
  }
  public static void main(String[] args) {
    java.io.PrintStream out = System.out;
    System.setOut(System.err);
    java.util.Scanner in = new java.util.Scanner(System.in);
    while (in.hasNext()) {
      int bits = in.nextInt(), height = in.nextInt(), width = in.nextInt();
      String name = in.next();
      double a = Double.parseDouble(in.next()), b = Double.parseDouble(in.next());
      ImageProcessor picture = bits == 8    ? new ByteProcessor(width, height)
                               : bits == 16 ? new ShortProcessor(width, height)
                                            : new FloatProcessor(width, height);
      for (int i = 0; i < width * height; ++i) picture.setf(i, Float.parseFloat(in.next()));
      filter(picture, name, a, b);
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < width * height; ++i) line.append(picture.getf(i)).append(' ');
      out.println(line);
    }
    out.flush();
    System.exit(0);
  }
}
"""


def imagej_filters():
    import pathlib
    import subprocess
    import tempfile

    asked = []
    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        for name in ("median", "mean"):
            asked.append((name, made, ((1, 2, 3, 5, 11)[i % 5],)))
    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        light = i % 2
        asked.append(("top_hat", made, ((1, 2, 4, 9, 7)[i % 5], light)))
        # Shrunk by 8 a picture of 9 columns has two.
        asked.append(("rolling_ball", made, ((3, 10, 11, 50, 150)[i % 5], light)))
        asked.append(("gaussian", made, ((0.7, 1.5, 4.3, 8.6, 25.0)[i % 5],)))
        if made[0] != "float32":
            low = (0.0, 0.5, 12.5, 40.0)[i % 4]
            asked.append(("stretch", made, (low, 100 - low)))
    text = ""
    for name, made, parameters in asked:
        a, b = (*parameters, 0)[:2]
        gray = picture(*made)
        text += (f"{8 * gray.itemsize} {made[3]} {made[4]} {name} {a} {b} "
                 + " ".join(str(v) for v in gray.ravel()) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "Ask.java"
        source.write_text(JAVA_FILTERS)
        lines = subprocess.run(["java", "-cp", sys.argv[2], str(source)], check=True, text=True,
                               input=text, stdout=subprocess.PIPE).stdout.splitlines()
    for (name, made, parameters), line in zip(asked, lines, strict=True):
        answer = np.array(line.split(), dtype=np.float32).astype(made[0])
        emit(name, made, parameters, fnv(answer))


def histograms():
    import pathlib

    import imageio.v3

    for name in ("camera", "coins", "cell", "text", "astronaut"):
        # Of colour all bytes, as scikit-image's own test has it.
        gray = imageio.v3.imread(pathlib.Path(sys.argv[2]) / f"{name}.png")
        print(name, *np.bincount(gray.ravel(), minlength=256))


def deviations():
    from skimage.filters import threshold_niblack, threshold_sauvola

    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        gray = picture(*made)
        for window, k in ((3, 0.2), (15, -0.61), (25, 0.5)):
            invert = i % 2
            for name, function in (("niblack", threshold_niblack), ("sauvola", threshold_sauvola)):
                if made[0] == "float32" and name == "sauvola":
                    continue
                mask = gray > function(gray, window, k)
                emit(name, made, (window, k, invert), fnv(np.uint8(255) * (mask != invert)))


def doxa():
    import doxapy

    parameters = {"niblack": -0.61, "sauvola": 0.1, "wolf": 0.18, "nick": -0.1, "isauvola": 0.01,
                  "wan": 0.2}
    for made in pictures(("uint8",)):
        if made[3] == 1:  # it reads rows that are not there
            continue
        gray = picture(*made)
        for window in (5, 11):
            for name, k in parameters.items():
                algorithm = getattr(doxapy.Binarization.Algorithms, name.upper())
                binarization = doxapy.Binarization(algorithm)
                binarization.initialize(gray)
                mask = np.zeros_like(gray)
                binarization.to_binary(mask, {"window": window, "k": k})
                emit(name, made, (window, k, 0), fnv(mask))


def filters():
    from skimage import exposure, morphology, restoration
    from skimage import filters as of
    from skimage.util import invert

    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        gray = picture(*made)
        whole = made[0] != "float32"
        radius = (1, 2, 4, 9)[i % 4]
        square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
        disk = morphology.disk(radius)
        emit("median", made, (radius,), fnv(of.median(gray, square)))
        if whole:
            emit("mean", made, (radius,), fnv(of.rank.mean(gray, square)))
        for light in (0, 1) if whole else (0,):
            turned = invert(gray) if light else gray
            for name, stays in (("top_hat", morphology.white_tophat(turned, disk)),
                                ("rolling_ball",
                                 turned - restoration.rolling_ball(turned, radius=radius))):
                emit(name, made, (radius, light), fnv(invert(stays) if light else stays))
        if whole:
            for low, high in ((1.0, 99.0), (12.5, 60.0)):
                ends = tuple(np.percentile(gray, (low, high)))
                emit("stretch", made, (low, high), fnv(exposure.rescale_intensity(gray, ends)))
        sigma = (0.1, 0.7, 1.5, 4.3, 11.0)[i % 5]
        tiles, clip_limit = (1, 2, 8, 3)[i % 4], (2.0, 0.0, 40.0, 1.3, 0.01)[i % 5]
        regions = [max(1, side // tiles) for side in gray.shape]
        for given in (gray,) if whole else (gray, gray.astype(np.float64)):
            of_type = (str(given.dtype), *made[1:])
            emit("gaussian", of_type, (sigma,), fnv(of.gaussian(given, sigma, mode="nearest")))
            emit("equalize", of_type, (tiles, clip_limit),
                 fnv(exposure.equalize_adapthist(given, regions, clip_limit / 256)))


def opencv_filters():
    import cv2

    cv2.ipp.setUseIPP(False)
    for i, made in enumerate(pictures(("uint8", "uint16", "float32"))):
        gray = picture(*made)
        whole = made[0] != "float32"
        radius = (1, 3, 8, 20, 2)[i % 5]
        few = radius if made[0] == "uint8" else 1 + i % 2
        emit("median", made, (few,), fnv(cv2.medianBlur(gray, 2 * few + 1)))
        emit("mean", made, (radius,), fnv(cv2.blur(gray, (2 * radius + 1,) * 2)))
        if whole:
            sigma = (0.1, 0.7, 1.5, 4.3, 11.0)[i % 5]
            emit("gaussian", made, (sigma,), fnv(cv2.GaussianBlur(gray, (0, 0), sigma)))
        ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        dark = cv2.morphologyEx(gray, cv2.MORPH_TOPHAT, ellipse)
        light = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, ellipse)
        emit("top_hat", made, (radius, 0), fnv(dark))
        emit("top_hat", made, (radius, 1), fnv(np.invert(light) if whole else 0 - light))


def edges():
    import cv2

    for made in pictures(("uint8",)):
        gray = picture(*made)
        for low, high in ((0, 0), (30, 90.5), (200, 500)):
            emit("edges", made, (low, high), fnv(cv2.Canny(gray, low, high, L2gradient=True)))


{"opencv": opencv, "skimage": skimage, "skimage_auto": skimage_auto, "imagej": imagej,
 "histograms": histograms, "deviations": deviations, "doxa": doxa, "filters": filters,
 "edges": edges, "triangle": triangle, "opencv_filters": opencv_filters,
 "imagej_filters": imagej_filters}[sys.argv[1]]()
