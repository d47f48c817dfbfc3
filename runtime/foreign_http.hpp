#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/runtime/node_options.hpp>

#include <memory>
#include <string>

namespace holdfast {

/// The same methods over HTTP, for stock clients: standard XML-RPC and JSON-RPC 2.0, on a port of their own. A client is
/// nobody's peer: nothing is ever sent to it, and each request is a synchronous call under the rules for foreign nodes
/// (foreign_rules.hpp); "beta/m" is forwarded to node beta.
///
///    POST /RPC2      text/xml or application/xml: methodCall; answered by methodResponse, a fault included, with status 200
///    POST /jsonrpc   application/json: a request, a notification or a batch of at most limits::http_batch_max
///
/// Faults of both have the codes that XML-RPC implementations share: -32700 not well formed, -32600 no request, -32601 not
/// there or not allowed, -32602 arguments that cannot be carried, -32500 the method failed, -32300 it did not run or nobody
/// can say (the text tells which). Other answers are HTTP's own: 401 without the token (`Authorization: Bearer TOKEN`, where there is one), 413
/// beyond limits::foreign_body_bytes_max, 415 for another type, which is also what keeps pages in a browser out.
///
/// It has threads of its own, one to listen and eight to answer; each request keeps one until it is answered.
class foreign_http {
public:
  /// Opens nothing. Reads the token file: errc::bad_config.
  foreign_http(environment& env, const node_options& options);
  ~foreign_http();  ///< stops
  foreign_http(const foreign_http&) = delete;
  foreign_http& operator=(const foreign_http&) = delete;

  /// Takes requests from now on. The address with the port in use; throws errc::bad_config if it cannot be had.
  std::string open();

  /// Takes no more; what waits for an answer gets a fault. Idempotent.
  void stop();

private:
  struct server;
  std::unique_ptr<server> server_;
};

}  // namespace holdfast
