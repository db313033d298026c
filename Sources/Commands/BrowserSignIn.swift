import ConnectorKit
import NIOHTTP1
import PhotosAPI

/// Signs in with a browser: one on this machine that answers by itself, or any whose answer is pasted.
struct BrowserSignIn: Sendable {
    let context: CommandContext
    let console: Console
    let signIn: SignIn
    let scopes: Set<OAuthScope>
    /// Whether the browser is elsewhere.
    let isPasted: Bool

    /// How long a browser on this machine is waited for.
    static let patience = Duration.seconds(300)

    /// Where a browser elsewhere ends: rclone's own address, at which nobody listens here.
    private static let pastedAddress = "http://127.0.0.1:53682/"

    /// - Parameter isRenewable: whether there was a sign-in that could be renewed. Then the page of consent, which Google
    ///   shows again only where it is asked to, is not asked for at first.
    func outcome(isRenewable: Bool) async throws -> SignIn.Outcome {
        var outcome = try await attempt(asksForConsent: !isRenewable)
        if outcome.token.refreshToken == nil, isRenewable {
            console.note("Google gave a sign-in that ends within the hour; allow it once more for one that lasts")
            outcome = try await attempt(asksForConsent: true)
        }
        if outcome.token.refreshToken == nil {
            throw ConnectorError(
                .auth, "Google gave a sign-in that ends within the hour: it has no refresh token",
                hint: "check that the client id is of the type \"Desktop app\" (docs/google-client.md)")
        }
        return outcome
    }

    private func attempt(asksForConsent: Bool) async throws -> SignIn.Outcome {
        if isPasted { return try await pasted(asksForConsent: asksForConsent) }
        let listener = try await LoopbackListener.start()
        let authorization = authorization(listener.address, asksForConsent: asksForConsent)
        let answer: Result<Secret, any Error>
        do {
            answer = .success(try await answered(authorization, listener))
        } catch {
            answer = .failure(error)
        }
        await listener.stop()
        return try await signIn.finish(authorization, code: answer.get())
    }

    private func authorization(_ address: String, asksForConsent: Bool) -> Authorization {
        Authorization(
            client: signIn.client, redirectURI: address, scopes: scopes, asksForConsent: asksForConsent,
            runtime: context.runtime)
    }

    // MARK: A browser here

    private func answered(_ authorization: Authorization, _ listener: LoopbackListener) async throws -> Secret {
        let isOpened = Browser(environment: context.environment)?.open(authorization.url) ?? false
        console.ask(
            isOpened
                ? "A browser opens now. If it does not, open this link on this machine:"
                : "Open this link in a browser on this machine (for a browser elsewhere there is --no-browser):",
            link: authorization.url)
        return try await withThrowingTaskGroup(of: Authorization.Answer.self) { group in
            group.addTask { await answer(to: authorization, listener) }
            group.addTask {
                try await context.runtime.sleep(Self.patience)
                return .none
            }
            defer { group.cancelAll() }
            switch try await group.next() ?? .none {
            case .code(let code): return code
            case .refused(let error): throw error
            case .foreign, .none:
                try Task.checkCancellation()
                throw Failure(
                    .notAllowed, code: ConnectorError.Code.auth.rawValue, "nobody signed in within 5 minutes",
                    hint: "run it again; where the browser is on another machine, with --no-browser")
            }
        }
    }

    /// The first request that answers this attempt. All others are told so and change nothing: a browser asks for icons,
    /// and any page could send one here.
    private func answer(to authorization: Authorization, _ listener: LoopbackListener) async -> Authorization.Answer {
        for await request in listener.requests {
            let answer = authorization.answer(in: request.target)
            switch answer {
            case .code:
                request.reply(.init(status: .ok, text: "Google's answer has arrived. You can close this window.\n"))
                return answer
            case .refused(let error):
                request.reply(.init(status: .ok, text: "Not signed in: \(error.message). You can close this window.\n"))
                return answer
            case .foreign:
                console.warn("an answer to another sign-in came and was not used")
                request.reply(
                    .init(
                        status: .badRequest,
                        text: "This answers another sign-in. Open the link that gphotos shows now.\n"))
            case .none:
                request.reply(.init(status: .notFound, text: "There is nothing here.\n"))
            }
        }
        return .none
    }

    // MARK: A browser elsewhere

    private func pasted(asksForConsent: Bool) async throws -> SignIn.Outcome {
        let authorization = authorization(Self.pastedAddress, asksForConsent: asksForConsent)
        console.ask(
            "Open this link in any browser and allow the access. The browser ends at an address that begins with "
                + "\(Self.pastedAddress) and cannot be shown: copy that address, paste it here and press Enter. What "
                + "`rclone authorize \"google photos\"` prints will do too.",
            link: authorization.url)
        switch try await PastedSignIn.read(from: context.stdin) {
        case .token(let token, let clientID):
            if let clientID, clientID != signIn.client.id {
                throw Failure(
                    .badConfiguration, "what was pasted was made with another client id",
                    hint: "give rclone authorize the client id and the client secret of this one")
            }
            return try await signIn.adopt(token, scopes: scopes)
        case .redirect(let address):
            switch authorization.answer(in: address) {
            case .code(let code): return try await signIn.finish(authorization, code: code)
            case .refused(let error): throw error
            case .foreign:
                throw ConnectorError(
                    .auth, "the address that was pasted answers another sign-in",
                    hint: "run it again, and open the link that it shows then")
            case .none:
                throw ConnectorError(
                    .auth, "the address that was pasted holds no answer of Google",
                    hint:
                        "allow the access first; then copy the whole address, with everything behind the question mark")
            }
        }
    }
}
