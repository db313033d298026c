import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The ways into a library, by the scheme of a location.
public enum SourceKind: String, Sendable, Hashable {
    /// The Library API.
    case library
    /// Takeout exports in a directory.
    case takeout

    /// - Parameter location: nil for the default. An unknown scheme is told by whoever reads the settings.
    public init(location: String?) {
        self = location?.hasPrefix(TakeoutSettings.scheme) == true ? .takeout : .library
    }

    /// The importer that settings ask for.
    /// - Parameter reload: asked for the sign-in before it is renewed, where it is known who keeps it.
    public static func makeImporter(
        settings: Settings, options: ConnectorOptions, reporter: any ConnectorReporter, runtime: Runtime,
        reload: @escaping TokenReload = { nil }
    ) throws -> any Importer {
        switch SourceKind(location: settings["location"]) {
        case .library:
            try makeLibraryImporter(
                PhotosImporter(
                    settings: settings, options: options, reporter: reporter, runtime: runtime, reload: reload),
                reporter: reporter, runtime: runtime)
        case .takeout:
            try TakeoutImporter(settings: settings, options: options, reporter: reporter, runtime: runtime)
        }
    }

    /// With exports beside the service, where the settings name some.
    private static func makeLibraryImporter(
        _ service: PhotosImporter, reporter: any ConnectorReporter, runtime: Runtime
    ) throws -> any Importer {
        guard let directory = service.settings.takeout else { return service }
        return try OneLibraryImporter(service: service, directory: directory, reporter: reporter, runtime: runtime)
    }
}
