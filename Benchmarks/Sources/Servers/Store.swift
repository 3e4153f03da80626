/// What a program keeps its pages in, for handlers that ask an actor.
actor Store {
  private let hello = Pages.hello

  func page(_ path: String) -> String { hello }
}
