// Names that were changed, as the compiler explains them: swift-system has a `FileDescriptor`.

/// Renamed.
@available(*, unavailable, renamed: "FileDescriptorConvertible")
public typealias FileDescriptor = FileDescriptorConvertible
/// Renamed.
@available(*, unavailable, renamed: "ReactorReleasedError")
public typealias ReactorGoneError = ReactorReleasedError
