trine_library(trine_coding_oracle
  SOURCES coding_oracle.cc
  DEPS trine_base)
