#pragma once

#include <cstdint>
#include <string_view>
#include <sys/types.h>

/// What the kernel says about a running process.
namespace bench {

/// A line of /proc/PID/status in KiB: "VmRSS", "RssAnon" (its own memory), "RssFile" (mapped files).
double memory_kib(pid_t process, std::string_view line);

/// Processor time of all its threads so far, in seconds; threads that have ended are missing.
double processor_seconds(pid_t process);

}  // namespace bench
