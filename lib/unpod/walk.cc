#include "unpod/walk.h"

namespace runwatch::unpod {

Walk::Step Walk::take(const Page& page) {
  if (page_ == 1) count_ = page.count;
  const bool same_count = page.count == count_;
  ++page_;
  rows_ += page.rows;
  distinct_ += page.fresh;
  if (rows_ > max_rows_ || page.count.value_or(0) > max_rows_) return Step::too_large;
  if (page.moved) {  // says nothing of whether a walk comes out that reads every row
    start();
    return Step::again;
  }
  if (!same_count) return begin_again("`count` changed from page to page");
  if (const std::string_view complaint = find_complaint(page); !complaint.empty()) return begin_again(complaint);
  const bool whole = count_ ? distinct_ == *count_ : page.rows == 0;
  return whole ? Step::whole : Step::next;
}

std::string_view Walk::find_complaint(const Page& page) const {
  if (count_ && distinct_ > *count_) return "there are more rows than `count` says";
  if (count_ && distinct_ == *count_) return {};
  if (page.rows > 0 && page.fresh == 0) return "a page repeats rows and has no new one";
  if (count_ && page.rows == 0) return "the pages end before `count` rows were seen";
  return {};
}

Walk::Step Walk::begin_again(std::string_view complaint) {
  complaint_ = complaint;
  if (second_) return Step::inconsistent;
  second_ = true;
  start();
  return Step::again;
}

void Walk::start() {
  page_ = 1;
  rows_ = 0;
  distinct_ = 0;
  count_.reset();
}

}  // namespace runwatch::unpod
