import CCurl
import Foundation

/// The additional certificates of a `caFile`, together with the system's.
///
/// CURLOPT_CAINFO *replaces* libcurl's built-in bundle (Debian: /etc/ssl/certs/ca-certificates.crt). The system's roots
/// would then come from the built-in CURLOPT_CAPATH alone (Debian: /etc/ssl/certs), which other systems do not have
/// and which small containers ship without its hash links. So both files go into one CURLOPT_CAINFO_BLOB, and CAPATH
/// stays as it is. Without a `caFile`, nothing is set and libcurl's own defaults hold.
final class TrustAnchors: Sendable {
    /// PEM. A blob is not copied by libcurl: this object must outlive the transfers.
    private let pem: UnsafeBytes

    /// - Throws: ``HTTPError/Code/unusableCAFile``.
    convenience init(caFile: String) throws(HTTPError) {
        let bundle = curl_version_info(CURLVERSION_SEVENTH)?.pointee.cainfo.map { String(cString: $0) }
        try self.init(caFile: caFile, systemBundle: bundle)
    }

    init(caFile: String, systemBundle: String?) throws(HTTPError) {
        var merged: Data
        do {
            merged = try Data(contentsOf: URL(fileURLWithPath: caFile))
        } catch {
            throw HTTPError(.unusableCAFile, "the certificate file \(caFile) cannot be read")
        }
        guard merged.range(of: Data("-----BEGIN CERTIFICATE-----".utf8)) != nil else {
            throw HTTPError(.unusableCAFile, "the certificate file \(caFile) holds no certificate in PEM form")
        }
        // A system without a bundle has its roots in CAPATH, or has none.
        if let systemBundle, let system = try? Data(contentsOf: URL(fileURLWithPath: systemBundle)) {
            merged.append(UInt8(ascii: "\n"))
            merged.append(system)
        }
        pem = UnsafeBytes(copying: merged)
    }

    func apply(to easy: EasyHandle) throws(CurlFailure) {
        try easy.set(CURLOPT_CAINFO_BLOB, blob: pem.buffer)
        try easy.set(CURLOPT_PROXY_CAINFO_BLOB, blob: pem.buffer)
    }
}

/// Bytes at an address that does not change.
///
/// Unchecked, because of the pointer: the bytes are written in `init` only and freed in `deinit`.
private final class UnsafeBytes: @unchecked Sendable {
    let buffer: UnsafeRawBufferPointer

    init(copying data: Data) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 1)
        copy.copyBytes(from: data)
        buffer = UnsafeRawBufferPointer(copy)
    }

    deinit { buffer.deallocate() }
}
