// Errors of the command line, exit codes, and how an error is printed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace trine::cli {

// The contract with scripts.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;       // the server refused or failed, or a file could not be
                                            // written
inline constexpr int kExitUsage = 2;        // wrong usage: by this program's judgement or a
                                            // server's of a flag's value; an input that cannot be
                                            // opened
inline constexpr int kExitUnreachable = 3;  // no answer from the server
inline constexpr int kExitCorrupt = 4;      // the input is corrupt

// The field of what "encode --as image" cannot keep of a file.
inline constexpr char kAsImage[] = "--as image";

// The limit of a folder that was named where files are taken.
inline constexpr char kFileOrRecursive[] = "a file, or -r";

// Of a status whose field is named by WithFlags.
int ExitCodeOf(const absl::Status& status);

// INVALID_ARGUMENT, reason USAGE: exit code 2.
absl::Status UsageError(std::string_view text);

// WithFlags, as wrong usage: what it says of field, value and limit stays. OK stays OK.
absl::Status AsUsage(const absl::Status& status);

// FAILED_PRECONDITION, reason INPUT: exit code 1. What is asked for cannot be had of what this
// input, or a file that a flag names, holds; of another it could.
absl::Status InputError(std::string_view text);

// "cannot open 'x.png': No such file or directory": reason FILE, exit code 1; or USAGE, exit code
// 2, where `usage` says that the file was named wrongly. `error` is errno.
absl::Status FileError(std::string_view what, const std::string& path, int error,
                       bool usage = false);

// `status` with its field named as the command line names it (core/base/text/field_names.h):
// "--order", "--table[1] counts[7]", "the input's shape", and with what it advises in flags:
// "--nan ignore". What is named so already stays.
absl::Status WithFlags(const absl::Status& status);

// WithFlags, and "<path>: " before its message, so that a person sees which file was meant.
absl::Status WithFile(const absl::Status& status, const std::string& path);

// WithFlags, and "<flag>: " before its message, of an output: "--cutout: cannot write 'x.png':
// ...". What is named so already stays.
absl::Status WithFlag(const absl::Status& status, std::string_view flag);

// A server's warning, such as "mask.encoded: its transparency was left out", with its field named
// in the same way: "--mask: its ..."; of the input its text alone. What it advises is in flags.
std::string WarningWithFlags(std::string_view warning);

// Writes "trine: warning: <text>" to stderr, in one line.
void PrintWarning(std::string_view text);

// Writes "trine: error: <message>" and, where there is something to advise, "trine: hint: ..." to
// stderr; with `verbose` also what the status's detail says. `target` is the server's address.
void PrintError(const absl::Status& status, const std::string& target, bool verbose);

}  // namespace trine::cli
