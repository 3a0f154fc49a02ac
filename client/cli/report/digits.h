// Numbers for people, with as many digits as it takes to tell them apart.
#pragma once

#include <string>

namespace trine::cli {

// Significant digits, 6 to 17, by which numbers between `low` and `high` that are a hundredth of
// the way apart read differently.
int DigitsOf(double low, double high);

std::string NumberText(double value, int digits = 6);

}  // namespace trine::cli
