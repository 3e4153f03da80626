import Swirl

// Mistakes whose error says what to write.

func page(_ path: String) async throws -> String { path }

func server() -> HTTPServer {
  HTTPServer { request in .text(try await page(request.path)) }  // expect: request in Deferred { try await … }
}

func serverOfStatements() -> HTTPServer {
  HTTPServer { request in  // expect: request in Deferred { try await … }
    let text = try await page(request.path)
    return .text(text)
  }
}

@MainActor func status() {
  let page: Deferred = fetch("http://127.0.0.1:1/")
  page.raiseForStatus()  // expect: use addStatusCheck()
}
