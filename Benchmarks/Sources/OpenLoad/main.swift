// An open load for a server of HTTP/1.1, in plain system calls: requests are due at a fixed rate, and latencies count
// from then, not from when a connection was free to send them.
// `OpenLoad http://127.0.0.1:8080/hello --rate 10000 --connections 100 --seconds 10 --pid 123`
// It polls without sleeping, so it wants a core of its own, and reports how late it was itself. With --pid it reports
// what that process used meanwhile, and holds at the end. `OpenLoad percentiles < FILE` is for its test.
import Measure

let options = Options()
switch options.words.last {
case "percentiles": percentiles()
case let url?: Sender(url, options).run()
case nil: fail("usage: OpenLoad URL [--rate N] [--connections N] [--seconds S] [--arrivals even|random] [--pid PID]")
}

/// Those of nanoseconds, one a line.
func percentiles() {
  var histogram = Histogram()
  while let line = readLine() { UInt64(line).map { histogram.record($0) } }
  var report = Report()
  Latencies.add(histogram, "", to: &report)
  report.send()
}
