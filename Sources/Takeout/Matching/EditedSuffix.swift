import Foundation

/// What Google Photos adds to the name of a copy that it or the person made of a photo. Such copies have no sidecar.
enum EditedSuffix {
    /// In the languages of exports that people have reported (google-photos-migrate, `langs.ts`; GPTH, `extras.dart`).
    private static let all: [String] = [
        "-edited", "-bearbeitet", "-modifié", "-modificato", "-editado", "-ha editado", "-bewerkt", "-edytowane",
        "-muokattu", "-redigeret", "-redigerad", "-redigert", "-editat", "-編集済み", "-编辑", "-已修改", "-已編輯", "-편집됨",
        "-измененный", "-отредактировано", "-düzenlendi", "-upravené", "-upraveno", "-effects", "-smile", "-mix",
        "-COLLAGE", "-ANIMATION",
    ].map { $0.precomposedStringWithCanonicalMapping.lowercased() }.sorted { $0.count > $1.count }

    /// The stem of the original: `IMG_1` for `IMG_1-edited`. Nil for what is no such copy.
    static func stripped(_ stem: String) -> String? {
        let lowered = stem.lowercased()
        for suffix in all where lowered.hasSuffix(suffix) && lowered != suffix {
            return String(stem.dropLast(suffix.count))
        }
        return nil
    }

    /// The stem of the original where the addition was cut with the rest of a long name: `…-edi`.
    static func strippedOfCut(_ stem: String) -> String? {
        guard stem.utf16.count >= ExportedName.longestBase, let dash = stem.lastIndex(of: "-"), dash != stem.startIndex
        else { return nil }
        let rest = stem[dash...].lowercased()
        return all.contains { $0.hasPrefix(rest) } ? String(stem[..<dash]) : nil
    }
}
