import ConnectorKit
import Testing

struct SecretTests {
    private struct Holder {
        var secret: Secret
        var optional: Secret?
        var list: [Secret]
        var table: [String: Secret]
        var wrapped: Result<Secret, ConnectorError>
    }

    private final class Box {
        let secret = Secret("hunter2")
    }

    private let secret = Secret("hunter2")

    private func everyPrint<Value>(of value: Value) -> [String] {
        var printed = ""
        print(value, to: &printed)
        var debugPrinted = ""
        debugPrint(value, to: &debugPrinted)
        var dumped = ""
        dump(value, to: &dumped)
        return [
            "\(value)", String(describing: value), String(reflecting: value), printed, debugPrinted, dumped,
            "\(value as Any)", "\(Optional(value) as Any)", String(reflecting: [value]),
            "\(walk(Mirror(reflecting: value)))",
        ]
    }

    /// What a logger that walks mirrors finds.
    private func walk(_ mirror: Mirror) -> [String] {
        mirror.children.flatMap { child in
            let below = Mirror(reflecting: child.value)
            return ["\(child.label ?? ""): \(child.value)"] + walk(below)
        }
    }

    @Test func alone() {
        for text in everyPrint(of: secret) {
            #expect(!text.contains("hunter2"))
            // Not even how long it is.
            #expect(!text.contains("*******"))
        }
        #expect("\(secret)" == "***")
        #expect(String(reflecting: secret) == "***")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func withinOthers() {
        let holder = Holder(
            secret: secret, optional: secret, list: [secret], table: ["k": secret], wrapped: .success(secret))
        for text in everyPrint(of: holder) + everyPrint(of: Box()) + everyPrint(of: (1, secret)) {
            #expect(!text.contains("hunter2"))
        }
        #expect("\(holder)".contains("***"))
    }

    @Test func withinATokenAndSettings() {
        let token = OAuthToken(accessToken: secret, refreshToken: secret, expiry: nil)
        for text in everyPrint(of: token) + everyPrint(of: token.json) { #expect(!text.contains("hunter2")) }
        #expect(Settings(["token": "hunter2"]).secret("token") == secret)
    }

    @Test func revealAndEquality() {
        #expect(secret.reveal() == "hunter2")
        #expect(secret == Secret("hunter2"))
        #expect(secret != Secret("hunter3"))
        #expect(Set([secret, Secret("hunter2")]).count == 1)
    }
}
