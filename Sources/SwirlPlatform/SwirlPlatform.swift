// The one import of the C library. A file that calls it imports this module, under its own name on each system.
//
// A module of headers cannot stand in for it: the types of the headers would belong to that module or to Swift's own
// module of the C library, whichever the compiler happens to load first.

#if canImport(Glibc)
@_exported public import Glibc
#elseif canImport(Musl)
@_exported public import Musl
#else
@_exported public import Darwin
#endif
