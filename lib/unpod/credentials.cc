#include <utility>

#include "unpod/api.h"

namespace runwatch::unpod {

Credentials::Credentials(core::Secret token, Reader reread) : token_(std::move(token)), reread_(std::move(reread)) {}

core::Secret Credentials::token() const {
  return token_.with([](const core::Secret& token) { return token; });
}

bool Credentials::refresh(const core::Secret& refused) {
  if (token() != refused) return true;  // another thread was faster
  if (!reread_) return false;
  auto fresh = reread_();
  if (!fresh || *fresh == refused) return false;
  token_.with([&](core::Secret& token) { token = std::move(*fresh); });
  return true;
}

}  // namespace runwatch::unpod
