/// Media types by the extensions of names (IANA's registry).
enum MediaTypes {
  /// The type of a file with this name; a name without a known extension has bytes of no known type.
  /// - Parameter own: the program's types by extensions in lower case, which come first.
  static func type(ofName name: String, own: [String: String] = [:]) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return unknown }
    let suffix = name[name.index(after: dot)...].lowercased()
    return own[suffix] ?? types[suffix] ?? unknown
  }

  static let unknown = "application/octet-stream"

  private static let types: [String: String] = {
    var types = [
      // Texts, of which a browser would have to guess the encoding.
      "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8", "htm": "text/html; charset=utf-8",
      "html": "text/html; charset=utf-8", "ics": "text/calendar; charset=utf-8", "js": "text/javascript; charset=utf-8",
      "md": "text/markdown; charset=utf-8", "mjs": "text/javascript; charset=utf-8",
      "txt": "text/plain; charset=utf-8", "vtt": "text/vtt; charset=utf-8",
      // Formats that say it themselves.
      "atom": "application/atom+xml", "epub": "application/epub+zip", "geojson": "application/geo+json",
      "json": "application/json", "jsonld": "application/ld+json", "map": "application/json",
      "pdf": "application/pdf", "rss": "application/rss+xml", "rtf": "application/rtf", "wasm": "application/wasm",
      "webmanifest": "application/manifest+json", "xhtml": "application/xhtml+xml", "xml": "application/xml",
      "yaml": "application/yaml", "yml": "application/yaml",
    ]
    types.merge([
      "7z": "application/x-7z-compressed", "bz2": "application/x-bzip2", "gz": "application/gzip",
      "jar": "application/java-archive", "tar": "application/x-tar", "zip": "application/zip",
      "zst": "application/zstd",
      "doc": "application/msword", "odp": "application/vnd.oasis.opendocument.presentation",
      "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
      "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
      "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "ppt": "application/vnd.ms-powerpoint", "xls": "application/vnd.ms-excel",
      "otf": "font/otf", "ttf": "font/ttf", "woff": "font/woff", "woff2": "font/woff2",
    ]) { $1 }
    types.merge([
      "apng": "image/apng", "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif",
      "ico": "image/vnd.microsoft.icon", "jpeg": "image/jpeg", "jpg": "image/jpeg", "jxl": "image/jxl",
      "png": "image/png", "svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp",
      "aac": "audio/aac", "flac": "audio/flac", "m4a": "audio/mp4", "mp3": "audio/mpeg", "oga": "audio/ogg",
      "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "weba": "audio/webm",
      "avi": "video/x-msvideo", "m4v": "video/mp4", "mkv": "video/matroska", "mov": "video/quicktime",
      "mp4": "video/mp4", "mpeg": "video/mpeg", "ogv": "video/ogg", "webm": "video/webm",
    ]) { $1 }
    return types
  }()
}
