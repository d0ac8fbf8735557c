// cpp-httplib's Stream over one request in memory; what is written is kept for taking.
//
// For this room's sources only: it includes cpp-httplib.
#pragma once

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace runwatch::http {

class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string input) : input_(std::move(input)) {}

  std::string take_output() { return std::move(output_); }

  bool is_readable() const override { return position_ < input_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const auto taken = std::min(size, input_.size() - position_);
    std::memcpy(to, input_.data() + position_, taken);
    position_ += taken;
    return static_cast<ssize_t>(taken);
  }
  // Must not return 0: cpp-httplib would write again, for ever.
  ssize_t write(const char* bytes, std::size_t size) override {
    output_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { unknown(ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const override { unknown(ip, port); }
  socket_t socket() const override { return 0; }  // cpp-httplib compares it with FD_SETSIZE

 private:
  static void unknown(std::string& ip, int& port) {
    ip.clear();
    port = 0;
  }

  std::string input_;
  std::size_t position_ = 0;
  std::string output_;
};

}  // namespace runwatch::http
