import ConnectorKit
import StrictJSON

extension FakePhotosServer {
    /// A configuration as rclone writes it, with a section for every account.
    ///
    /// The access tokens are over, so that a client must ask for new ones; `api_url` and the others lead here.
    public func rcloneConfig() throws(ConnectorError) -> String {
        var text = ""
        for account in library.accountNames {
            let credentials = try library.credentials(account: account)
            let token = JSON.object([
                "access_token": "ya29.expired", "token_type": "Bearer",
                "refresh_token": .string(credentials.refreshToken), "expiry": "2026-01-01T12:00:00.123456789+01:00",
            ])
            text += """
                [\(account)]
                type = google photos
                client_id = \(credentials.clientID)
                client_secret = \(credentials.clientSecret)
                token = \(token.text)
                auth_url = \(baseURL)/auth
                token_url = \(baseURL)/token
                api_url = \(baseURL)
                picker_url = \(baseURL)/picker


                """
        }
        return text
    }
}
