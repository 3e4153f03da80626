import SwirlDeferred
import SwirlReactor

/// The questions that wait for an answer until a deadline, and one timer for all: one for each would cost as much as a
/// question itself.
///
/// The timer is that of an early deadline. When its question has ended meanwhile, it finds the next one.
final class QuestionDeadlines {
  /// Without an order; each question knows its place.
  @safe @exclusivity(unchecked) private var questions: [NameQuestion] = []
  @safe @exclusivity(unchecked) private var timer: DelayedCall?
  @safe @exclusivity(unchecked) private var timerDeadline = Instant(nanoseconds: .max)
  private unowned let reactor: Reactor

  init(on reactor: Reactor) { self.reactor = reactor }

  /// The question, which may be here already, has this much time from now on.
  func insert(_ question: NameQuestion, in timeout: Duration) {
    let deadline = Instant(nanoseconds: reactor.turnTime) + timeout
    if question.deadline == nil {
      question.deadlineIndex = questions.count
      questions.append(question)
    }
    question.deadline = deadline
    if timer == nil || deadline < timerDeadline { setTimer(deadline) }
  }

  func remove(_ question: NameQuestion) {
    guard question.deadline != nil else { return }
    question.deadline = nil
    let last = questions.removeLast()
    if last !== question {
      questions[question.deadlineIndex] = last
      last.deadlineIndex = question.deadlineIndex
    }
    if questions.isEmpty { timer.take()?.cancel() }
  }

  private func setTimer(_ deadline: Instant) {
    timer?.cancel()
    timerDeadline = deadline
    timer = reactor.callAt(deadline) { [self] in fire() }
  }

  private func fire() {
    timer = nil
    let now = reactor.now
    let due = questions.filter { $0.deadline! <= now }.sorted { $0.deadline! < $1.deadline! }
    for question in due { remove(question) }
    if let next = questions.lazy.map({ $0.deadline! }).min() { setTimer(next) }
    for question in due where !question.hasEnded && question.deadline == nil { question.timedOut() }
  }

  /// Releases all, without calls.
  func abandon() {
    timer = nil
    questions = []
  }
}
