// Whether an idle connection may be asked again: nobody said anything on it since its last answer, or closed it.
#pragma once

namespace runwatch::http {

// False for a `socket` below 0. `session` is the connection's OpenSSL `SSL*`; null for a connection without TLS. What
// TLS 1.3 sends whenever it likes (session tickets, new keys) is read here: it is no reason to give a connection up.
bool is_quiet(int socket, void* session);

}  // namespace runwatch::http
