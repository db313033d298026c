import FakePhotos
import Foundation

/// How Takeout names files, which the fake service does as well.
public typealias TakeoutNamer = FakePhotos.TakeoutNamer

/// Makes an export as Google would: an item in the folder of its year and in those of its albums, each with its sidecar.
public struct TakeoutBuilder {
    /// How the parts are packed.
    public enum Packing: String, Sendable, CaseIterable {
        case zip, zip64, tgz, folder
    }

    public struct Item: Sendable {
        public var title: String
        public var bytes: [UInt8]
        /// Seconds since 1970.
        public var taken: Int64
        public var url = ""
        public var description = ""
        public var albums: [String] = []
        public var people: [String] = []
        public var isFavorite = false
        public var isArchived = false
        public var isTrashed = false
        public var latitude = 0.0
        public var longitude = 0.0
        public var hasSidecar = true
        public var hasMedia = true
        /// Whether it is in its year's folder, and not in albums alone as what others have shared.
        public var isInLibrary = true

        public init(_ title: String, _ bytes: [UInt8], taken: Int64 = 1_714_989_600) {
            self.title = title
            self.bytes = bytes
            self.taken = taken
        }

        var sidecar: String {
            func quoted(_ text: String) -> String {
                "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
            }
            var fields = [
                "\"title\":\(quoted(title))", "\"description\":\(quoted(description))", "\"imageViews\":\"1\"",
                "\"creationTime\":{\"timestamp\":\"\(taken + 60)\",\"formatted\":\"x\"}",
                "\"photoTakenTime\":{\"timestamp\":\"\(taken)\",\"formatted\":\"x\"}",
                "\"geoData\":{\"latitude\":\(latitude),\"longitude\":\(longitude),\"altitude\":0.0}",
                "\"googlePhotosOrigin\":{\"mobileUpload\":{\"deviceType\":\"ANDROID_PHONE\"}}",
            ]
            if !people.isEmpty {
                fields.append("\"people\":[" + people.map { "{\"name\":\(quoted($0))}" }.joined(separator: ",") + "]")
            }
            if !url.isEmpty { fields.append("\"url\":\(quoted(url))") }
            if isFavorite { fields.append("\"favorited\":true") }
            if isArchived { fields.append("\"archived\":true") }
            if isTrashed { fields.append("\"trashed\":true") }
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    public var root = "Takeout/Google Photos"
    public var yearFolder = "Photos from "
    public var trash = "Trash"
    public var albumFile = "metadata.json"
    public var style = TakeoutNamer.Style.supplemental
    public private(set) var files: [PackedFile] = []
    private var namers: [String: TakeoutNamer] = [:]
    private var albums: Set<String> = []

    public init() {}

    public mutating func add(_ item: Item) {
        var folders = item.albums
        if item.isTrashed {
            folders.append(trash)
        } else if item.isInLibrary {
            folders.append(yearFolder + String(Calendar.year(of: item.taken)))
        }
        for folder in folders {
            let names = namers[folder, default: TakeoutNamer(style)].name(item.title)
            if item.hasMedia { files.append(PackedFile("\(root)/\(folder)/\(names.file)", item.bytes)) }
            if item.hasSidecar { files.append(PackedFile("\(root)/\(folder)/\(names.sidecar)", item.sidecar)) }
        }
        for album in item.albums where albums.insert(album).inserted {
            files.append(PackedFile("\(root)/\(album)/\(albumFile)", "{\"title\":\"\(album)\",\"description\":\"\"}"))
        }
    }

    /// Any other file.
    public mutating func add(_ file: PackedFile) { files.append(file) }

    /// Writes the export in so many parts, the files dealt out to them in turn: an item and its sidecar are hardly ever in
    /// the same.
    public func write(to directory: String, stamp: String, parts: Int = 1, packing: Packing = .zip) throws {
        for part in 0..<parts {
            let dealt = files.enumerated().filter { $0.offset % parts == part }.map(\.element)
            let number = String(1000 + part + 1).dropFirst()
            let name = "\(directory)/takeout-\(stamp)-\(number)"
            switch packing {
            case .zip: try Data(ZipWriter(dealt).bytes).write(to: URL(fileURLWithPath: name + ".zip"))
            case .zip64: try Data(ZipWriter(dealt, isZip64: true).bytes).write(to: URL(fileURLWithPath: name + ".zip"))
            case .tgz: try Data(TarWriter(dealt).bytes()).write(to: URL(fileURLWithPath: name + ".tgz"))
            case .folder:
                for file in dealt {
                    let path = name + "/" + file.path
                    try FileManager.default.createDirectory(
                        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try Data(file.bytes).write(to: URL(fileURLWithPath: path))
                }
            }
        }
    }
}

private enum Calendar {
    /// The year in UTC.
    static func year(of seconds: Int64) -> Int {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        return Int(parts.tm_year) + 1900
    }
}
