import ConnectorKit
import HTTP

extension PhotosClient.Configuration {
    /// Where the sign-in may be sent: Google's own hosts for APIs and bytes, and the services that the settings name.
    ///
    /// The bytes of the Library API are no such case: their URLs are capabilities, and their host gets no sign-in.
    var credentialScope: CredentialScope {
        CredentialScope(domains: ["googleapis.com", "googleusercontent.com"], origins: [apiURL, pickerURL])
    }

    /// Refuses a URL that an answer named and that is nobody's business.
    /// - Throws: ``ConnectorError`` with code `rejected`.
    func checkMayHaveSignIn(_ url: String) throws(ConnectorError) {
        if credentialScope.contains(url) { return }
        throw ConnectorError(
            .rejected, "an answer names an address that is none of Google's; the sign-in is not sent there")
    }
}
