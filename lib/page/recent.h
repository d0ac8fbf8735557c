// The last bytes of each form of /metrics, for all who ask at nearly the same time.
//
// Hundreds of requests at once cost one rendering, and whoever does not read holds the same bytes as the others. What
// is handed out is never older than the snapshot, and the meters in it are at most `kSharedFor` old.
//
// Threads: any, concurrently.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/guarded.h"
#include "metrics/text.h"
#include "view/snapshot.h"

namespace runwatch::page {

class Recent {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  using Snapshot = std::shared_ptr<const view::Snapshot>;

  static constexpr auto kSharedFor = std::chrono::milliseconds(50);

  // Those made of this snapshot not long before `now`, else what `make()` returns.
  template <class Make>
  Bytes get(metrics::TextFormat format, bool packed, const Snapshot& snapshot, core::SteadyTime now, Make&& make) {
    const auto form = 2 * static_cast<std::size_t>(format) + (packed ? 1 : 0);
    auto last = forms_.with([form](const auto& forms) { return forms.at(form); });
    if (last.bytes && last.of == snapshot && now - last.made < kSharedFor) return last.bytes;
    Form fresh{snapshot, now, std::make_shared<const std::string>(make())};
    forms_.with([&](auto& forms) { forms.at(form) = fresh; });
    return fresh.bytes;
  }

 private:
  struct Form {
    Snapshot of;
    core::SteadyTime made{};
    Bytes bytes;
  };
  core::Guarded<std::array<Form, 4>> forms_;
};

}  // namespace runwatch::page
