import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The ways into a library, by the scheme of a location; what reaches most comes first.
public enum SourceKind: String, Sendable, Hashable, CaseIterable {
    /// Takeout exports in a directory.
    case takeout
    /// What a person chooses in the Picker.
    case picker
    /// The Library API.
    case library

    /// - Parameter location: nil for the default. An unknown scheme is told by whoever reads the settings.
    public init(location: String?) {
        let location = location ?? ""
        self =
            location.hasPrefix(TakeoutSettings.scheme)
            ? .takeout : location.hasPrefix(PickerSettings.scheme) ? .picker : .library
    }

    /// What every source that is signed in has, whichever of the two ways it is.
    /// - Throws: ``ConnectorError`` with code `config`, which names the setting.
    public static func signedIn(_ settings: Settings) throws(ConnectorError) -> LibrarySettings {
        if Self(location: settings["location"]) == .picker { return try PickerSettings(settings).library }
        return try LibrarySettings(settings)
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
                keepsState: options.keepsState, reporter: reporter, runtime: runtime)
        case .picker:
            try PickerImporter(
                settings: settings, options: options, reporter: reporter, runtime: runtime, reload: reload)
        case .takeout:
            try TakeoutImporter(settings: settings, options: options, reporter: reporter, runtime: runtime)
        }
    }

    /// With exports and what was chosen in the Picker beside the service, where the settings say so.
    private static func makeLibraryImporter(
        _ service: PhotosImporter, keepsState: Bool, reporter: any ConnectorReporter, runtime: Runtime
    ) throws -> any Importer {
        if service.settings.takeout == nil, !service.settings.showsPicks { return service }
        return try OneLibraryImporter(
            service: service, keepsState: keepsState, reporter: reporter, runtime: runtime)
    }
}
