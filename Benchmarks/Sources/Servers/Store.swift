/// An actor that holds the pages, for handlers that await an actor.
actor Store {
  private let hello = Pages.hello

  func page(_ path: String) -> String { hello }
}
