// What the pages of a whole walk over a run's tasks were, so that the next walk decodes only those that differ.
//
// A page that is byte for byte the one accepted before says nothing new of its tasks; that the others still name the
// tasks they named before tells that no task moved, came or went. Kept in memory only, 40 bytes a page.
// Threads: immutable once made.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "task/observed.h"

namespace runwatch::unpod {

using PageDigest = std::array<std::uint64_t, 2>;

struct PageDigests {
  struct Page {
    PageDigest body{};
    PageDigest keys{};  // of its tasks, in whatever order
    std::uint32_t rows = 0;
    task::ExecutionType execution = task::ExecutionType::none;  // of all its tasks, or mixed
    task::RunMode mode = task::RunMode::none;                   // likewise
  };
  std::uint64_t count = 0;  // on every page
  std::vector<Page> pages;
};

// XXH3 with a seed that is another one in each process: nobody outside can prepare two pages that look the same.
PageDigest digest_page(std::string_view bytes);
PageDigest digest_keys(const std::vector<task::ObservedTask>& tasks);

}  // namespace runwatch::unpod
