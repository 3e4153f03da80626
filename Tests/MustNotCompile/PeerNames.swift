import Swirl

// The names of Twisted, Tornado, asyncio, SwiftNIO and others: the compiler answers with ours.
@MainActor func deferreds(_ page: Deferred<String>, _ number: Deferred<Int>, _ pages: [Deferred<String>]) async throws {
  page.map { $0.count }  // expect: renamed to 'addCallback(_:)'
  page.flatMap { _ in number }  // expect: renamed to 'addCallback(_:)'
  page.then { $0.count }  // expect: renamed to 'addCallback(_:)'
  page.whenSuccess { print($0) }  // expect: renamed to 'addCallback(_:)'
  page.whenFailure { print($0) }  // expect: renamed to 'addErrback(_:)'
  page.recover { _ in "" }  // expect: renamed to 'addErrback(_:)'
  page.flatMapError { _ in page }  // expect: renamed to 'addErrback(_:)'
  page.catch { print($0) }  // expect: renamed to 'addErrback(_:)'
  page.whenComplete { print($0) }  // expect: renamed to 'addBoth(_:)'
  page.always { print($0) }  // expect: renamed to 'addBoth(_:)'
  page.addDoneCallback { print($0) }  // expect: renamed to 'addBoth(_:)'
  page.cascade(to: page)  // expect: renamed to 'chainDeferred(_:)'
  page.setResult("")  // expect: renamed to 'callback(_:)'
  page.setException(CancelledError())  // expect: renamed to 'errback(_:)'
  _ = try page.wait()  // expect: a thread that waits cannot run its reactor
  _ = try await page.get()  // expect: await its `value`
  _ = page.called  // expect: renamed to 'isFired'
  _ = gather(pages)  // expect: renamed to 'gatherResults(_:)'
  _ = multi(pages)  // expect: renamed to 'gatherResults(_:)'
  _ = ensureDeferred { 1 }  // expect: Deferred { try await … }
  _ = deferLater(reactor, .seconds(1)) { 1 }  // expect: reactor.sleep(delay).addCallback
  _ = waitFor(page, .seconds(1))  // expect: deferred.addTimeout(limit, clock: reactor)
  let _: Future<Int>  // expect: renamed to 'Deferred'
  let _: EventLoopFuture<Int>  // expect: renamed to 'Deferred'
  let _: EventLoopPromise<Int>  // expect: renamed to 'Deferred'
}

@MainActor func reactors() {
  reactor.callLater(1) { print("later") }  // expect: a delay is a Duration
  reactor.callLater(0.5) { print("later") }  // expect: a delay is a Duration
  reactor.callFromThread { print("soon") }  // expect: reactor.remote.callFromThread
  reactor.deferLater(.seconds(1)) { 1 }  // expect: reactor.sleep(delay).addCallback
  _ = reactor.getDelayedCalls()  // expect: renamed to 'delayedCalls'
  _ = reactor.seconds()  // expect: renamed to 'now'
  reactor.addCallback { print("soon") }  // expect: renamed to 'callSoon(_:)'
  reactor.execute { print("soon") }  // expect: renamed to 'callSoon(_:)'
  reactor.addTimeout(.seconds(1)) { print("later") }  // expect: renamed to 'callLater(_:_:)'
  reactor.scheduleTask(in: .seconds(1)) { print("later") }  // expect: renamed to 'callLater(_:_:)'
  reactor.runInExecutor { 1 }  // expect: renamed to 'deferToThread(_:)'
  reactor.runForever()  // expect: renamed to 'run()'
  _ = reactor.makePromise(of: Int.self)  // expect: Deferred<Value>() makes one
  let _: IOLoop  // expect: renamed to 'Reactor'
  let _: EventLoop  // expect: renamed to 'Reactor'
  let _: MultiThreadedEventLoopGroup  // expect: renamed to 'ReactorGroup'
  let _: PeriodicCallback  // expect: renamed to 'LoopingCall'
  _ = LoopingCall(reactor) { print("tick") }  // expect: renamed to 'init(clock:_:)'
}

@MainActor func connections(_ transport: any Transport) throws {
  transport.loseConnection()  // expect: renamed to 'close()'
  transport.abortConnection()  // expect: renamed to 'abort()'
  transport.writeEOF()  // expect: renamed to 'closeWrite()'
  _ = transport.getPeer()  // expect: renamed to 'peerAddress'
  transport.pauseProducing()  // expect: renamed to 'pauseReading()'
  try reactor.listenSSL(443)  // expect: listenTCP(port, tls: configuration)
}

@MainActor func requests(_ page: HTTPClient.Response, _ request: HTTPServer.Request, _ client: HTTPClient) {
  _ = page.statusCode  // expect: renamed to 'status.code'
  _ = page.content  // expect: `body` has the bytes
  _ = client.get("http://127.0.0.1/")  // expect: renamed to 'fetch(_:)'
  _ = client.execute(HTTPClient.Request("http://127.0.0.1/"))  // expect: renamed to 'fetch(_:)'
  _ = client.post("http://127.0.0.1/")  // expect: method: .post
  _ = getPage("http://127.0.0.1/")  // expect: renamed to 'fetch(_:)'
  let _: AsyncHTTPClient  // expect: renamed to 'HTTPClient'
  let _: ClientSession  // expect: renamed to 'HTTPClient'
  _ = request.getArgument("q")  // expect: renamed to 'queryValue(_:)'
}
