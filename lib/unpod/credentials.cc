#include <utility>

#include "unpod/api.h"

namespace runwatch::unpod {

Credentials::Credentials(core::Secret token, Reader reread) : token_(std::move(token)), reread_(std::move(reread)) {}

core::Secret Credentials::token() const {
  return token_.with([](const core::Secret& token) { return token; });
}

void Credentials::replace(core::Secret token, Reader reread) {
  reread_.with([&](Reader& reader) { reader = std::move(reread); });
  token_.with([&](core::Secret& mine) { mine = std::move(token); });
}

bool Credentials::refresh(const core::Secret& refused) {
  if (token() != refused) return true;  // another thread was faster
  const auto reread = reread_.with([](const Reader& reader) { return reader; });
  if (!reread) return false;
  auto fresh = reread();
  if (!fresh || *fresh == refused) return false;
  token_.with([&](core::Secret& token) { token = std::move(*fresh); });
  return true;
}

}  // namespace runwatch::unpod
