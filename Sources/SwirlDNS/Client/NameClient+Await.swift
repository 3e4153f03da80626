import SwirlDeferred
public import SwirlNet

// The awaited forms. Like the client, they are for its reactor's thread: they run on the caller's actor.

extension NameClient {
  /// Looks up the records of a name: `try await names.lookup("example.com", .mx)`.
  ///
  /// Throws a ``NameError``, or a `CancelledError` if its task is cancelled.
  public func lookup<Value>(_ name: String, _ type: RecordType<Value>) async throws -> NameAnswer<Value> {
    let answer: Deferred<NameAnswer<Value>> = lookup(name, type)
    return try await answer.value
  }

  /// Looks up the records of a name. See above.
  public func lookup<Value>(_ name: DNSName, _ type: RecordType<Value>) async throws -> NameAnswer<Value> {
    let answer: Deferred<NameAnswer<Value>> = lookup(name, type)
    return try await answer.value
  }

  /// Gives the whole answer of the first server that can answer.
  public func query<Value>(_ name: String, _ type: RecordType<Value>) async throws -> DNSMessage {
    let message: Deferred<DNSMessage> = query(name, type)
    return try await message.value
  }

  /// Looks up the addresses of a host, in the order in which to try them.
  public func addresses(of host: String) async throws -> [SocketAddress] {
    let addresses: Deferred<[SocketAddress]> = addresses(of: host)
    return try await addresses.value
  }

  /// Looks up the servers of a service, in the order in which to try them.
  public func services(_ service: String) async throws -> [SRVRecord] {
    let servers: Deferred<[SRVRecord]> = services(service)
    return try await servers.value
  }

  /// Looks up the names of an address.
  public func names(of address: String) async throws -> [DNSName] {
    let names: Deferred<[DNSName]> = names(of: address)
    return try await names.value
  }

  /// Looks up how to reach an origin of HTTPS, in the order in which to try.
  public func endpoints(ofHTTPS host: String, port: Int = 443) async throws -> [ServiceEndpoint] {
    let endpoints: Deferred<[ServiceEndpoint]> = endpoints(ofHTTPS: host, port: port)
    return try await endpoints.value
  }
}
