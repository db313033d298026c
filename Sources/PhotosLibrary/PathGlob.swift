import ConnectorKit

/// A pattern of pathnames, as rclone's filters write them. <https://rclone.org/filtering/#patterns>
///
/// `*` is any text within a part, `**` any text, `?` one character, `[a-z]` one of a class, `{a,b}` either; `\` takes
/// away a meaning. With a `/` at the start it matches from the root on, else any end of a pathname that begins at a part.
/// A `/` at the end means all that is below.
///
/// Matched by following all ways at once, so that no pattern takes long.
public struct PathGlob: Sendable, Hashable {
    /// As it was written.
    public let text: String
    private let alternatives: [[Token]]

    private enum Token: Sendable, Hashable {
        case scalar(Unicode.Scalar)
        case one
        case within
        case across
        case set([ClosedRange<Unicode.Scalar>], isInverted: Bool)
    }

    /// - Throws: ``ConnectorError`` with code `config` where a bracket or brace is not closed.
    public init(_ text: String) throws(ConnectorError) {
        self.text = text
        var pattern = text.precomposedStringWithCanonicalMapping
        if pattern.hasSuffix("/") { pattern += "**" }
        if pattern.isEmpty { throw Self.fault(text, "is empty") }
        var parsed: [[Token]] = []
        for alternative in try Self.expanded(Array(pattern.unicodeScalars), text) {
            let tokens = try Self.tokens(alternative[...], text)
            if tokens.first == .scalar("/") {
                parsed.append(tokens)
            } else {
                // At the root, or after any directory.
                parsed.append([.scalar("/")] + tokens)
                parsed.append([.scalar("/"), .across, .scalar("/")] + tokens)
            }
        }
        alternatives = parsed
    }

    private static func fault(_ text: String, _ reason: String) -> ConnectorError {
        ConnectorError(.config, "the pattern \"\(text)\" \(reason)", hint: "put a \\ before what is meant as it is")
    }

    /// `{a,b}` as a pattern with `a` and one with `b`.
    private static func expanded(_ pattern: [Unicode.Scalar], _ text: String) throws(ConnectorError)
        -> [[Unicode.Scalar]]
    {
        var index = 0
        while index < pattern.count {
            switch pattern[index] {
            case "\\": index += 2
            case "{":
                var end = index + 1
                var choices: [[Unicode.Scalar]] = [[]]
                while end < pattern.count, pattern[end] != "}" {
                    if pattern[end] == "{" { throw fault(text, "has a brace within braces") }
                    if pattern[end] == "," {
                        choices.append([])
                    } else {
                        choices[choices.count - 1].append(pattern[end])
                        if pattern[end] == "\\", end + 1 < pattern.count {
                            end += 1
                            choices[choices.count - 1].append(pattern[end])
                        }
                    }
                    end += 1
                }
                if end >= pattern.count { throw fault(text, "has a brace that is not closed") }
                var all: [[Unicode.Scalar]] = []
                let rests = try expanded(Array(pattern[(end + 1)...]), text)
                for choice in choices { for rest in rests { all.append(pattern[..<index] + choice + rest) } }
                if all.count > 1000 { throw fault(text, "stands for more than 1,000 patterns") }
                return all
            default: index += 1
            }
        }
        return [pattern]
    }

    private static func tokens(
        _ pattern: ArraySlice<Unicode.Scalar>, _ text: String
    ) throws(ConnectorError) -> [Token] {
        var tokens: [Token] = []
        var rest = pattern
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                guard let next = rest.popFirst() else { throw fault(text, "ends with a \\") }
                tokens.append(.scalar(next))
            case "?": tokens.append(.one)
            case "*":
                if rest.first == "*" {
                    while rest.first == "*" { rest.removeFirst() }
                    tokens.append(.across)
                } else {
                    tokens.append(.within)
                }
            case "[": tokens.append(try set(&rest, text))
            default: tokens.append(.scalar(scalar))
            }
        }
        return tokens
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>, _ text: String) throws(ConnectorError) -> Token {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let isInverted = rest.first == "^" || rest.first == "!"
        if isInverted { rest.removeFirst() }
        while let scalar = rest.popFirst() {
            if scalar == "]", !ranges.isEmpty { return .set(ranges, isInverted: isInverted) }
            let low = scalar == "\\" ? rest.popFirst() ?? scalar : scalar
            var high = low
            if rest.first == "-", let next = rest.dropFirst().first, next != "]" {
                rest.removeFirst(2)
                high = next
            }
            if high < low { throw fault(text, "has a range that ends before it begins") }
            ranges.append(low...high)
        }
        throw fault(text, "has a bracket that is not closed")
    }

    // MARK: - Matching

    public func matches(_ pathname: Pathname) -> Bool {
        alternatives.contains { tokens in Self.states(tokens, pathname.string).contains(tokens.count) }
    }

    /// Whether something below a directory can match.
    public func canMatch(below directory: Pathname) -> Bool {
        let start = directory.isRoot ? "/" : directory.string + "/"
        return alternatives.contains { !Self.states($0, start).isEmpty }
    }

    /// Whether everything below a directory matches.
    public func matchesAll(below directory: Pathname) -> Bool {
        let start = directory.isRoot ? "/" : directory.string + "/"
        return alternatives.contains { tokens in
            tokens.last == .across && Self.states(tokens, start).contains(tokens.count)
        }
    }

    /// How far the tokens can have got at the end of a text.
    private static func states(_ tokens: [Token], _ text: String) -> Set<Int> {
        var states = closure([0], tokens)
        for scalar in text.unicodeScalars {
            var next: Set<Int> = []
            for state in states where state < tokens.count {
                switch tokens[state] {
                case .scalar(let wanted): if scalar == wanted { next.insert(state + 1) }
                case .one: if scalar != "/" { next.insert(state + 1) }
                case .within: if scalar != "/" { next.insert(state) }
                case .across: next.insert(state)
                case .set(let ranges, let isInverted):
                    let isIn = ranges.contains { $0.contains(scalar) }
                    if scalar != "/", isIn != isInverted { next.insert(state + 1) }
                }
            }
            states = closure(next, tokens)
            if states.isEmpty { break }
        }
        return states
    }

    /// With what is reached without a character: a star may stand for nothing.
    private static func closure(_ states: Set<Int>, _ tokens: [Token]) -> Set<Int> {
        var all = states
        for state in states {
            var next = state
            while next < tokens.count, tokens[next] == .within || tokens[next] == .across {
                next += 1
                all.insert(next)
            }
        }
        return all
    }
}
