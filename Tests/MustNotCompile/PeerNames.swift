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
  _ = request.getBodyArgument("q")  // expect: renamed to 'formValue(_:)'
  _ = request.form["q"]  // expect: `formValue(name)` has a value
  _ = request.getCookie("q")  // expect: request.cookies[name]
  _ = request.matchInfo["q"]  // expect: request.parameter(name)
  _ = request.remote  // expect: renamed to 'clientAddress'
}

@MainActor func routes(_ router: Router) {
  router.use(.cors(origins: .any))  // expect: renamed to 'intercept(_:)'
  router.use { request, next in next(request) }  // expect: renamed to 'intercept(_:)'
  router.add(middleware: .sameOrigin())  // expect: renamed to 'intercept(_:)'
  router.addStatic("/static", "public")  // expect: StaticFiles(directory, at: "/static").respond
  router.get("/a") { _ in .noContent }  // expect: write .status(.noContent)
  router.get("/b") { _ in .text("b").setCookie("a", "1") }  // expect: HTTPServer.Cookie(name, value)
}

@MainActor func waiting(_ queue: DeferredQueue<Int>, _ error: any Error) throws {
  let _: Deferred<Int> = .success(1)  // expect: renamed to 'succeed(_:)'
  let _: Deferred<Int> = .failure(error)  // expect: renamed to 'fail(_:)'
  _ = succeed(1)  // expect: replaced by 'Deferred.succeed(_:)'
  _ = fail(error)  // expect: Deferred<Value>.fail(error)
  _ = asyncio.sleep(1)  // expect: reactor.sleep(.seconds(1))
  _ = reactor.callLater(1)  // expect: a Deferred of later is reactor.sleep
  _ = reactor.callLater(.seconds(1))  // expect: a Deferred of later is reactor.sleep
  _ = deferLater(reactor, 1) { 2 }  // expect: reactor.sleep(delay).addCallback
  try queue.put_nowait(1)  // expect: renamed to 'putNowait(_:)'
  _ = try queue.get_nowait()  // expect: renamed to 'getNowait()'
  _ = LoopingCall({ print("tick") })  // expect: LoopingCall(clock: reactor)
  _ = PeriodicCallback({ print("tick") }, 100)  // expect: renamed to 'LoopingCall'
  LoopingCall(clock: reactor) { print("tick") }.start(1)  // expect: start(every: .seconds(1))
  _ = IOLoop.current()  // expect: renamed to 'Reactor'
}

@MainActor func processes(_ process: ChildProcess) throws {
  _ = try reactor.spawnProcess("ls", stdout: .pipe)  // expect: standardOutput: .pipe
  _ = reactor.getProcessOutput("ls")  // expect: reactor.processOutput(program, arguments)
  _ = getProcessOutput("ls", ["-l"])  // expect: reactor.processOutput(program, arguments)
  _ = process.stdout  // expect: renamed to 'standardOutput'
  _ = process.pid  // expect: renamed to 'processID'
  _ = process.returncode  // expect: renamed to 'status'
  _ = process.wait()  // expect: process.ended.addCallback
  _ = process.communicate()  // expect: reactor.processOutput(program, input: bytes)
}

@MainActor func responses(_ page: HTTPClient.Response) throws {
  _ = page.status_code  // expect: renamed to 'status.code'
  try page.raise_for_status()  // expect: renamed to 'raiseForStatus()'
  _ = Agent()  // expect: renamed to 'HTTPClient'
  _ = HTTPServer { _ in .sendFile("index.html") }  // expect: file(_:)
  _ = HTTPServer.Response(text: "hello")  // expect: write .text(…)
}

@MainActor func sockets(_ socket: WebSocket, _ close: WebSocket.Close) {
  socket.onOpen { print("open") }  // expect: send at once
  socket.onError { print($0) }  // expect: in `close.error`
  socket.onBinary { print($0) }  // expect: onMessage is called with .text and .binary
  socket.onPing { print("ping") }  // expect: the socket answers pings
  socket.onPong { print("pong") }  // expect: read `roundTrip`
  _ = socket.protocol  // expect: renamed to 'subprotocol'
  _ = socket.readyState  // expect: renamed to 'isOpen'
  _ = socket.bufferedAmount  // expect: renamed to 'bufferedBytes'
  socket.writeMessage("hello")  // expect: renamed to 'send(_:)'
  socket.sendString("hello")  // expect: renamed to 'send(_:)'
  socket.sendText("hello")  // expect: renamed to 'send(_:)'
  socket.sendBytes([1])  // expect: renamed to 'send(_:)'
  socket.send(text: "hello")  // expect: renamed to 'send(_:)'
  socket.close(code: 4000, reason: "enough")  // expect: renamed to 'close(_:reason:)'
  socket.close(.normal)  // expect: renamed to 'normalClosure'
  _ = close.wasClean  // expect: renamed to 'isClean'
}
