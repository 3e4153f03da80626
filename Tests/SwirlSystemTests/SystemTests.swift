import Testing

/// Serialized: they count the descriptors and the children of the process.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SystemTests {}
