#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// What one repeat of a measurement gave. Rates are per second, times in microseconds.
struct sample {
  double ours = 0;
  double bare = 0;
};

/// One line of the table: a figure of Holdfast beside the same figure of a bare program, measured in turn.
struct figure {
  std::string name;       ///< "enqueue, 1 producer"
  std::string unit;       ///< "/s" or "us"
  std::string bare_name;  ///< what it is compared with
  std::vector<sample> samples;
};

/// A number that explains a figure: calls per commit, bytes per record. The median of the repeats is shown.
struct remark {
  std::string name;
  std::vector<double> values;
};

/// All that a run found out, in the order of measuring.
class figures {
public:
  void add(const std::string& name, const std::string& unit, const std::string& bare_name,
           sample one);
  void note(const std::string& name, double value);

  void print() const;
  nlohmann::json to_json() const;

private:
  std::vector<figure> figures_;
  std::vector<remark> remarks_;
};

double median(std::vector<double> values);

/// Largest minus smallest, as a part of the median.
double spread(const std::vector<double>& values);

/// The value that a part (0.5, 0.99) of the values does not exceed.
double percentile(std::vector<double>& values, double part);

}  // namespace bench
