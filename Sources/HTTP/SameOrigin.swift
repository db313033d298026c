extension HTTPClient {
    /// Whether two URLs lead to the same scheme, host and port: what may be sent to one may be sent to the other.
    ///
    /// Judged by the parser that the transfers use, so that no text means one host here and another one there. False
    /// where one of them may not be asked at all.
    public static func isSameOrigin(_ first: String, _ second: String) -> Bool {
        guard let first = try? TargetURL(first), let second = try? TargetURL(second) else { return false }
        return first.origin == second.origin
    }
}
