import Swirl
import SwirlPlatform

struct Trouble: Error {}

/// Chains of every shape: the callback's body, its return value, and the next verb. No closure declares its return
/// type.
@MainActor final class Chains {
  private let url: String

  init(_ base: String) { url = base + "/page" }

  /// Starts all of them.
  func run() {
    voids()
    values()
    deferreds()
    errbacks()
    boths()
    lists()
  }

  private func page() -> Deferred<HTTPClient.Response> { fetch(url) }
  private func save(_ text: String) -> Deferred<Void> { .succeed() }
  private func failed() -> Deferred<String> { .fail(Trouble()) }
  private func log(_ what: Any) {}
  private func risky(_ text: String) throws { if text.isEmpty { throw Trouble() } }

  // MARK: - Callbacks that return nothing

  private func voids() {
    severalThenErrback()
    oneThenErrback()
    loneIf()
    ifElse()
    loneGuard()
    guardThenMore()
    earlyReturn()
    loneSwitch()
    loneLoop()
    loneDo()
    severalThenSeveral()
    severalThenBoth()
    assignsToALocal()
    nestedClosures()
    functionReference()
    throwingCall()
    discardsADeferred()
  }

  private func severalThenErrback() {
    page().addCallback { page in
      self.log(page.status)
      check("severalThenErrback", page.status == 200)
    }.addErrback { error in
      self.log(error)
      self.log("stop")
    }
  }
  private func oneThenErrback() {
    page().addCallback { check("oneThenErrback", $0.status == 200) }.addErrback { print($0) }
  }
  private func loneIf() {
    page().addCallback { page in
      if page.status == 200 { check("loneIf", true) }
    }.addErrback { print($0) }
  }
  private func ifElse() {
    page().addCallback { page in
      if page.status == 200 { check("ifElse", true) } else { self.log("no") }
    }.addErrback { print($0) }
  }
  private func loneGuard() {
    page().addCallback { page in
      guard page.status != 200 else { return check("loneGuard", true) }
    }.addCallback { self.log("next") }
  }
  private func guardThenMore() {
    page().addCallback { page in
      guard page.status == 200 else { throw Trouble() }
      check("guardThenMore", true)
    }.addErrback { print($0) }
  }
  private func earlyReturn() {
    page().addCallback { page in
      if page.status == 404 { return }
      self.log(page)
    }.addCallback { check("earlyReturn", true) }
  }
  private func loneSwitch() {
    page().addCallback { page in
      switch page.status {
      case 200: check("loneSwitch", true)
      default: self.log("no")
      }
    }.addBoth { self.log($0) }
  }
  private func loneLoop() {
    var bytes = 0
    page().addCallback { page in
      for byte in page.body where byte > 0 { bytes += 1 }
    }.addCallback { check("loneLoop", bytes == 10) }
  }
  private func loneDo() {
    page().addCallback { page in
      do { try self.risky(page.text) } catch { self.log(error) }
    }.addCallback { check("loneDo", true) }.addErrback { print($0) }
  }
  private func severalThenSeveral() {
    var order: [Int] = []
    page().addCallback { page in
      self.log(page)
      order.append(1)
    }.addCallback {
      self.log("second")
      order.append(2)
    }.addErrback { error in
      self.log(error)
      order.append(3)
    }.addBoth { _ in
      order.append(4)
      check("severalThenSeveral", order == [1, 2, 4])
    }
  }
  private func severalThenBoth() {
    page().addCallback { page in
      self.log(page)
      self.log("done")
    }.addBoth { result in
      self.log(result)
      check("severalThenBoth", true)
    }
  }
  private func assignsToALocal() {
    var text = ""
    page().addCallback { text = $0.text }.addCallback { check("assignsToALocal", text == "page /page") }
  }
  private func nestedClosures() {
    page().addCallback { page in
      let digits = page.body.filter { $0 > 47 }.map { Int($0) }
      digits.forEach { self.log($0) }
    }.addCallback { check("nestedClosures", true) }
  }
  private func functionReference() {
    page().addCallback(log).addCallback { check("functionReference", true) }.addErrback(log)
  }
  private func throwingCall() {
    page().addCallback { try self.risky($0.text) }.addCallback { check("throwingCall", true) }
  }
  private func discardsADeferred() {
    page().addCallback { page in _ = self.save(page.text) }.addCallback { check("discardsADeferred", true) }
  }

  // MARK: - Callbacks that return a value

  private func values() {
    keyPath()
    oneExpression()
    severalWithReturn()
    ifExpression()
    switchExpression()
    ternary()
    optional()
    tuple()
    arithmetic()
    throwsOrReturns()
    onlyThrows()
    decoded()
  }

  private func keyPath() { page().addCallback(\.text).addCallback { check("keyPath", $0 == "page /page") } }
  // scopes: 2750
  private func oneExpression() {
    page().addCallback { $0.text }.addCallback { check("oneExpression", $0 == "page /page") }.addErrback { print($0) }
  }
  private func severalWithReturn() {
    page().addCallback { page in
      self.log(page)
      return page.text.count
    }.addCallback { count in
      self.log(count)
      check("severalWithReturn", count == 10)
    }
  }
  // scopes: 1700
  private func ifExpression() {
    page().addCallback { page in
      if page.status == 200 { "ok" } else { "no" }
    }.addCallback { check("ifExpression", $0 == "ok") }
  }
  // scopes: 1900
  private func switchExpression() {
    page().addCallback { page in
      switch page.status {
      case 200: 1
      default: 2
      }
    }.addCallback { check("switchExpression", $0 == 1) }
  }
  // scopes: 1500
  private func ternary() {
    page().addCallback { $0.status == 200 ? "ok" : "no" }.addCallback { check("ternary", $0 == "ok") }
  }
  private func optional() {
    page().addCallback { Int($0.text) }.addCallback { check("optional", $0 == nil) }
  }
  // scopes: 73500
  private func tuple() {
    page().addCallback { ($0.status, $0.text) }.addCallback { status, text in
      check("tuple", status == 200 && text == "page /page")
    }
  }
  // scopes: 42500
  private func arithmetic() {
    page().addCallback { $0.text.count + 1 }.addCallback { check("arithmetic", $0 == 11) }.addErrback { print($0) }
  }
  // scopes: 4600
  private func throwsOrReturns() {
    page().addCallback { page in
      guard page.status == 404 else { throw Trouble() }
      return page.text
    }.addErrback { error in
      if error is Trouble { return "instead" }
      throw error
    }.addCallback { check("throwsOrReturns", $0 == "instead") }
  }
  private func onlyThrows() {
    page().addCallback { _ in throw Trouble() }.addErrback { check("onlyThrows", $0 is Trouble) }
  }
  // scopes: 1500
  private func decoded() {
    page().addCallback { page in
      let words: [Substring] = page.text.split(separator: " ")
      return words.map { $0.count }
    }.addCallback { counts in check("decoded", counts == [4, 5]) }
  }

  // MARK: - Callbacks that return a Deferred

  private func deferreds() {
    oneDeferred()
    severalThenDeferred()
    deferredInBranches()
    succeedInOneExpression()
    succeedFirst()
    againAndAgain(3).addCallback { check("againAndAgain", $0 == "page /page") }
    countDown(3).addCallback { check("countDown", true) }.addErrback { print($0) }
    deferredVoid()
    deferredVoidAfterStatements()
    listAsDeferred()
    ternaryOfDeferreds()
    threeInARow()
  }

  // scopes: 5100
  private func oneDeferred() {
    page().addCallback { _ in self.page() }.addCallback { check("oneDeferred", $0.status == 200) }
  }
  // scopes: 1100
  private func severalThenDeferred() {
    page().addCallback { page in
      self.log(page)
      return self.page()
    }.addCallback { page in
      self.log(page)
      check("severalThenDeferred", page.status == 200)
    }.addErrback { print($0) }
  }
  // scopes: 4200
  private func deferredInBranches() {
    page().addCallback { page in
      if page.status == 200 { return self.page() }
      return .succeed(page)
    }.addCallback { check("deferredInBranches", $0.status == 200) }
  }
  // scopes: 3400
  private func succeedInOneExpression() {
    page().addCallback { .succeed($0.text) }.addCallback { check("succeedInOneExpression", $0 == "page /page") }
  }
  private func succeedFirst() {
    let text: Deferred<String> = page().addCallback { page in
      if page.status == 200 { return .succeed(page.text) }
      return self.failed()
    }
    text.addCallback { check("succeedFirst", $0 == "page /page") }
  }
  private func againAndAgain(_ rounds: Int) -> Deferred<String> {
    page().addCallback { rounds == 0 ? .succeed($0.text) : self.againAndAgain(rounds - 1) }
  }
  private func countDown(_ rounds: Int) -> Deferred<Void> {
    page().addCallback { page in
      if rounds == 0 { return .succeed() }
      self.log(page)
      return self.countDown(rounds - 1)
    }
  }
  private func deferredVoid() {
    page().addCallback { self.save($0.text) }.addCallback { check("deferredVoid", true) }.addErrback { print($0) }
  }
  private func deferredVoidAfterStatements() {
    page().addCallback { page in
      let text = page.text
      return self.save(text)
    }.addCallback { check("deferredVoidAfterStatements", true) }
  }
  // scopes: 11100
  private func listAsDeferred() {
    page().addCallback { _ in DeferredList([self.page(), self.page()]) }
      .addCallback { check("listAsDeferred", $0.count == 2) }
  }
  // scopes: 3900
  private func ternaryOfDeferreds() {
    page().addCallback { $0.status == 200 ? self.page() : self.page() }
      .addCallback { check("ternaryOfDeferreds", $0.status == 200) }
  }
  // scopes: 50600
  private func threeInARow() {
    page().addCallback { _ in self.page() }.addCallback { _ in self.page() }.addCallback { $0.text }
      .addCallback { check("threeInARow", $0 == "page /page") }
  }

  // MARK: - Errbacks

  private func errbacks() {
    logAfterAValue()
    statementsAfterAValue()
    logAfterStatements()
    logInTheMiddle()
    recovers()
    recoversWithADeferred()
    recoversAfterStatements()
    succeedsInstead()
    throwsOn()
    switchInErrback()
    loneIfInErrback()
    fatalAfterAValue()
    fatalOfStatements()
    statementsAfterAPage()
    fetchesInstead()
    fetchesInsteadAfterStatements()
    fetchesInsteadInBoth()
  }

  private func logAfterAValue() {
    failed().addCallback { $0.count }.addErrback { check("logAfterAValue", $0 is Trouble) }
  }
  private func statementsAfterAValue() {
    failed().addCallback { text in
      self.log(text)
      return text.count
    }.addErrback { error in
      self.log(error)
      check("statementsAfterAValue", true)
    }
  }
  // scopes: 2900
  private func logAfterStatements() {
    failed().addCallback { text in
      self.log(text)
      return text.count
    }.addErrback { print($0) }.addCallback { check("logAfterStatements", $0 == nil) }
  }
  private func logInTheMiddle() {
    page().addCallback { $0.text }.addErrback { print($0) }.addBoth { _ in check("logInTheMiddle", true) }
  }
  private func recovers() { failed().addErrback { _ in "instead" }.addCallback { check("recovers", $0 == "instead") } }
  private func recoversWithADeferred() {
    failed().addErrback { _ in self.page().addCallback(\.text) }
      .addCallback { check("recoversWithADeferred", $0 == "page /page") }
  }
  private func recoversAfterStatements() {
    failed().addErrback { error in
      self.log(error)
      return self.page().addCallback(\.text)
    }.addCallback { check("recoversAfterStatements", $0 == "page /page") }
  }
  private func succeedsInstead() {
    failed().addErrback { _ in .succeed("instead") }.addCallback { check("succeedsInstead", $0 == "instead") }
  }
  private func throwsOn() {
    failed().addErrback { error in
      self.log(error)
      throw error
    }.addErrback { throw $0 }.addErrback { check("throwsOn", $0 is Trouble) }
  }
  private func switchInErrback() {
    page().addCallback { page in
      self.log(page)
      throw Trouble()
    }.addErrback { error in
      switch error {
      case is Trouble: check("switchInErrback", true)
      default: self.log("no")
      }
    }
  }
  private func loneIfInErrback() {
    failed().addCallback { text in
      self.log(text)
      self.log("done")
    }.addErrback { error in
      if error is Trouble { check("loneIfInErrback", true) }
    }
  }

  private func fatalAfterAValue() {
    page().addCallback { $0.text }.addErrback { fatalError("\($0)") }
      .addCallback { check("fatalAfterAValue", $0 == "page /page") }
  }
  // scopes: 7500
  private func fatalOfStatements() {
    page().addCallback { page in
      self.log(page)
      check("fatalOfStatements", page.status == 200)
    }.addErrback { error in
      self.log(error)
      exit(1)
    }
  }

  // `fetch` has two meanings, the awaited one included: a closure that returns it must mean the Deferred.
  private func statementsAfterAPage() {
    fetch("http://127.0.0.1:0/").addErrback { error in
      check("statementsAfterAPage", error is HTTPError)
      self.log("stop")
    }
  }
  private func fetchesInstead() {
    let url = url
    fetch("http://127.0.0.1:0/").addErrback { _ in fetch(url) }
      .addCallback { check("fetchesInstead", $0.status == 200) }
  }
  private func fetchesInsteadAfterStatements() {
    let url = url
    fetch("http://127.0.0.1:0/").addErrback { error in
      if error is CancelledError { throw error }
      return fetch(url)
    }.addCallback { page in
      self.log(page.text)
      check("fetchesInsteadAfterStatements", page.status == 200)
    }.addErrback { error in
      print(error)
      exit(1)
    }
  }
  private func fetchesInsteadInBoth() {
    let url = url
    fetch("http://127.0.0.1:0/").addBoth { result in
      self.log(result)
      return fetch(url)
    }.addCallback { page in
      self.log(page)
      check("fetchesInsteadInBoth", page.status == 200)
    }
  }

  // MARK: - addBoth and addCallbacks

  private func boths() {
    bothOfStatements()
    bothOfAValue()
    bothOfADeferred()
    bothAfterStatements()
    callbacksOfStatements()
    callbacksOfExpressions()
    callbacksOfDeferreds()
    callbacksOfValues()
  }

  private func bothOfStatements() {
    page().addBoth { result in
      self.log(result)
      self.log("stop")
    }.addCallback { check("bothOfStatements", true) }
  }
  private func bothOfAValue() {
    page().addBoth { result in try result.get().text }.addCallback { check("bothOfAValue", $0 == "page /page") }
  }
  // scopes: 5100
  private func bothOfADeferred() {
    failed().addBoth { _ in self.page() }.addCallback { check("bothOfADeferred", $0.status == 200) }
  }
  private func bothAfterStatements() {
    page().addBoth { result in
      let page = try result.get()
      self.log(page)
      return self.save(page.text)
    }.addCallback { check("bothAfterStatements", true) }
  }
  private func callbacksOfStatements() {
    page().addCallbacks(
      { page in
        self.log(page)
        check("callbacksOfStatements", true)
      },
      { error in
        self.log(error)
        self.log("stop")
      })
  }
  private func callbacksOfExpressions() {
    failed().addCallbacks({ print($0) }, { check("callbacksOfExpressions", $0 is Trouble) })
  }
  private func callbacksOfDeferreds() {
    failed().addCallbacks({ self.save($0) }, { _ in self.save("instead") })
      .addCallback { check("callbacksOfDeferreds", true) }
  }
  private func callbacksOfValues() {
    page().addCallbacks({ $0.text }, { "\($0)" }).addCallback { check("callbacksOfValues", $0 == "page /page") }
  }

  // MARK: - Lists

  // scopes: 1400
  private func lists() {
    listOfPages()
    gathered()
    raced()
  }

  private func listOfPages() {
    DeferredList([page(), page()]).addCallback { results in
      for result in results { self.log(result) }
      check("listOfPages", results.count == 2)
    }.addErrback { print($0) }
  }
  private func gathered() {
    gather(page(), failed().addErrback { _ in "none" }).addCallback { page, text in
      self.log(page)
      check("gathered", text == "none")
    }.addErrback { error in
      self.log(error)
      self.log("stop")
    }
  }
  private func raced() {
    race([page(), page()]).addCallback { winner in
      self.log(winner.index)
      check("raced", winner.value.status == 200)
    }.addErrback { print($0) }
  }
}
