import Foundation
import Swirl

/// The pages, and what their forms post to.
@MainActor func addPages(to router: Router, _ store: Store) {
  router.get("/") { _ in .redirect(.seeOther, to: "/notes") }
  router.get("/login") { _ in loginPage() }
  router.post("/login") { request in
    Deferred {
      let (name, password) = try credentials(request)
      let user = try await store.user(name)
      guard try await Password.matches(password, user?.password), let user else {
        return loginPage("Name or password is wrong.", status: .forbidden)
      }
      return try loggedIn(user.id, request)
    }
  }
  router.post("/signup") { request in
    Deferred {
      let (name, password) = try credentials(request)
      guard (1...40).contains(name.count), (8...200).contains(password.utf8.count) else {
        return loginPage("A name has up to 40 characters, a password 8 at least.", status: .unprocessableContent)
      }
      guard let user = try await store.addUser(name, password: Password.hash(password)) else {
        return loginPage("That name is taken.", status: .conflict)
      }
      return try loggedIn(user, request)
    }
  }
  router.post("/logout") { request in
    try request.session.clear()
    return .redirect(.seeOther, to: "/login")
  }

  router.group("/notes") { notes in
    notes.intercept(requireLogin { .redirect(.seeOther, to: "/login") })
    notes.get("") { request in
      Deferred { listPage(try await store.notes(of: request.user)).with(.cacheControl, "no-store") }
    }
    notes.streaming(.post, "", bodyLimit: 100 << 20) { request in
      Deferred {
        let note = try await save(request, in: store)
        _ = try await store.add(note)
        return .redirect(.seeOther, to: "/notes")
      }
    }
    notes.post("/{id}/delete") { request in
      Deferred {
        guard try await store.removeNote(request.parameter("id", as: Int64.self), of: request.user) else {
          throw HTTPServer.StatusError(.notFound)
        }
        return .redirect(.seeOther, to: "/notes")
      }
    }
    notes.get("/files/{file}") { request in
      Deferred {
        guard let note = try await store.note("file", request.parameter("file"), of: request.user), let file = note.file
        else { throw HTTPServer.StatusError(.notFound) }
        // What may run scripts is saved, not shown.
        let name = note.isMedia ? nil : note.fileName
        return .file(store.path(ofFile: file), type: note.fileType, downloadName: name)
          .with(.cacheControl, "private, no-cache")
      }
    }
  }
}

/// Reads the form of a new note; its file goes to the disk piece by piece, as it arrives.
@MainActor private func save(_ request: HTTPServer.StreamedRequest, in store: Store) async throws -> Note {
  guard let user = request[CurrentUser.self] else { throw HTTPServer.StatusError(.unauthorized) }
  var note = Note(owner: user)
  do {
    for try await part in try request.parts() {
      if part.name == "text" { note.text = try await part.text() }
      // A form without a chosen file has one with an empty name.
      guard part.name == "file", note.file == nil, let name = part.fileName, !name.isEmpty else { continue }
      let file = UUID().uuidString
      (note.file, note.fileName, note.fileType) = (file, name, part.contentType ?? "application/octet-stream")
      let writer = reactor.files.writer(to: store.path(ofFile: file))
      for try await bytes in part { try await writer.write(bytes).value }
      try await writer.close().value
    }
    guard !note.text.isEmpty || note.file != nil else {
      throw HTTPServer.StatusError(.unprocessableContent, "a note has a text or a file")
    }
    return note
  } catch {
    // Without waiting: the task is cancelled if the client has disconnected.
    if let file = note.file { reactor.files.remove(store.path(ofFile: file)).addErrback { _ in } }
    throw error
  }
}

private func credentials(_ request: HTTPServer.Request) throws -> (name: String, password: String) {
  guard let name = request.formValue("name"), let password = request.formValue("password") else {
    throw HTTPServer.StatusError(.badRequest, "the form has a name and a password")
  }
  return (name, password)
}

private func loggedIn(_ user: Int64, _ request: HTTPServer.Request) throws -> HTTPServer.Response {
  try request.session["user", as: Int64.self] = user
  return .redirect(.seeOther, to: "/notes")
}

private func loginPage(_ problem: String = "", status: HTTPResponse.Status = .ok) -> HTTPServer.Response {
  .page(
    "Log in", status: status,
    """
    <p id="problem">\(problem)
    <form method="post">
      <input name="name" placeholder="name" autocomplete="username">
      <input name="password" type="password" placeholder="password" autocomplete="current-password">
      <button formaction="/login" id="login">Log in</button> <button formaction="/signup" id="signup">Sign up</button>
    </form>
    """)
}

private func listPage(_ notes: [Note]) -> HTTPServer.Response {
  .page(
    "Notes",
    """
    <form method="post" action="/logout"><button id="logout">Log out</button></form>
    <form method="post" action="/notes" enctype="multipart/form-data">
      <textarea name="text" placeholder="a note"></textarea>
      <input type="file" name="file"> <button id="add">Add</button>
    </form>
    <ul>\(notes.map(item))</ul>
    """)
}

private func item(_ note: Note) -> HTML {
  """
  <li><p>\(note.text)</p>\(fileItem(note))
    <form method="post" action="/notes/\(note.id ?? 0)/delete"><button>Delete</button></form>

  """
}

private func fileItem(_ note: Note) -> HTML {
  guard let file = note.file, let name = note.fileName else { return "" }
  let url = "/notes/files/\(file)"
  return switch note.isMedia ? note.fileType?.prefix(6) : nil {
  case "image/": "<img src=\"\(url)\" alt=\"\(name)\">"
  case "audio/": "<audio src=\"\(url)\" controls></audio>"
  case "video/": "<video src=\"\(url)\" controls></video>"
  default: "<a href=\"\(url)\">\(name)</a>"
  }
}

extension Note {
  /// Whether a browser shows the file: of these types nothing runs scripts, as an SVG does.
  var isMedia: Bool {
    ["image/png", "image/jpeg", "image/gif", "image/webp", "audio/wav", "audio/mpeg", "video/mp4", "video/webm"]
      .contains(fileType)
  }
}
