/// The pipes of a worker, by their numbers in its process. Its standard output stays that of the program.
enum WorkerDescriptors {
  static let calls: Int32 = 3
  static let answers: Int32 = 4
}
