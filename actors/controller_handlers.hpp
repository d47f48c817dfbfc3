#pragma once

#include <holdfast/actors/controller_books.hpp>
#include <holdfast/actors/peer_events.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// One function per message of the namespace `work`: it loads rows, steps machines and leaves the rest to books::finish, which
/// whoever calls these calls afterwards (controller.cpp). What they throw, other than a refusal, is a fault: the message
/// changes nothing.
namespace holdfast::controlling {

// Queued.
void submit(books& all, submission given);
void ended(books& all, const std::string& worker, const std::vector<item_end>& ends);
void checkpoint(books& all, const item_id& id, std::uint64_t epoch, const std::string& content);

// Messages.
void report(books& all, worker_report given);
void started(books& all, const std::vector<held_item>& given);
void progress(books& all, const item_id& id, std::uint64_t epoch, double part,
              const std::string& text);
void tick(books& all);
void peer_changed(books& all, const peer_event& event);

/// Behind a fault, which may have swallowed a peer's event: workers whose links are down are lost.
void check_links(books& all);

// Synchronous. They throw a refusal.
void cancel(books& all, const item_id& id);
void retry(books& all, const item_id& id);
void drain(books& all, const std::string& worker);
void resume(books& all, const std::string& worker);
void forget(books& all, const std::string& worker);

/// A worker that is suspect and speaks is suspect no more.
void heard_from(books& all, const std::string& worker);

}  // namespace holdfast::controlling
