#include <holdfast/runtime/audit_value.hpp>

#include <array>
#include <string>

namespace holdfast {
namespace {

constexpr std::array<const char*, 8> counts{"issued",  "executed", "expired",  "dead",
                                            "dropped", "damaged",  "orphaned", "open"};

value lane_value(const audited_lane& lane) {
  auto& has = lane.counters;
  return value(dict{{"source", lane.source},
                    {"target", lane.target},
                    {"lane", lane.lane},
                    {"is_closed", lane.is_closed},
                    {"issued", has.issued},
                    {"executed", has.executed},
                    {"expired", has.expired},
                    {"dead", has.dead},
                    {"dropped", has.dropped},
                    {"damaged", has.damaged},
                    {"orphaned", has.orphaned},
                    {"open", has.open()},
                    {"open_rows", lane.open_rows},
                    {"is_compared", lane.has_target}});
}

value finding_value(const audit_finding& finding) {
  return value(dict{{"check", std::string(to_string(finding.check))},
                    {"node", finding.node},
                    {"lane", finding.lane},
                    {"sequence", finding.sequence},
                    {"text", finding.text}});
}

value summed(const array& lanes) {
  dict sum;
  for (auto* name : counts) {
    std::int64_t total = 0;
    for (auto& lane : lanes)
      total += lane.as_dict().at(name).as_integer();
    sum.add(name, total);
  }
  return value(std::move(sum));
}

value whole(array lanes, array findings, std::int64_t more_findings) {
  bool is_sound = findings.empty();
  auto sum = summed(lanes);
  return value(dict{{"is_sound", is_sound},
                    {"lanes", std::move(lanes)},
                    {"sum", std::move(sum)},
                    {"findings", std::move(findings)},
                    {"more_findings", more_findings}});
}

}  // namespace

value audit_value(const audit_report& report) {
  array lanes, findings;
  for (auto& lane : report.lanes)
    lanes.push_back(lane_value(lane));
  for (auto& finding : report.findings)
    findings.push_back(finding_value(finding));
  return whole(std::move(lanes), std::move(findings),
               static_cast<std::int64_t>(report.more_findings));
}

value joined_audits(const array& audits) {
  array lanes, findings;
  std::int64_t more_findings = 0;
  for (auto& audit : audits) {
    auto& parts = audit.as_dict();
    for (auto& lane : parts.at("lanes").as_array())
      lanes.push_back(lane);
    for (auto& finding : parts.at("findings").as_array())
      findings.push_back(finding);
    more_findings += parts.at("more_findings").as_integer();
  }
  return whole(std::move(lanes), std::move(findings), more_findings);
}

}  // namespace holdfast
