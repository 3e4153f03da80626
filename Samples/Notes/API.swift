import Swirl

/// What a client may say of a new note.
private struct NewNote: Decodable { var text: String }

/// The same notes as JSON. Pages of other sites can't read them: there is no CORS.
@MainActor func addAPI(to router: Router, _ store: Store) {
  router.group("/api/notes") { api in
    api.intercept(requireLogin { throw HTTPServer.StatusError(.unauthorized, "log in first") })
    api.get("") { request in
      Deferred { try .json(await store.notes(of: request.user)) }
    }
    api.post("") { request in
      Deferred {
        let new = try request.json(as: NewNote.self)
        let note = try await store.add(Note(owner: request.user, text: new.text))
        return try .json(note, status: .created).with(.location, "/api/notes/\(note.id ?? 0)")
      }
    }
    api.get("/{id}") { request in
      Deferred {
        guard let note = try await store.note("id", request.parameter("id", as: Int64.self), of: request.user) else {
          throw HTTPServer.StatusError(.notFound)
        }
        return try .json(note)
      }
    }
    api.delete("/{id}") { request in
      Deferred {
        guard try await store.removeNote(request.parameter("id", as: Int64.self), of: request.user) else {
          throw HTTPServer.StatusError(.notFound)
        }
        return .status(.noContent)
      }
    }
  }
}
