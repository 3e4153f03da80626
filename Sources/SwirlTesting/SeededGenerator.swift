package import SwirlReactor

/// Random numbers that are the same in every run.
package typealias SeededGenerator = SplitMix64
