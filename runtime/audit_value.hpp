#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/persistence/audit.hpp>

namespace holdfast {

/// An audit as operators see it: {is_sound, lanes: [...], sum: {...}, findings: [...], more_findings}.
value audit_value(const audit_report& report);

/// Several such values as one.
value joined_audits(const array& audits);

}  // namespace holdfast
