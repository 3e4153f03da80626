public import SwirlDeferred
import SwirlReactor

extension NameClient {
  /// Looks up the records of a name: `names.lookup("example.com", .mx)`.
  ///
  /// Fails with a ``NameError``: with the code `.noSuchName` if the name does not exist, `.noData` if it has no record
  /// of this type. Cancelling affects this call only. Twisted: `lookupMailExchange` and the like; dnspython: `resolve`;
  /// aiodns: `query`.
  ///
  /// - Parameters:
  ///   - name: the name, which is absolute, with or without a dot at its end.
  ///   - type: the type of the records.
  public func lookup<Value>(_ name: String, _ type: RecordType<Value>) -> Deferred<NameAnswer<Value>> {
    do throws(NameError) { return lookup(try DNSName(name), type) } catch { return .fail(error) }
  }

  // In two forms: programs look up addresses more often than anything else, and code for any type costs more.
  /// Looks up the records of a name. See above.
  @_specialize(where Value == IPAddress)
  public func lookup<Value>(_ name: DNSName, _ type: RecordType<Value>) -> Deferred<NameAnswer<Value>> {
    followFiles()
    if let kept = keptAnswer(name, type.number) {
      switch kept {
      case .success(let found): return .succeed(NameAnswer(name, type, found, at: reactor.now))
      case .failure(let error): return .fail(error)
      }
    }
    let waiter = NameWaiter()
    let answer = Deferred<NameAnswer<Value>>(canceller: { _ in waiter.cancel() })
    waiter.completion = { result in
      switch result {
      case .success(.records(let found)): answer.callback(NameAnswer(name, type, found))
      case .success(.message): preconditionFailure("a lookup was answered with a message")
      case .failure(let error): answer.errback(error)
      }
    }
    ask(name, type.number, for: waiter)
    return answer
  }

  /// Asks for a type of records, and gives the whole answer of the first server that can answer: with what it says
  /// beside the records, aliases that it did not follow, and NXDOMAIN, which is no failure here. It is neither kept nor
  /// shared. dig shows the same.
  ///
  /// - Parameters:
  ///   - name: the name, which is absolute.
  ///   - type: the type of the records.
  public func query<Value>(_ name: String, _ type: RecordType<Value>) -> Deferred<DNSMessage> {
    let asked: DNSName
    do throws(NameError) { asked = try DNSName(name) } catch { return .fail(error) }
    followFiles()
    var waiter: NameWaiter?
    let answer = Deferred<DNSMessage>(canceller: { _ in waiter?.cancel() })
    waiter = ask(asked, type.number, isRaw: true) { result in
      switch result {
      case .success(.message(let message)): answer.callback(message)
      case .success(.records): preconditionFailure("a query was answered with records")
      case .failure(let error): answer.errback(error)
      }
    }
    return answer
  }
}
