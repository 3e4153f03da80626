import Testing

/// One after the other: they count the descriptors and the children of the process.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SystemTests {}
