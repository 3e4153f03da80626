// Names that were changed, as the compiler explains them: swift-system has a `FileDescriptor`, and a reactor is released.

@available(*, unavailable, renamed: "FileDescriptorConvertible")
public typealias FileDescriptor = FileDescriptorConvertible
@available(*, unavailable, renamed: "ReactorReleasedError") public typealias ReactorGoneError = ReactorReleasedError
