import Foundation

/// docs/billing.md, whose bills are tests.
public enum BillingDocument {
    /// The cells of each line below `heading`, to the next one.
    public static func lines(below heading: String) -> [[String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/billing.md")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let rest = text.components(separatedBy: heading).last ?? ""
        let section = rest.components(separatedBy: "\n#").first ?? ""
        return section.split(separator: "\n").map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }
}
