// Chains of callbacks, gathering and cancelling: `Chains swirl` or `Chains nio`. The closures capture nothing, so that
// only the chain is measured.
import Measure

let options = Options()
let scale = options.has("--quick") ? 0.1 : 1.0
switch options.words.first {
case "swirl": swirlChains(scale)
case "nio": try nioChains(scale)
default: fail("usage: Chains swirl|nio [--quick]")
}
