#include "tests/power_cuts/disk_model.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::power_cuts {

namespace {

std::string node_of(const std::string& name) {
  return name.substr(0, name.find('/'));
}

std::string folder_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

bool is_inside(std::string_view name, std::string_view node) {
  return name.starts_with(node) && (name.size() == node.size() || name[node.size()] == '/');
}

void apply_entry(std::map<std::string, int>& names, disk_event::kind what, const std::string& name,
                 const std::string& to, int file) {
  switch (what) {
  case disk_event::kind::make_folder:
  case disk_event::kind::create: names[name] = file; break;
  case disk_event::kind::rename:
    names.erase(name);
    names[to] = file;
    break;
  default: names.erase(name);
  }
}

std::uint8_t sectors_between(const std::string& before, const std::string& after) {
  std::uint8_t differing = 0;
  for (std::size_t sector = 0; sector < page_bytes / sector_bytes; ++sector)
    if (before.compare(sector * sector_bytes, sector_bytes, after, sector * sector_bytes,
                       sector_bytes)
        != 0)
      differing |= static_cast<std::uint8_t>(1u << sector);
  return differing;
}

std::string page_of(const std::string& bytes, std::uint64_t page) {
  std::string cut;
  if (page * page_bytes < bytes.size())
    cut = bytes.substr(page * page_bytes, page_bytes);
  cut.resize(page_bytes, '\0');
  return cut;
}

const std::string garbage(70'000, '\xa5');

// Of what a file looks like that nobody reads: not there, empty, as it was, something else.
void add_bystander(disk_files& files, const std::string& name, const std::string& live,
                   unsigned look) {
  if (look % 4 != 0)
    files.files[name] = look % 4 == 1 ? "" : look % 4 == 2 ? live : garbage;
}

}  // namespace

bool is_bystander(std::string_view name) {
  return name.ends_with("/lock") || name.ends_with("-lock");
}

disk_model::disk_model(const disk_files& durable) {
  for (auto& folder : durable.folders)
    live_names_[folder] = -1;
  int number = 0;
  for (auto& [name, content] : durable.files) {
    live_names_[name] = number;
    auto& file = files_[number++];
    file.node = node_of(name);
    file.durable = file.live = content;
  }
  durable_names_ = live_names_;
}

void disk_model::write(file_state& file, std::uint64_t at, std::string_view bytes) {
  const auto end = at + bytes.size();
  if (end > file.live.size())
    resize(file, end);
  file.live.replace(at, bytes.size(), bytes);
  for (auto page = at / page_bytes; page * page_bytes < end; ++page)
    file.pages[page].push_back({events_, page_of(file.live, page)});
}

void disk_model::resize(file_state& file, std::uint64_t length) {
  const auto before = file.live.size();
  file.live.resize(length, '\0');
  file.lengths.push_back({events_, length});
  for (auto page = length / page_bytes; page * page_bytes < before; ++page)
    file.pages[page].push_back({events_, page_of(file.live, page)});
}

void disk_model::sync(file_state& file) {
  if (file.pages.empty() && file.lengths.empty())
    return;
  file.durable = file.live;
  file.pages.clear();
  file.lengths.clear();
  ++generations_[file.node];
}

// O_DSYNC: the pages of the range, and the length as far as the range needs it.
void disk_model::sync_range(file_state& file, std::uint64_t at, std::uint64_t end) {
  if (end > file.durable.size())
    file.durable.resize(end, '\0');
  for (auto page = at / page_bytes; page * page_bytes < end; ++page) {
    const auto bytes = page_of(file.live, page);
    const auto from = page * page_bytes;
    file.durable.replace(from, std::min<std::uint64_t>(page_bytes, file.durable.size() - from),
                         bytes, 0, std::min<std::uint64_t>(page_bytes, file.durable.size() - from));
    file.pages.erase(page);
  }
  std::erase_if(file.lengths, [&](const resized& each) { return each.length <= end; });
  ++generations_[file.node];
}

void disk_model::change_entry(const disk_event& event) {
  int file = event.file;
  if (event.what == disk_event::kind::rename)
    file = live_names_.at(event.name);
  apply_entry(live_names_, event.what, event.name, event.to, file);
  changes_.push_back({events_, event.what, event.name, event.to, file});
  if (event.what == disk_event::kind::create)
    files_[file].node = node_of(event.name);
}

void disk_model::sync_folder(const std::string& name) {
  std::vector<entry_change> left;
  for (auto& each : changes_) {
    if (folder_of(each.name) != name) {
      left.push_back(each);
      continue;
    }
    apply_entry(durable_names_, each.what, each.name, each.to, each.file);
    ++generations_[node_of(each.name)];
  }
  changes_ = std::move(left);
}

void disk_model::begin(const disk_event& event) {
  ++events_;
  switch (event.what) {
  case disk_event::kind::write: write(files_[event.file], event.at, event.bytes); break;
  case disk_event::kind::resize: resize(files_[event.file], event.at); break;
  case disk_event::kind::sync_file: sync(files_[event.file]); break;
  case disk_event::kind::sync_folder: sync_folder(event.name); break;
  case disk_event::kind::note: break;
  default: change_entry(event);
  }
}

void disk_model::apply(const disk_event& event) {
  begin(event);
  if (event.what == disk_event::kind::write && event.is_durable)
    sync_range(files_[event.file], event.at, event.at + event.bytes.size());
}

std::vector<unsynced_unit> disk_model::units(std::string_view node) const {
  std::vector<unsynced_unit> units;
  std::set<int> bystanders;
  for (auto* names : {&durable_names_, &live_names_})
    for (auto& [name, file] : *names)
      if (is_bystander(name))
        bystanders.insert(file);
  for (auto& [number, file] : files_) {
    if (file.node != node || bystanders.contains(number))
      continue;
    for (auto& [page, versions] : file.pages) {
      const auto before =
          versions.size() > 1 ? versions[versions.size() - 2].bytes : page_of(file.durable, page);
      units.push_back({.what = unsynced_unit::kind::page,
                       .file = number,
                       .page = page,
                       .levels = static_cast<std::uint16_t>(versions.size() + 1),
                       .sectors = sectors_between(before, versions.back().bytes),
                       .made_by = versions.front().made_by});
    }
    if (!file.lengths.empty())
      units.push_back({.what = unsynced_unit::kind::length,
                       .file = number,
                       .levels = static_cast<std::uint16_t>(file.lengths.size() + 1),
                       .made_by = file.lengths.front().made_by});
  }
  for (std::size_t i = 0; i < changes_.size(); ++i)
    if (is_inside(changes_[i].name, node) && !is_bystander(changes_[i].name))
      units.push_back({.what = unsynced_unit::kind::entry,
                       .file = changes_[i].file,
                       .change = i,
                       .levels = 2,
                       .made_by = changes_[i].made_by});
  return units;
}

bool disk_model::allows(const std::vector<unsynced_unit>& units, const cut_choice& choice) const {
  const auto share_a_name = [](const entry_change& a, const entry_change& b) {
    return a.name == b.name || a.name == b.to
           || (!a.to.empty() && (a.to == b.name || a.to == b.to));
  };
  for (std::size_t later = 0; later < units.size(); ++later) {
    if (units[later].what != unsynced_unit::kind::entry || choice.level[later] == 0)
      continue;
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (units[earlier].what == unsynced_unit::kind::entry && choice.level[earlier] == 0
          && share_a_name(changes_[units[earlier].change], changes_[units[later].change]))
        return false;
  }
  return true;
}

std::string disk_model::content(int number, const std::vector<unsynced_unit>& units,
                                const cut_choice& choice) const {
  const auto& file = files_.at(number);
  auto bytes = file.durable;
  auto length = bytes.size();
  for (std::size_t i = 0; i < units.size(); ++i)
    if (units[i].file == number && units[i].what == unsynced_unit::kind::length
        && choice.level[i] > 0)
      length = file.lengths[choice.level[i] - 1u].length;
  bytes.resize(length, '\0');
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto& unit = units[i];
    if (unit.file != number || unit.what != unsynced_unit::kind::page || choice.level[i] == 0)
      continue;
    const auto& versions = file.pages.at(unit.page);
    const auto at = unit.page * page_bytes;
    const auto& after = versions[choice.level[i] - 1u].bytes;
    const auto before = choice.level[i] > 1 ? versions[choice.level[i] - 2u].bytes
                                            : page_of(file.durable, unit.page);
    for (std::size_t sector = 0; sector < page_bytes / sector_bytes; ++sector) {
      const auto from = at + sector * sector_bytes;
      if (from >= bytes.size())
        break;
      const auto count = std::min(sector_bytes, bytes.size() - from);
      const bool came = (choice.sectors[i] >> sector & 1u) != 0;
      bytes.replace(from, count, came ? after : before, sector * sector_bytes, count);
    }
  }
  return bytes;
}

disk_files disk_model::after_cut(std::string_view node, const std::vector<unsynced_unit>& units,
                                 const cut_choice& choice) const {
  auto names = durable_names_;
  for (std::size_t i = 0; i < units.size(); ++i)
    if (units[i].what == unsynced_unit::kind::entry && choice.level[i] > 0) {
      const auto& each = changes_[units[i].change];
      apply_entry(names, each.what, each.name, each.to, each.file);
    }
  disk_files files;
  if (!names.contains(std::string(node)))
    return files;
  files.folders.emplace(node);
  for (auto& [name, file] : names)
    if (is_inside(name, node) && name.size() > node.size() && !is_bystander(name))
      files.files[name] = content(file, units, choice);
  for (auto& [name, file] : live_names_)
    if (is_inside(name, node) && is_bystander(name))
      add_bystander(files, name, files_.at(file).live, choice.bystanders);
  return files;
}

disk_files disk_model::live(std::string_view node) const {
  disk_files files;
  for (auto& [name, file] : live_names_)
    if (is_inside(name, node)) {
      if (file < 0)
        files.folders.insert(name);
      else
        files.files[name] = files_.at(file).live;
    }
  return files;
}

std::string disk_model::key(std::string_view node, const std::vector<unsynced_unit>& units,
                            const cut_choice& choice) const {
  const auto generation = generations_.find(node);
  auto key = std::to_string(generation == generations_.end() ? 0 : generation->second);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (choice.level[i] == 0)
      continue;
    const auto& unit = units[i];
    const auto level = choice.level[i] - 1u;
    auto made_by = unit.made_by;
    if (unit.what == unsynced_unit::kind::page)
      made_by = files_.at(unit.file).pages.at(unit.page)[level].made_by;
    else if (unit.what == unsynced_unit::kind::length)
      made_by = files_.at(unit.file).lengths[level].made_by;
    key += ' ' + std::to_string(made_by) + '.'
           + std::to_string(unit.what == unsynced_unit::kind::page ? unit.page : ~0ull);
    if (unit.what != unsynced_unit::kind::page)
      continue;
    // Of the last write it is known which sectors it changed; only those make a difference.
    const auto changed = choice.level[i] + 1 == unit.levels ? unit.sectors : all_sectors;
    if ((changed & ~choice.sectors[i]) != 0)
      key += '/' + std::to_string(changed & choice.sectors[i]);
  }
  return key;
}

}  // namespace holdfast::power_cuts
