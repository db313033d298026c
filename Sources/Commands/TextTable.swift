/// A table for a terminal: columns as wide as they need to be, two blanks apart.
struct TextTable: Sendable {
    enum Alignment: Sendable { case left, right }

    private let alignments: [Alignment]
    private var rows: [[String]]

    init(_ columns: (title: String, alignment: Alignment)...) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.title)]
    }

    /// Adds a row of as many cells as there are columns.
    mutating func add(_ cells: String...) {
        precondition(cells.count == alignments.count, "a row must have a cell for each column")
        rows.append(cells.map(\.printable))
    }

    /// The lines, the titles first, each with its end.
    var text: String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? "" : "  "
                line += alignments[column] == .left ? cell + padding : padding + cell
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
