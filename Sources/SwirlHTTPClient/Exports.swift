// The types of requests and responses: methods, statuses, field names and fields; limits and versions.
@_exported public import HTTPTypes
@_exported public import SwirlHTTPCore
