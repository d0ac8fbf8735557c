// When a walk over the pages of a list is whole, as a pure state machine.
//
// Rows are pushed to later pages, and pulled to earlier ones, while they are being read. With a `count` the walk is
// whole when as many distinct rows were seen and every page said the same count: then no row that was there all the
// time is missing, as each position was read once and none was lost between two pages. Without a count it ends at the
// first empty page. A page without a new row before that, and a count that changes or does not come out, mean one whole
// second walk, and then `inconsistent`. A walk that took pages for unchanged, and then meets one that does not go with
// them, starts over and reads every row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace runwatch::unpod {

class Walk {
 public:
  struct Page {
    std::optional<std::uint64_t> count;
    std::uint64_t rows = 0;
    std::uint64_t fresh = 0;  // rows whose id no page before and no row above had
    bool moved = false;       // it does not go with pages before it that were taken for unchanged: the walk starts over
  };

  enum class Step {
    next,          // ask for `page()`
    whole,         // all rows are seen
    again,         // forget all rows, ask for page 1: another walk has begun
    inconsistent,  // the second walk did not come out either
    too_large,
  };

  // `max_rows` of one walk, repeated ones counted.
  explicit Walk(std::uint64_t max_rows) : max_rows_(max_rows) {}

  Step take(const Page& page);

  std::uint64_t page() const { return page_; }       // number of the page to ask for, from 1
  std::uint64_t pages() const { return page_ - 1; }  // taken in this walk
  std::uint64_t duplicates() const { return rows_ - distinct_; }
  // What was wrong with the last walk that did not come out, in a few words.
  std::string_view complaint() const { return complaint_; }

 private:
  std::string_view find_complaint(const Page& page) const;
  Step begin_again(std::string_view complaint);
  void start();

  std::uint64_t max_rows_;
  std::uint64_t page_ = 1;
  std::uint64_t rows_ = 0;
  std::uint64_t distinct_ = 0;
  std::optional<std::uint64_t> count_;  // of page 1
  bool second_ = false;
  std::string_view complaint_;
};

}  // namespace runwatch::unpod
