import SwirlNet

extension NameError: LookupFailure {
  package var lookupReason: String { reason }
}
