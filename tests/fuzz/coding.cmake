foreach(name decode payload excerpt roundtrip recover)
  trine_fuzzer(coding_${name}_fuzz
    SOURCE ${CMAKE_CURRENT_LIST_DIR}/coding/coding_${name}_fuzz.cc
    CORPUS ${CMAKE_CURRENT_LIST_DIR}/corpus/coding/${name}
    DEPS trine_coding)
endforeach()
