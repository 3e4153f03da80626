import SwirlDeferred
import SwirlNet
import SwirlReactor

/// The questions that wait for an answer until a deadline, and one timer for all.
final class QuestionDeadlines {
  /// Without an order; each question knows its place.
  @safe @exclusivity(unchecked) private var questions: [NameQuestion] = []
  private let timer: RequestDeadlines
  private unowned let reactor: Reactor

  init(on reactor: Reactor) {
    self.reactor = reactor
    timer = RequestDeadlines(on: reactor)
    timer.onTime = { [unowned self] in expire(at: $0) }
  }

  /// The question, which may be here already, has this much time from now on.
  func insert(_ question: NameQuestion, in timeout: Duration) {
    let deadline = Instant(nanoseconds: reactor.turnTime) + timeout
    if question.deadline == nil {
      question.deadlineIndex = questions.count
      questions.append(question)
    }
    question.deadline = deadline
    timer.cover(deadline.nanoseconds)
  }

  func remove(_ question: NameQuestion) {
    guard question.deadline != nil else { return }
    question.deadline = nil
    let last = questions.removeLast()
    if last !== question {
      questions[question.deadlineIndex] = last
      last.deadlineIndex = question.deadlineIndex
    }
    if questions.isEmpty { timer.clear() }
  }

  /// Ends what is over, and returns the next deadline.
  private func expire(at now: Int64) -> Int64 {
    let due = questions.filter { $0.deadline!.nanoseconds <= now }.sorted { $0.deadline! < $1.deadline! }
    for question in due { remove(question) }
    for question in due where !question.hasEnded && question.deadline == nil { question.timedOut() }
    let next = questions.lazy.map { $0.deadline!.nanoseconds }.min() ?? .max
    return RequestDeadlines.next(next, searching: questions.count, at: now)
  }

  /// Releases all, without calls.
  func abandon() {
    timer.cancel()
    questions = []
  }
}
