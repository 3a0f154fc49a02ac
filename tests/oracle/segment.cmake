trine_library(trine_oracle_segment
  SOURCES segment_document_oracle.cc segment_filter_oracle.cc segment_local_oracle.cc segment_metrics_oracle.cc segment_regions_oracle.cc segment_steps_oracle.cc segment_threshold_oracle.cc
  DEPS gmpxx gmp)
