// A string that cannot be printed, compared for order or formatted by accident: tokens live in it.
//
// `reveal` is the only way to the content; its callers are the places to review.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace runwatch::core {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }

  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

// Any attempt to stream a Secret is a compile error.
template <class Stream>
Stream& operator<<(Stream&, const Secret&) = delete;

}  // namespace runwatch::core
