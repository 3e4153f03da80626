// Serves a generated site to crawl, with loops, redirects and faults.
// Answers to: the sites that tutorials of crawlers use, such as quotes.toscrape.com.
// Run: `swift run Site [PORT [MILLISECONDS [PAGES]]] [dead-hosts]`.
import Swirl

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.compactMap { Int($0) }
let delay = Duration.milliseconds(numbers.count > 1 ? numbers[1] : 0)

let pages = numbers.count > 2 ? numbers[2] : 500

let site = SampleSite(pages: pages, delay: delay, hasDeadHosts: arguments.contains("dead-hosts"))
let listener = try site.makeServer(on: reactor).listen(numbers.first ?? 0)
print("\(site.pages) pages, from http://\(listener.localAddress)/page/0")
reactor.run()
