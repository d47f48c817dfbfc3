#pragma once

#include <cstddef>

/// How much memory a piece of code held at once. Programs that link allocation_gauge.cpp count every `new` of the
/// thread while a gauge lives; gauges do not nest.
class allocation_gauge {
public:
  allocation_gauge();
  ~allocation_gauge();
  allocation_gauge(const allocation_gauge&) = delete;
  allocation_gauge& operator=(const allocation_gauge&) = delete;

  std::size_t peak_bytes() const;
};
