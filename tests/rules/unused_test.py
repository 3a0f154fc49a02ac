"""Finds includes that are not used and files that nobody uses, by their text alone.

Usage: unused_test.py SOURCE_DIR. Before it reads the tree it checks on made-up files that it notices
what it is to notice. An include of the project counts as used where the including file names
anything that the header declares outside of functions, or one of its macros or enumerators, and an include of a header also where somebody who includes that header does; a
source file where CMake names it, a header where somebody beside its own source file
includes it, a script where another file names it.
"""

import pathlib
import re
import sys

TOPS = ("core", "server", "client", "tests")

# Header -> why it is included though nothing of it is named.
HEADERS_KEPT = {
    "core/normalize/kernels/row_targets.h": "sets what Highway's headers read",
}
# File -> why it is there though nobody names it.
FILES_KEPT = {}

COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>\w*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
WORD = re.compile(r"[A-Za-z_]\w*")
TYPE = re.compile(
    r"\b(?:class|struct|union|enum|enum\s+class|enum\s+struct|concept|using)\s+"
    r"(?:\[\[\w+\]\]\s*|HWY_\w+\s+)*(\w+)\s*(?:final\s*)?(?=[;:{=<])"
)
TYPEDEF = re.compile(r"\btypedef\b[^;{]*?(\w+)\s*;")
FUNCTION = re.compile(r"\b(operator|\w+)\s*\(")
CONSTANT = re.compile(r"\b(k[A-Z]\w*)\b")
MEMBER = re.compile(r"\b([A-Za-z]\w*)\s*\(")
COMMON_MEMBERS = set("begin data empty end get ok push_back reserve resize size value".split())
ENUM = re.compile(r"\benum\b[^{};]*\{([^}]*)\}")
NOT_NAMES = set(
    "alignas alignof assert bool char class const constexpr decltype default delete double else "
    "enum explicit extern false float for friend if inline int long namespace noexcept nullptr "
    "operator override private public requires return short signed size_t sizeof static "
    "static_assert std struct switch template this true typename union unsigned using void "
    "volatile while defined int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t "
    "string string_view vector optional variant span".split()
)


def without_comments(text):
    """`text` without comments, and with empty strings; includes keep theirs."""

    def blank(match):
        found = match.group(0)
        return " " if found.startswith("/") else '""'

    out = []
    for line_or_block in re.split(r"(^[ \t]*#[ \t]*include[^\n]*\n)", text, flags=re.MULTILINE):
        out.append(
            line_or_block
            if re.match(r"[ \t]*#[ \t]*include", line_or_block)
            else COMMENT_OR_TEXT.sub(blank, line_or_block)
        )
    return "".join(out)


def outside_of_bodies(code):
    """What is at the level of namespaces, each body of a function or class as {}."""
    out, kept = [], []  # `kept`: for each open brace whether what it encloses is kept
    start = 0
    for match in re.finditer(r"[{}]", code):
        if all(kept):
            out.append(code[start : match.start()])
        start = match.end()
        if match.group() == "{":
            before = re.split(r"[;{}]", code[max(0, match.start() - 200) : match.start()])[-1]
            transparent = re.search(r'\bnamespace\b|\bextern\s*""\s*$', before) is not None
            if all(kept) and not transparent:
                out.append("{}")
            kept.append(transparent)
        elif kept:
            kept.pop()
    if all(kept):
        out.append(code[start:])
    return "".join(out)


def without_arguments(code):
    """`code` with nothing between a pair of parentheses."""
    while True:
        code, count = re.subn(r"\((?!\))[^()]*\)", "()", code)
        if count == 0:
            return code


def declared(text):
    """Names that a header declares for others."""
    code = without_comments(text)
    names = set(DEFINE.findall(code))
    code = DIRECTIVE.sub("", code)
    for body in ENUM.findall(code):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    # Who calls a member needs the whole class, though he may never name it.
    names.update(n for n in MEMBER.findall(code) if n not in COMMON_MEMBERS)
    outside = without_arguments(outside_of_bodies(code))
    for pattern in (TYPE, TYPEDEF, FUNCTION, CONSTANT):
        names.update(pattern.findall(outside))
    return {n for n in names - NOT_NAMES if not n.startswith("HWY_")}


def named(text):
    return set(WORD.findall(INCLUDE.sub("", without_comments(text))))


def own_header(path, include):
    """Whether `include` is the header of the source file `path` or, in tests, of its subject."""
    return re.sub(r"(-inl)?\.\w+$", "", include) == re.sub(r"\.\w+$", "", path)


def unused_includes(files):
    """(file, include) of includes that the file does not use. `files`: path -> text. A header also
    uses what it passes on: what a file that includes it names, and does not include itself."""
    names = {path: named(text) for path, text in files.items()}
    includes = {path: set(INCLUDE.findall(text)) for path, text in files.items()}
    offered = {path: declared(text) for path, text in files.items() if path.endswith(".h")}
    readers = {}
    for path, its in includes.items():
        for include in its:
            readers.setdefault(include, set()).add(path)
    found = []
    for path in sorted(files):
        for include in sorted(includes[path]):
            if include not in offered or own_header(path, include):
                continue
            users = {path}
            if path.endswith(".h"):
                users |= {r for r in readers.get(path, ()) if include not in includes[r]}
            if not any(offered[include] & names[user] for user in users):
                found.append((path, include))
    return found


FOREACH = re.compile(r"foreach\(\s*(\w+)([^)]*)\)((?:(?!foreach\().)*?)endforeach\(\s*\w*\s*\)", re.DOTALL)


SET = re.compile(r"\bset\(\s*(\w+)\s+([^\s$()]+)\s*\)")


def expanded(cmake):
    """CMake text with its loops over words written out, and for each variable that is set to a word
    what it then says."""
    while match := FOREACH.search(cmake):
        variable, items, body = match.groups()
        words = [w for w in items.split() if w not in ("IN", "ITEMS")]
        turns = "".join(body.replace("${" + variable + "}", word) for word in words)
        cmake = cmake[: match.start()] + turns + cmake[match.end() :]
    plain = cmake
    for variable, value in SET.findall(plain):
        cmake += plain.replace("${" + variable + "}", value)
    return cmake


def matches_glob(path, cmake):
    """Whether a file(GLOB ...) names `path`, which is relative to the folder of the CMake file."""
    words = " ".join(re.findall(r"\bfile\(\s*GLOB\b([^)]*)\)", cmake)).split()
    return any(
        re.fullmatch(re.escape(word).replace(r"\*", "[^/]*"), path) for word in words if "*" in word
    )


def unused_files(files, lists, others):
    """Files that nobody uses. `lists`: CMake files, path -> text; `others`: any other text that may
    name a script, path -> text."""
    found = []
    included_by = {}
    for path, text in files.items():
        for include in INCLUDE.findall(text):
            included_by.setdefault(include, set()).add(path)
    places = {}
    for path, text in lists.items():
        folder = path.rpartition("/")[0]
        places.setdefault(folder, []).append(expanded(text))
    for path in sorted(files):
        if path.endswith(".h"):
            if all(own_header(user, path) for user in included_by.get(path, ())):
                found.append(path)
            continue
        folder, is_named = path, False
        while "/" in folder and not is_named:
            folder = folder.rpartition("/")[0]
            inner = re.escape(path[len(folder) + 1 :])
            is_named = any(
                matches_glob(path[len(folder) + 1 :], text)
                or re.search(rf"(?<![\w.-]){inner}(?![\w-])|/{re.escape(path)}\b", text)
                for text in places.get(folder, ())
            )
        if not is_named and not any(f"/{path}" in t for ts in places.values() for t in ts):
            found.append(path)
    cmakes = [expanded(text) for text in lists.values()]
    for path in sorted(others):
        if not path.endswith((".py", ".sh")):
            continue
        stem = re.escape(path.rpartition("/")[2].rpartition(".")[0])
        name = re.compile(rf"(?<![\w-]){stem}\.(?:py|sh)\b")
        module = re.compile(rf"\bimport\b[^\n]*\b{stem}\b|\bfrom\s+[\w.]*\b{stem}\s")
        word = re.compile(rf"(?<![\w-]){stem}(?![\w-])")
        if not (
            any(word.search(text) for text in cmakes)
            or any(name.search(text) for text in files.values())
            or any(
                name.search(text) or (user.endswith(".py") and module.search(text))
                for user, text in others.items()
                if user != path
            )
        ):
            found.append(path)
    return found


def self_test():
    files = {
        "core/a/used.h": "#pragma once\nnamespace n {\nstruct Used { int inner; };\n}\n",
        "core/a/function.h": "namespace n {\nint Compute(int x);\n}\n",
        "core/a/constant.h": "namespace n {\ninline constexpr int kMost = 3;\n}\n",
        "core/a/macro.h": "#define TRINE_MACRO(x) x\n",
        "core/a/typedef.h": "typedef unsigned long Wide;\n",
        "core/a/enum.h": "enum Colour { kRed, kGreen = 4 };\n",
        "core/a/members.h": "class Holder { public: void Inner(); int field; };\n",
        "core/a/dead.h": "struct Dead {};\n",
        "core/a/passes_on.h": '#include "core/a/used.h"\nstruct Passing {};\n',
        "core/a/hoards.h": '#include "core/a/used.h"\nstruct Hoarding {};\n',
        "core/a/reader.cc": '#include "core/a/passes_on.h"\n#include "core/a/hoards.h"\n'
        '#include "core/a/used.h"\nPassing p; Hoarding h; n::Used u;\n',
        "core/a/caller.cc": '#include "core/a/members.h"\nint Call(auto h) { return h.Inner(); }\n',
        "core/a/trusting.cc": '#include "core/a/passes_on.h"\nPassing p; n::Used u;\n',
        "core/a/own.h": "struct Own {};\n",
        "core/a/own.cc": '#include "core/a/own.h"\n#include "core/a/function.h"\nint x = Compute(1);\n',
        "core/a/good.cc": '#include "core/a/used.h"\n#include "core/a/constant.h"\n'
        '#include "core/a/macro.h"\n#include "core/a/enum.h"\n#include "core/a/members.h"\n'
        '#include "core/a/typedef.h"\nWide wide;\n'
        "n::Used u; int y = n::kMost; int z = TRINE_MACRO(1); int w = kGreen; Holder h;\n",
        "core/a/bad.cc": '#include "core/a/used.h"\n#include "core/a/constant.h"\n'
        '#include "core/a/macro.h"\n#include "core/a/enum.h"\n#include "core/a/function.h"\n'
        '#include "core/a/members.h"\n'
        '// Used kMost\n/* kRed */ const char* s = "TRINE_MACRO Compute"; int f = field;\n',
    }
    bad = {(p, i) for p, i in unused_includes(files)}
    expected = {
        ("core/a/bad.cc", f"core/a/{n}.h")
        for n in ("used", "constant", "macro", "enum", "function", "members")
    } | {("core/a/hoards.h", "core/a/used.h")}
    assert bad == expected, f"unused includes: {sorted(bad ^ expected)}"

    lists = {
        "core/CMakeLists.txt": "add_library(x a/own.cc a/caller.cc a/reader.cc a/trusting.cc)\n",
        "core/a/CMakeLists.txt": "foreach(part goo ba)\n  add(${part}d.cc)\nendforeach()\n",
        "tests/CMakeLists.txt": "add_test(run.py)\n",
    }
    others = {
        "tests/run.py": "import support\n",
        "tests/support.py": "",
        "tests/alone.py": "",
        "tests/a.sh": "exec ./b.sh\n",
        "tests/b.sh": "exec ./a.sh\n",
        "tests/c.sh": "# c.sh\n",
    }
    lost = set(unused_files(files, lists, others))
    expected = {"core/a/dead.h", "core/a/own.h", "tests/alone.py", "tests/c.sh"}
    assert lost == expected, f"unused files: {sorted(lost ^ expected)}"
    lists["core/a/CMakeLists.txt"] = "set(part goo)\nadd(${part}d.cc)\n"
    assert "core/a/bad.cc" in unused_files(files, lists, others), "a source file outside of CMake"
    lists["core/CMakeLists.txt"] += "file(GLOB FOUND RELATIVE ${HERE} */ba*.cc)\n"
    assert "core/a/bad.cc" not in unused_files(files, lists, others), "a pattern"


def read_tree(root):
    files, lists, others = {}, {}, {}
    skipped = (root / "build", root / "tests" / "golden", root / "tests" / "fuzz" / "corpus")
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.startswith((".git/", "build/")) or any(s in path.parents for s in skipped):
            continue
        if not path.is_file():
            continue
        if path.suffix in (".cc", ".h") and name.startswith(TOPS):
            files[name] = path.read_text()
        elif path.name == "CMakeLists.txt" or path.suffix == ".cmake":
            lists[name] = path.read_text()
        elif path.suffix in (".py", ".sh", ".md", ".yaml", ".toml", "") and path.stat().st_size < 2**20:
            others[name] = path.read_text(errors="replace")
    return files, lists, others


def main():
    self_test()
    files, lists, others = read_tree(pathlib.Path(sys.argv[1]))
    includes = unused_includes(files)
    lost = unused_files(files, lists, others)
    mistakes = [f"{p}: {i}: nothing of it is used" for p, i in includes if i not in HEADERS_KEPT]
    mistakes += [f"{p}: nobody uses this file" for p in lost if p not in FILES_KEPT]
    mistakes += [
        f"{kept}: is used, or gone: delete it from the exceptions"
        for kept in [*(set(HEADERS_KEPT) - {i for _, i in includes}), *(set(FILES_KEPT) - set(lost))]
    ]
    print("\n".join(mistakes) if mistakes else f"{len(files)} files, each used, as are their includes")
    return 1 if mistakes or len(files) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
